"""Reads of judges: what to judge next and by when, and what they have judged."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery

from assessments import rules
from assessments.models import CaseJudgement, ShadowCase, ShadowPool, ShadowSample
from tracks.people import Person

#: By when a case that a learner waits for should have been judged.
JUDGE_WORKING_DAYS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Awaited:
    """A case in a judge's queue. due_at: None where no learner has answered it; overdue: past that."""

    case: ShadowCase
    due_at: datetime | None
    overdue: bool


def judgement_queue(*, judge: Person) -> QuerySet[ShadowCase]:
    """What this person may judge now: first what they began, then by age, what nobody waits for last.

    What is retired, by itself or with its pool, is there only for learners who had it before. Nothing says
    what is right, how many others judge a case, or whether its answer is known: all look the same. `waiting`
    counts the learners who have answered it, `since` is when the first of them did, in whose `zone` working
    days are counted; `begun` is whether this judge has decided it already.
    """
    own = CaseJudgement.objects.filter(case=OuterRef("pk"), judge=judge)
    return (
        _awaited(ShadowCase.objects.blind().judgeable_by(judge))
        .exclude(Exists(own.filter(judged_at__isnull=False)))
        .annotate(begun=Exists(own))
        .select_related("pool")
        .order_by("-begun", F("since").asc(nulls_last=True), "added_at", "pool", "key")
    )


def with_due(case: ShadowCase, *, at: datetime) -> Awaited:
    """case: with `since` and `zone`, as the queue has it."""
    due_at = due_of(since=getattr(case, "since", None), zone=getattr(case, "zone", None))
    return Awaited(case=case, due_at=due_at, overdue=due_at is not None and at > due_at)


def due_of(*, since: datetime | None, zone: str | None) -> datetime | None:
    """Two working days after the first learner's answer, by the calendar of that learner's cohort."""
    if since is None:
        return None
    return rules.working_days_after(since, days=JUDGE_WORKING_DAYS, zone=zone or "UTC")


def awaited_of(pool: ShadowPool) -> QuerySet[ShadowCase]:
    """What the judges of a pool, all together, still have to settle, by age."""
    judged = CaseJudgement.objects.filter(case=OuterRef("pk"), judged_at__isnull=False)
    cases = ShadowCase.objects.filter(Q(ground_truth=False) | ~Exists(judged), pool=pool)
    return _awaited(cases).order_by(F("since").asc(nulls_last=True), "added_at", "key")


def _awaited(cases: QuerySet[ShadowCase]) -> QuerySet[ShadowCase]:
    judged = CaseJudgement.objects.filter(case=OuterRef("pk"), judged_at__isnull=False)
    # A known answer stays in every judge's queue. Whoever came after its first judge was scored at once and
    # does not wait, or such a case would gather more and more people and stand out.
    answered = Q(samples__judged_at__isnull=False) & (
        Q(ground_truth=False) | Q(first_judged=None) | Q(samples__judged_at__lte=F("first_judged"))
    )
    first = ShadowSample.objects.judged().filter(case=OuterRef("pk")).order_by("judged_at", "pk")
    unscored = ShadowSample.objects.filter(case=OuterRef("pk"), scored_at=None, dropped_at=None)
    return (
        ShadowCase.objects.filter(pk__in=cases.values("pk"))
        .blind()
        .awaited()
        .filter(Q(retired_at=None, pool__retired_at=None) | Exists(unscored))
        .annotate(first_judged=Subquery(judged.order_by("judged_at").values("judged_at")[:1]))
        .annotate(
            waiting=Count("samples", filter=answered),
            since=Min("samples__judged_at", filter=answered),
            zone=Subquery(first.values("enrolment__cohort__timezone")[:1]),
        )
    )


def judged_by(judge: Person) -> QuerySet[CaseJudgement]:
    """What this person has judged, the latest first: their own answers, nobody else's."""
    judgements = CaseJudgement.objects.filter(judge=judge, judged_at__isnull=False)
    return judgements.select_related("case__pool").order_by("-judged_at", "-pk")
