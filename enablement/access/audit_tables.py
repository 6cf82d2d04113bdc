"""The decision log and the role audit as tables, for files: a heading, then a row each."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from enablement.access import decision_log, role_audit
from enablement.ledger.canonical import moment


def decision_rows(wanted: decision_log.Wanted) -> Iterator[list[object]]:
    said = (
        "action",
        "region",
        "prompt",
        "workflow_id",
        "confidence",
        "model",
        "model_version",
        "required",
        "unmet",
        "request_id",
    )
    yield [
        _("When (UTC)"),
        _("Person"),
        _("E-mail"),
        _("Tool"),
        _("Outcome"),
        _("Reason"),
        *said,
        _("Approved by"),
        _("Asked by"),
        _("Reported outcome"),
        _("Minutes claimed"),
        _("Reported (UTC)"),
        _("Policy revision"),
        _("Ledger entry"),
        _("Place in the ledger"),
    ]
    for line in decision_log.everything(wanted):
        yield [
            moment(line.record.at),
            line.who,
            line.person.email if line.person else "",
            line.record.microtool,
            line.record.outcome,
            line.record.reason,
            *(_plain(line.said.get(name, "")) for name in said),
            "; ".join(line.approvers),
            line.token,
            line.report.outcome if line.report else "",
            "" if line.report is None or line.report.minutes_claimed is None else line.report.minutes_claimed,
            moment(line.report.reported_at) if line.report else "",
            (line.entry.policy_revision if line.entry else None) or "",
            line.record.entry,
            line.record.position,
        ]


def role_rows(found: role_audit.Audit) -> Iterator[list[object]]:
    """Everything, closed tools too: the column says which."""
    yield [
        _("Moment (UTC)"),
        _("Person"),
        _("E-mail"),
        _("Roles then"),
        _("Tool"),
        _("Open"),
        _("State"),
        _("Since (UTC)"),
        _("Because of"),
        _("Done by"),
        _("Reason given"),
        _("Proof"),
        _("Policy revision"),
        _("Ledger entry"),
    ]
    for why in role_audit.explain(found.rows, at=found.at):
        yield [
            moment(found.at),
            why.row.name,
            why.row.email,
            "; ".join(why.roles),
            why.row.microtool,
            _("yes") if why.row.open else _("no"),
            why.row.state_label,
            moment(why.row.since),
            why.cause,
            why.actor,
            why.reason,
            "; ".join(why.proof),
            why.policy_revision or "",
            why.row.entry,
        ]


def _plain(value: object) -> object:
    return "; ".join(map(str, value)) if isinstance(value, list) else value
