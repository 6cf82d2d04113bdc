"""Reads of quality assurance: what to judge next, and how a pool's agreement is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from assessments.models import CaseJudgement, Route, ShadowCase, ShadowLook, ShadowPool, ShadowSample
from assessments.selectors.shadow import ShadowStanding, latest_looks, shadow_standings
from assessments.services.agreement import Agreement, Interval, confusion, measure, wilson
from tracks.models import Enrolment
from tracks.people import Person


def judgement_queue(*, judge: Person) -> QuerySet[ShadowCase]:
    """What this person may judge now: first what they began, then what learners wait for, then the oldest.

    What is retired, by itself or with its pool, is there only for learners who had it before. Nothing says
    what is right, or how many others judge a case. `waiting` counts learners, `since` is when the first of
    them was done, `begun` is whether this judge has decided it already.
    """
    own = CaseJudgement.objects.filter(case=OuterRef("pk"), judge=judge)
    judged = Q(samples__judged_at__isnull=False, samples__scored_at=None)
    return (
        ShadowCase.objects.blind()
        .unsettled()
        .judgeable_by(judge)
        .filter(
            Q(retired_at=None, pool__retired_at=None)
            | Exists(ShadowSample.objects.filter(case=OuterRef("pk"), scored_at=None))
        )
        .exclude(Exists(own.filter(judged_at__isnull=False)))
        .annotate(
            begun=Exists(own),
            waiting=Count("samples", filter=judged),
            since=Min("samples__judged_at", filter=judged),
        )
        .select_related("pool")
        .order_by("-begun", F("since").asc(nulls_last=True), "added_at", "pool", "key")
    )


def judged_by(judge: Person) -> QuerySet[CaseJudgement]:
    """What this person has judged, the latest first: their own answers, nobody else's."""
    judgements = CaseJudgement.objects.filter(judge=judge, judged_at__isnull=False)
    return judgements.select_related("case__pool").order_by("-judged_at", "-pk")


@dataclass(frozen=True, kw_only=True, slots=True)
class LearnerRow:
    """A learner's agreement as of their latest look."""

    learner: Person
    standing: ShadowStanding
    look: ShadowLook | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitness:
    """The tool's own figure: settled cases of the pool's live cases, and how many outputs were usable."""

    settled: int
    usable: int
    interval: Interval | None


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
    cases: int
    settled: int
    dropped: int
    open: int


def pool_agreement(pool: ShadowPool) -> PoolAgreement:
    """Six queries, for any number of learners and cases."""
    answers = ("decision", "usable", "case__settled_decision", "case__settled_usable")
    scored = ShadowSample.objects.scored().filter(pool=pool).order_by()
    rows = list(scored.values_list(*answers, "critical", "case__yellow_zone"))
    pairs = [((row[0], row[1]), (row[2], row[3])) for row in rows]
    counts = _case_counts(pool)
    return PoolAgreement(
        pool=pool,
        agreement=_measure(pairs, critical=sum(r[4] for r in rows), yellow=sum(r[5] for r in rows)),
        decisions=confusion([(row[0], row[2]) for row in rows], answers=Route.values),
        usability=confusion([(row[1], row[3]) for row in rows], answers=[True, False]),
        learners=_learners(pool),
        fitness=_fitness(counts["settled"], counts["usable"]),
        cases=counts["cases"],
        settled=counts["settled"],
        dropped=counts["dropped"],
        open=counts["cases"] - counts["settled"] - counts["dropped"],
    )


def _measure(pairs: list[tuple[Any, Any]], *, critical: int, yellow: int) -> Agreement | None:
    return measure(pairs, critical=critical, yellow=yellow) if pairs else None


def _case_counts(pool: ShadowPool) -> dict[str, int]:
    """Of the live cases: these carry the present version of the tool."""
    return pool.cases.live().aggregate(
        cases=Count("pk"),
        settled=Count("pk", filter=Q(settled_at__isnull=False)),
        usable=Count("pk", filter=Q(settled_usable=True)),
        dropped=Count("pk", filter=Q(dropped_at__isnull=False)),
    )


def _fitness(settled: int, usable: int) -> Fitness:
    interval = wilson(successes=usable, n=settled) if settled else None
    return Fitness(settled=settled, usable=usable, interval=interval)


def _learners(pool: ShadowPool) -> list[LearnerRow]:
    """Everyone who has drawn a case, by name."""
    drawn = ShadowSample.objects.filter(pool=pool).values("enrolment")
    enrolments = Enrolment.objects.filter(pk__in=drawn).select_related("user").order_by("user__name")
    people = {enrolment.user_id: enrolment.user for enrolment in enrolments}
    standings = shadow_standings(user_ids=people.keys(), pool=pool)
    looks = latest_looks(pool=pool, user_ids=people.keys())
    return [
        LearnerRow(learner=person, standing=standings[pk], look=looks.get(pk))
        for pk, person in people.items()
    ]
