"""Reads of the decision log: a page, everything for a file, one decision."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from enablement.access.api.serializers import REASONS
from enablement.access.models import ApprovalStep, DecisionLogMark, DecisionRecord, Microtool, OutcomeReport
from enablement.ledger.canonical import moment
from enablement.ledger.models import LedgerEntry, LedgerLink
from enablement.people.models import ApiToken, User

PAGE_SIZE = 25
CHUNK = 2_000
OUTCOMES = {
    "allow": (_lazy("Allowed"), "met"),
    "deny": (_lazy("Denied"), "not-met"),
    "approval_required": (_lazy("Needs approval"), "waiting"),
    "review_required": (_lazy("Needs a review"), "waiting"),
}
#: What is shown of an entry that cannot be read any more.
ALTERED = (_lazy("Altered: cannot be read"), "not-met")

Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is looked for. `people` None: whoever it was. `since` is included, `until` is not."""

    people: frozenset[UUID] | None = None
    microtool: str = ""
    outcome: str = ""
    reason: str = ""
    reported: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def recorded(self) -> dict[str, Any]:
        """For the record of who read what."""
        return {
            "people": sorted(map(str, self.people)) if self.people is not None else [],
            "microtool": self.microtool,
            "outcome": self.outcome,
            "reason": self.reason,
            "reported": self.reported,
            "since": moment(self.since) if self.since else "",
            "until": moment(self.until) if self.until else "",
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One decision as its entry has it. `said` is the entry's payload, empty where it was altered.

    report: what became of it, by the latest report.
    """

    record: DecisionRecord
    entry: LedgerEntry | None
    person: User | None
    tool: str
    token: str
    approvers: Sequence[str]
    said: dict[str, Any] = field(default_factory=dict)
    report: OutcomeReport | None = None

    @property
    def outcome(self) -> str:
        return str(OUTCOMES.get(self.record.outcome, ALTERED)[0])

    @property
    def tone(self) -> str:
        return OUTCOMES.get(self.record.outcome, ALTERED)[1]

    @property
    def reason(self) -> str:
        return str(REASONS.get(self.record.reason, self.record.reason))

    @property
    def who(self) -> str:
        if self.person is not None:
            return self.person.name
        return _("Somebody unknown here") if self.record.person is None else str(self.record.person)

    @property
    def model(self) -> str:
        """With its version, as the caller said."""
        return " ".join(filter(None, (self.said.get("model"), self.said.get("model_version"))))

    @property
    def circumstances(self) -> str:
        """In one line, what the caller said: action, region, prompt, confidence, model."""
        named = (
            (_("confidence %s"), self.said.get("confidence")),
            (_("prompt %s"), self.said.get("prompt")),
            (_("workflow %s"), self.said.get("workflow_id")),
        )
        parts = [self.said.get("action"), self.said.get("region"), self.model]
        return " · ".join(filter(None, [*parts, *(words % value for words, value in named if value)]))

    @property
    def fields(self) -> list[tuple[str, str]]:
        """All that the entry says, by name, for a person to read."""
        return [(name, _readable(value)) for name, value in sorted(self.said.items())]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """`older`: where the next page begins, or None."""

    lines: Sequence[Line]
    older: Cursor | None


def complete_until() -> datetime | None:
    """Every decision recorded up to this moment can be found; None where there is none yet."""
    mark = DecisionLogMark.objects.filter(pk=DecisionLogMark.SINGLETON).first()
    return mark.recorded_at if mark else None


def behind() -> int:
    """How many links of the chain are not searched yet."""
    head = LedgerLink.objects.aggregate(head=Max("position"))["head"] or 0
    mark = DecisionLogMark.objects.filter(pk=DecisionLogMark.SINGLETON).first()
    return int(head - (mark.position if mark else 0))


def search(wanted: Wanted) -> QuerySet[DecisionRecord]:
    """The newest first."""
    exact = {name: getattr(wanted, name) for name in ("microtool", "outcome", "reason")}
    found = DecisionRecord.objects.filter(**{name: value for name, value in exact.items() if value})
    if wanted.reported:
        # The first condition is that of the index.
        found = found.filter(reported__gt="", reported=wanted.reported)
    if wanted.people is not None:
        found = found.filter(person__in=wanted.people)
    if wanted.since:
        found = found.filter(at__gte=wanted.since)
    if wanted.until:
        found = found.filter(at__lt=wanted.until)
    return found.newest_first()


def page(wanted: Wanted, *, before: Cursor | None = None, size: int = PAGE_SIZE) -> Page:
    """Seven queries, whatever is looked for and however far back."""
    found = list(_before(search(wanted), before)[: size + 1])
    more = len(found) > size
    shown = found[:size]
    return Page(lines=lines(shown), older=(shown[-1].at, shown[-1].position) if more else None)


def everything(wanted: Wanted) -> Iterator[Line]:
    """All of it, a chunk at a time; the same queries for each chunk."""
    before: Cursor | None = None
    while True:
        found = page(wanted, before=before, size=CHUNK)
        yield from found.lines
        if found.older is None:
            return
        before = found.older


def _before(found: QuerySet[DecisionRecord], cursor: Cursor | None) -> QuerySet[DecisionRecord]:
    if cursor is None:
        return found
    at, position = cursor
    # The first condition is what an index can start from.
    return found.filter(Q(at__lte=at), Q(at__lt=at) | Q(position__lt=position))


def lines(records: Sequence[DecisionRecord]) -> list[Line]:
    """With people, tools, tokens and approvers by name, and what became of it, in six queries."""
    entries = LedgerEntry.objects.in_bulk([record.entry for record in records])
    said = {record.entry: _said(entries.get(record.entry)) for record in records}
    people = User.objects.in_bulk([record.person for record in records if record.person])
    tools = dict(Microtool.objects.values_list("key", "title"))
    tokens = _tokens({str(one.get("token", "")) for one in said.values()})
    approvers = _approvers({str(pk) for one in said.values() for pk in one.get("approvals_used", ())})
    reports = {
        report.decision: report for report in OutcomeReport.objects.uncorrected().filter(decision__in=said)
    }
    return [
        Line(
            record=record,
            entry=entries.get(record.entry),
            person=people.get(record.person) if record.person else None,
            tool=tools.get(record.microtool, record.microtool) or _("A tool unknown here"),
            token=tokens.get(said[record.entry].get("token", ""), _label(entries.get(record.entry))),
            approvers=[
                name for pk in said[record.entry].get("approvals_used", ()) for name in approvers.get(pk, ())
            ],
            said=said[record.entry],
            report=reports.get(record.entry),
        )
        for record in records
    ]


def _readable(value: object) -> str:
    match value:
        case dict():
            return ", ".join(f"{name}: {_readable(of)}" for name, of in value.items())
        case list():
            return ", ".join(map(_readable, value))
        case None | "":
            return ""
        case bool():
            return _("yes") if value else _("no")
    return str(value)


def _said(entry: LedgerEntry | None) -> dict[str, Any]:
    try:
        said = json.loads(entry.payload) if entry else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _label(entry: LedgerEntry | None) -> str:
    return entry.actor_label if entry else ""


def _tokens(ids: set[str]) -> dict[str, str]:
    rows = ApiToken.objects.filter(pk__in=_uuids(ids)).values_list("pk", "name")
    return {str(pk): name for pk, name in rows}


def _approvers(ids: set[str]) -> dict[str, list[str]]:
    """Who decided each request, by its id."""
    names: dict[str, list[str]] = {}
    decided = ApprovalStep.objects.filter(request__in=_uuids(ids)).exclude(decided_by=None)
    for request, name in decided.order_by("request", "number").values_list("request", "decided_by__name"):
        names.setdefault(str(request), []).append(name)
    return names


def _uuids(texts: set[str]) -> list[UUID]:
    """Those that are; an entry that was altered may hold anything."""
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(UUID(text))
    return found
