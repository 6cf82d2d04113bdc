"""What belongs into a pack: which decisions, which other entries, which rows beside them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from enablement.access import decision_log
from enablement.access.models import (
    ApprovalRequest,
    DecisionRecord,
    EmergencyAccess,
    Grant,
    GrantHold,
    OutcomeReport,
    Ruling,
    Stop,
    Waiver,
)
from enablement.access.services.outcomes.reporting import SUBJECT as OF_DECISIONS
from enablement.certificates.models import Certificate
from enablement.ledger.models import LedgerEntry, LedgerLink, PolicyRevision
from enablement.ledger.selectors import revision_at
from enablement.reports.models import EvidencePack

#: Ids in one question to the database.
CHUNK = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Matter:
    """A pack's rows. `positions`: the places of its ledger entries in the chain, in order.

    reports: what became of its decisions, corrected ones too, whenever they came.
    """

    pack: EvidencePack
    wanted: decision_log.Wanted
    decisions: int
    outcomes: Sequence[tuple[str, str, int]]
    reports: Sequence[OutcomeReport]
    approvals: Sequence[ApprovalRequest]
    certificates: Sequence[Certificate]
    rulings: Sequence[Ruling]
    revisions: Sequence[PolicyRevision]
    positions: Sequence[int]


def collect(pack: EvidencePack) -> Matter:
    wanted = wanted_of(pack)
    found = decision_log.search(wanted)
    approvals = _approvals(pack, wanted.people)
    certificates = _certificates(pack, wanted.people)
    rulings = list(
        Ruling.objects.filter(
            Q(effective_until=None) | Q(effective_until__gt=pack.since), effective_from__lt=pack.until
        ).select_related("role")
    )
    revisions = _revisions(pack)
    reports = _reports(found)
    grants = _grants(pack, wanted.people)
    holds = GrantHold.objects.filter(grant__in=grants).values_list("pk", flat=True)
    others = [
        *_about(OF_DECISIONS, {report.decision for report in reports}, until=None),
        *_about("access.grant", grants, until=pack.until),
        *_about("access.GrantHold", holds, until=pack.until),
        *_about("access.ApprovalRequest", [one.pk for one in approvals], until=pack.until),
        *_about("certificates.Certificate", [one.pk for one in certificates], until=pack.until),
        *_about("access.Stop", Stop.objects.values_list("pk", flat=True), until=pack.until),
        *_about("access.Waiver", _waivers(pack, wanted.people), until=pack.until),
        *_about("access.EmergencyAccess", _emergencies(pack, wanted.people), until=pack.until),
        *_about("access.ruling", [one.pk for one in rulings], until=pack.until),
        *_about("ledger.policyrevision", [one.pk for one in revisions], until=pack.until),
        *_about("reports.EvidencePack", [pack.pk], until=None),
    ]
    decided = list(found.order_by().values_list("position", flat=True))
    return Matter(
        pack=pack,
        wanted=wanted,
        decisions=len(decided),
        outcomes=_outcomes(found),
        reports=reports,
        approvals=approvals,
        certificates=certificates,
        rulings=rulings,
        revisions=revisions,
        positions=sorted({*decided, *_positions(others)}),
    )


def wanted_of(pack: EvidencePack) -> decision_log.Wanted:
    people: frozenset[UUID] | None = None
    if pack.cohort is not None:
        people = frozenset(pack.cohort.enrolments.values_list("user_id", flat=True))
    elif pack.person is not None:
        people = frozenset([pack.person.pk])
    return decision_log.Wanted(
        people=people,
        microtool=pack.microtool.key if pack.microtool else "",
        since=pack.since,
        until=pack.until,
    )


def _outcomes(found: QuerySet[DecisionRecord]) -> list[tuple[str, str, int]]:
    counted = found.order_by().values_list("outcome", "reason").annotate(n=Count("pk"))
    return sorted(counted, key=lambda row: (-row[2], row[0], row[1]))


def _reports(found: QuerySet[DecisionRecord]) -> list[OutcomeReport]:
    decisions = list(found.filter(reported__gt="").order_by().values_list("entry", flat=True))
    reports: list[OutcomeReport] = []
    for start in range(0, len(decisions), CHUNK):
        of_these = OutcomeReport.objects.filter(decision__in=decisions[start : start + CHUNK])
        reports += of_these.select_related("token")
    return sorted(reports, key=lambda report: (report.decided_at, report.decision, report.number))


def _approvals(pack: EvidencePack, people: frozenset[UUID] | None) -> list[ApprovalRequest]:
    found = ApprovalRequest.objects.filter(requested_at__gte=pack.since, requested_at__lt=pack.until)
    if people is not None:
        found = found.filter(subject__in=people)
    if pack.microtool is not None:
        found = found.filter(microtool=pack.microtool)
    related = found.select_related("subject", "microtool", "token")
    return list(related.prefetch_related("steps__decided_by", "comments__author").order_by("requested_at"))


def _certificates(pack: EvidencePack, people: frozenset[UUID] | None) -> list[Certificate]:
    """Those that were issued by the end of the days: proof may be older than what rests on it."""
    found = Certificate.objects.filter(issued_at__lt=pack.until)
    if people is not None:
        found = found.filter(user__in=people)
    if pack.microtool is not None:
        found = found.filter(track=pack.microtool.track_id)
    return list(found.order_by("issued_at"))


def _grants(pack: EvidencePack, people: frozenset[UUID] | None) -> list[UUID]:
    found = Grant.objects.all()
    if people is not None:
        found = found.filter(user__in=people)
    if pack.microtool is not None:
        found = found.filter(microtool=pack.microtool)
    return list(found.values_list("pk", flat=True))


def _waivers(pack: EvidencePack, people: frozenset[UUID] | None) -> list[UUID]:
    found = Waiver.objects.filter(proposed_at__lt=pack.until)
    if people is not None:
        found = found.filter(user__in=people)
    return list(found.values_list("pk", flat=True))


def _emergencies(pack: EvidencePack, people: frozenset[UUID] | None) -> list[UUID]:
    found = EmergencyAccess.objects.filter(asked_at__lt=pack.until)
    if people is not None:
        found = found.filter(user__in=people)
    if pack.microtool is not None:
        found = found.filter(grant__microtool=pack.microtool)
    return list(found.values_list("pk", flat=True))


def _revisions(pack: EvidencePack) -> list[PolicyRevision]:
    """The playbooks that were in force at any moment of the days."""
    first = revision_at(pack.since)
    applied = Q(applied_at__gte=pack.since, applied_at__lt=pack.until)
    of_the_days = Q(pk=first.pk) | applied if first else applied
    return list(PolicyRevision.objects.filter(of_the_days).order_by("number"))


def _about(kind: str, ids: Iterable[object], *, until: datetime | None) -> list[UUID]:
    """The entries about these things, up to the end of the days: what was in force rests on the past."""
    texts, found = [str(pk) for pk in ids], list[UUID]()
    for start in range(0, len(texts), CHUNK):
        entries = LedgerEntry.objects.filter(subject_type=kind, subject_id__in=texts[start : start + CHUNK])
        if until is not None:
            entries = entries.filter(at__lt=until)
        found += entries.order_by().values_list("pk", flat=True)
    return found


def _positions(entries: Sequence[UUID]) -> list[int]:
    found: list[int] = []
    for start in range(0, len(entries), CHUNK):
        links = LedgerLink.objects.filter(entry__in=entries[start : start + CHUNK])
        found += links.order_by().values_list("position", flat=True)
    return found


def totals(matter: Matter) -> Counter[str]:
    """Decisions by outcome."""
    counted: Counter[str] = Counter()
    for outcome, _reason, n in matter.outcomes:
        counted[outcome] += n
    return counted
