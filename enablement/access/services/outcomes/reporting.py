"""Keeping a report: once however often it is sent; a later one corrects, and both stay."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from enablement.access.models import Microtool, OutcomeReport
from enablement.access.services.outcomes.suspending import suspend_for_rework
from enablement.access.signals import outcome_reported
from enablement.jobs.services import enqueue
from enablement.ledger.models import LedgerEntry
from enablement.people.models import ApiToken, User
from tracks.errors import Refused
from tracks.facts import Fact

DECIDED, ALLOW = "access.decided", "allow"
#: The subject of an entry about a decision is that decision's own entry.
SUBJECT = "access.decision"


class UnknownDecision(LookupError):
    """No decision of this id, or none that the token reaches: the caller cannot tell which."""


class ReportReused(Refused):
    def __init__(self) -> None:
        message = _("This id or key came with another report; use a new one.")
        super().__init__("report_reused", message)


class NoOutcome(Refused):
    def __init__(self) -> None:
        message = _(
            "The decision did not let the tool be used, so there is no outcome; if it was used all the same, "
            "report an incident."
        )
        super().__init__("nothing_was_allowed", message)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A report as it was sent. id, key: what tells it again; without either, saying the same again adds
    nothing.
    """

    outcome: str
    minutes: int | None = None
    id: UUID | None = None
    key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Decided:
    """A decision, as its entry has it."""

    id: UUID
    at: datetime
    outcome: str
    region: str
    token: str
    microtool: str
    person: UUID | None

    @classmethod
    def of(cls, entry: LedgerEntry) -> Self:
        """Raises UnknownDecision for an entry that was altered beyond reading."""
        try:
            said = json.loads(entry.payload)
            person = UUID(said["user"]) if said["user"] else None
            values: dict[str, Any] = {
                name: said[name] for name in ("outcome", "region", "token", "microtool")
            }
        except (ValueError, KeyError, TypeError) as error:
            raise UnknownDecision from error
        return cls(id=entry.pk, at=entry.at, person=person, **values)


@transaction.atomic
def report_outcome(
    *, decision: UUID, said: Said, token: ApiToken, at: datetime
) -> tuple[OutcomeReport, bool]:
    """The report, and whether it is new. It may suspend the person's grant, in this transaction.

    Raises UnknownDecision, ReportReused, NoOutcome.
    """
    from enablement.access.tasks import mail_incident

    found = _decided(decision, token)
    repeated = _repeated(found, said, token)
    if repeated is not None:
        return repeated, False
    if found.outcome != ALLOW and said.outcome != OutcomeReport.Outcome.INCIDENT:
        raise NoOutcome
    before = OutcomeReport.objects.uncorrected().filter(decision=found.id).first()
    if before is not None and not said.id and not said.key and _same(before, said):
        return before, False
    made = _keep(found, said, token, before=before, at=at)
    _announce(made, found, before, at=at)
    suspend_for_rework(report=made, at=at)
    if made.outcome == OutcomeReport.Outcome.INCIDENT:
        enqueue(task=mail_incident, args={"report_id": str(made.pk)}, at=at)
    return made, True


def _decided(decision: UUID, token: ApiToken) -> _Decided:
    """The decision, locked: of two reports at once the later one corrects the earlier one."""
    entry = LedgerEntry.objects.select_for_update(no_key=True).filter(pk=decision, kind=DECIDED).first()
    if entry is None:
        raise UnknownDecision
    found = _Decided.of(entry)
    if not _reaches(token, found):
        raise UnknownDecision
    return found


def _reaches(token: ApiToken, found: _Decided) -> bool:
    """Who may not ask about a tool or a region hears nothing of what was decided there.

    A call that named no region may have been in any that the token which asked reaches.
    """
    if token.microtools and found.microtool not in token.microtools:
        return False
    if not token.regions:
        return True
    regions = {found.region} if found.region else _regions_of(found.token)
    return bool(regions) and regions <= set(token.regions)


def _regions_of(token: str) -> set[str]:
    """None where it reaches every region, or is a person's own session."""
    asked = ApiToken.objects.filter(pk=UUID(token)).first() if token else None
    return set(asked.regions) if asked else set()


def _repeated(found: _Decided, said: Said, token: ApiToken) -> OutcomeReport | None:
    wanted = Q()
    if said.id:
        wanted |= Q(pk=said.id)
    if said.key:
        wanted |= Q(decision=found.id, token=token, key=said.key)
    rows = list(OutcomeReport.objects.filter(wanted)) if wanted else []
    if not rows:
        return None
    [row, *more] = rows
    # A key with another id is another report; an id is the same with or without its key.
    other_key = bool(said.key and row.key != said.key) or bool(said.id and row.pk != said.id)
    if more or other_key or row.decision != found.id or row.token_id != token.pk or not _same(row, said):
        raise ReportReused
    return row


def _same(row: OutcomeReport, said: Said) -> bool:
    return (row.outcome, row.minutes_claimed) == (said.outcome, said.minutes)


def _keep(
    found: _Decided, said: Said, token: ApiToken, *, before: OutcomeReport | None, at: datetime
) -> OutcomeReport:
    if before is not None:
        before.corrected_at = at
        before.save(update_fields=["corrected_at"])
    return OutcomeReport.objects.create(
        id=said.id or uuid4(),
        decision=found.id,
        number=before.number + 1 if before else 1,
        outcome=said.outcome,
        minutes_claimed=said.minutes,
        person=User.objects.filter(pk=found.person).first() if found.person else None,
        microtool=Microtool.objects.filter(key=found.microtool).first(),
        decided_at=found.at,
        token=token,
        key=said.key,
        reported_at=at,
    )


def _announce(made: OutcomeReport, found: _Decided, before: OutcomeReport | None, *, at: datetime) -> None:
    fact = Fact(
        kind="access.outcome_reported",
        subject=(SUBJECT, str(found.id)),
        at=at,
        actor_id=None,
        program=f"token {made.token.name}",
        learner_id=found.person,
        payload={
            "report": str(made.pk),
            "number": made.number,
            "outcome": made.outcome,
            "corrects": before.outcome if before else "",
            "minutes_claimed": made.minutes_claimed,
            "microtool": found.microtool,
            "region": found.region,
            "token": str(made.token_id),
        },
    )
    outcome_reported.send(sender=OutcomeReport, facts=[fact])
