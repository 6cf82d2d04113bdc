"""A pool as who answers for it sees it: agreement, the tool itself, its cases, what waits, its versions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from assessments.models import Route, ShadowLook, ShadowPool, ShadowSample, ShadowVersion
from assessments.pool_specs import MIN_CASES
from assessments.selectors.disputes import Dispute, disputes
from assessments.selectors.fitness import Fitness, fitness
from assessments.selectors.judgements import Awaited, awaited_of, with_due
from assessments.selectors.judges import InterRater, inter_rater
from assessments.selectors.shadow import ShadowStanding, latest_looks, shadow_standings
from assessments.services.agreement import Agreement, confusion, measure
from assessments.services.shadow.judges import FEWEST_JUDGES, judges_of
from tracks.models import Enrolment
from tracks.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class LearnerRow:
    """A learner's agreement as of their latest look. known, right: in it, cases whose answer is known."""

    learner: Person
    standing: ShadowStanding
    look: ShadowLook | None
    known: int
    right: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseCounts:
    """The live cases. known: whose answer is known beforehand; double: judged by two."""

    live: int
    settled: int
    dropped: int
    known: int
    double: int

    @property
    def usable(self) -> int:
        """Cases that can still count for somebody."""
        return self.live - self.dropped

    @property
    def too_few(self) -> bool:
        return self.usable < MIN_CASES

    @property
    def open(self) -> int:
        return self.live - self.settled - self.dropped


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueAge:
    """What the judges together still owe: cases that learners wait for, by age."""

    awaited: Sequence[Awaited]
    untouched: int

    @property
    def overdue(self) -> int:
        return sum(each.overdue for each in self.awaited)

    @property
    def oldest(self) -> Awaited | None:
        return self.awaited[0] if self.awaited else None


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolAgreement:
    """agreement: over all scored samples, None before the first.

    decisions: rows are the learners' answers, columns the settled ones. usability: the same, usable first.
    """

    pool: ShadowPool
    agreement: Agreement | None
    decisions: list[list[int]]
    usability: list[list[int]]
    learners: Sequence[LearnerRow]
    fitness: Fitness
    cases: CaseCounts
    queue: QueueAge
    raters: InterRater
    judges: Sequence[Person]
    disputes: Sequence[Dispute]
    versions: Sequence[ShadowVersion]

    @property
    def needs_judges(self) -> bool:
        return len(self.judges) < FEWEST_JUDGES


def pool_agreement(pool: ShadowPool, *, viewer: Person, at: datetime) -> PoolAgreement:
    """A constant number of queries, for any number of learners and cases."""
    answers = ("decision", "usable", "case__settled_decision", "case__settled_usable")
    scored = ShadowSample.objects.scored().filter(pool=pool).order_by()
    rows = list(
        scored.values_list(
            *answers, "critical", "case__yellow_zone", "case__ground_truth", "learner", "scored_number"
        )
    )
    pairs = [((row[0], row[1]), (row[2], row[3])) for row in rows]
    known = [(row[7], row[8], row[0:2] == row[2:4]) for row in rows if row[6]]
    judges = list(judges_of(pool))
    return PoolAgreement(
        pool=pool,
        agreement=_measure(pairs, critical=sum(r[4] for r in rows), yellow=sum(r[5] for r in rows)),
        decisions=confusion([(row[0], row[2]) for row in rows], answers=Route.values),
        usability=confusion([(row[1], row[3]) for row in rows], answers=[True, False]),
        learners=_learners(pool, known, at),
        fitness=fitness(pool),
        cases=_case_counts(pool),
        queue=_queue(pool, at),
        raters=inter_rater(pool=pool, judges=judges),
        judges=judges,
        disputes=disputes(pool=pool, judges=judges, viewer=viewer),
        versions=list(ShadowVersion.objects.filter(pool=pool).select_related("material_by")),
    )


def _measure(pairs: list[tuple[Any, Any]], *, critical: int, yellow: int) -> Agreement | None:
    return measure(pairs, critical=critical, yellow=yellow) if pairs else None


def _case_counts(pool: ShadowPool) -> CaseCounts:
    counts = pool.cases.live().aggregate(
        live=Count("pk"),
        settled=Count("pk", filter=Q(settled_at__isnull=False)),
        dropped=Count("pk", filter=Q(dropped_at__isnull=False)),
        known=Count("pk", filter=Q(ground_truth=True)),
        double=Count("pk", filter=Q(double=True)),
    )
    return CaseCounts(**counts)


def _queue(pool: ShadowPool, at: datetime) -> QueueAge:
    cases = [with_due(case, at=at) for case in awaited_of(pool)]
    awaited = [each for each in cases if each.due_at is not None]
    return QueueAge(awaited=awaited, untouched=len(cases) - len(awaited))


def _learners(pool: ShadowPool, known: Sequence[tuple[UUID, int, bool]], at: datetime) -> list[LearnerRow]:
    """Everyone who has drawn a case, by name. known: (learner, number of the sample, right)."""
    drawn = ShadowSample.objects.filter(pool=pool).values("enrolment")
    enrolments = Enrolment.objects.filter(pk__in=drawn).select_related("user").order_by("user__name")
    people = {enrolment.user_id: enrolment.user for enrolment in enrolments}
    standings = shadow_standings(user_ids=people.keys(), pool=pool, at=at)
    looks = latest_looks(pool=pool, user_ids=people.keys())
    asked, right = _known_in(looks, known)
    return [
        LearnerRow(
            learner=person, standing=standings[pk], look=looks.get(pk), known=asked[pk], right=right[pk]
        )
        for pk, person in people.items()
    ]


def _known_in(
    looks: Mapping[UUID, ShadowLook], known: Sequence[tuple[UUID, int, bool]]
) -> tuple[Counter[UUID], Counter[UUID]]:
    """Up to each one's latest look only: in between nothing is worked out."""
    seen = [
        (learner, was_right)
        for learner, number, was_right in known
        if learner in looks and number <= looks[learner].scored
    ]
    return Counter(learner for learner, _right in seen), Counter(learner for learner, ok in seen if ok)
