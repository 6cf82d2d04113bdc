"""Cases on which two judges differ: who could be the third, and what the two said, to whom may know it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from assessments.models import CaseJudgement, ShadowCase, ShadowPool, ShadowSample
from tracks.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispute:
    """waiting_since: when the second judge was done. thirds: who may still judge it.

    judgements: empty for a viewer who may, who would not be blind any more.
    """

    case: ShadowCase
    waiting_since: datetime
    thirds: Sequence[Person]
    judgements: Sequence[CaseJudgement]

    @property
    def is_stuck(self) -> bool:
        """Nobody is left to be the third judge."""
        return not self.thirds


def disputed_cases(pool: ShadowPool) -> QuerySet[ShadowCase]:
    """Judged by two, unsettled: they gave different answers."""
    judged = Q(judgements__judged_at__isnull=False)
    cases = pool.cases.unsettled().filter(double=True)
    return cases.annotate(judged=Count("judgements", filter=judged)).filter(judged__gte=2)


def disputes(*, pool: ShadowPool, judges: Iterable[Person], viewer: Person) -> list[Dispute]:
    """The oldest first. Three queries."""
    cases = {case.pk: case for case in disputed_cases(pool)}
    given: dict[UUID, list[CaseJudgement]] = defaultdict(list)
    judgements = CaseJudgement.objects.filter(case__in=cases, judged_at__isnull=False)
    for judgement in judgements.select_related("judge").order_by("judged_at", "pk"):
        given[judgement.case_id].append(judgement)
    met: dict[UUID, set[UUID]] = defaultdict(set)
    learners = ShadowSample.objects.filter(case__in=cases, learner__in=[judge.pk for judge in judges])
    for case_id, learner_id in learners.values_list("case", "learner"):
        met[case_id].add(learner_id)
    found = [_dispute(case, given[pk], met[pk], judges, viewer) for pk, case in cases.items()]
    return sorted(found, key=lambda each: (each.waiting_since, each.case.key))


def _dispute(
    case: ShadowCase,
    given: Sequence[CaseJudgement],
    met: set[UUID],
    judges: Iterable[Person],
    viewer: Person,
) -> Dispute:
    excluded = {judgement.judge_id for judgement in given} | met | {case.imported_by_id}
    thirds = [judge for judge in judges if judge.pk not in excluded]
    return Dispute(
        case=case,
        waiting_since=max(each.judged_at for each in given if each.judged_at is not None),
        thirds=thirds,
        judgements=[] if viewer in thirds else given,
    )
