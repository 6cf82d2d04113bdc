"""The summary of a pack, for people: what was asked, what was found, how to check it."""

from collections import Counter
from datetime import datetime
from pathlib import Path

from django.template.loader import render_to_string
from django.utils import timezone

from enablement.access.api.serializers import REASONS
from enablement.access.approvers import titles
from enablement.access.decision_log import ALTERED, OUTCOMES
from enablement.access.models import ApprovalRequest, OutcomeReport
from enablement.ledger.models import LedgerCheckpoint
from enablement.reports.evidence.collecting import Matter, totals
from tracks import pdf

STYLESHEET = Path(__file__).parents[1] / "print" / "report.css"
#: Certificates, approvals and rulings listed in the document; all of them are in the pack.
SHOWN = 30


def print_summary(matter: Matter, *, checkpoint: LedgerCheckpoint, at: datetime) -> bytes:
    """The times in it are UTC, and say so."""
    counted, title = totals(matter), titles()
    context = {
        "matter": matter,
        "pack": matter.pack,
        "at": at,
        "checkpoint": checkpoint,
        "allowed": counted["allow"],
        "denied": counted["deny"],
        "outcomes": [
            (OUTCOMES.get(outcome, ALTERED)[0], REASONS.get(reason, reason), n)
            for outcome, reason, n in matter.outcomes
        ],
        "became": became(matter),
        "approvals": [(one, _deciders(one)) for one in matter.approvals[:SHOWN]],
        "certificates": matter.certificates[:SHOWN],
        "rulings": [(one, [title(name) for name in one.approvers]) for one in matter.rulings[:SHOWN]],
        "lines": Counter(one.get_line_display() for one in matter.rulings).most_common(),
        "shown": SHOWN,
    }
    with timezone.override("UTC"):
        html = render_to_string("reports/evidence/summary.html", context)
    return pdf.render(html, stylesheet=STYLESHEET)


def became(matter: Matter) -> list[tuple[str, int]]:
    """What became of the decisions, by their latest reports; the rest was not reported."""
    counted = Counter(report.outcome for report in matter.reports if report.corrected_at is None)
    return [(str(outcome.label), counted[outcome]) for outcome in OutcomeReport.Outcome if counted[outcome]]


def _deciders(request: ApprovalRequest) -> list[str]:
    """Who has decided a step of it, in their order, once each."""
    return list(dict.fromkeys(str(step.decided_by) for step in request.steps.all() if step.decided_by))
