"""Quality assurance in the demo: most of the pool is judged, the rest waits for whoever tries it."""

import random
from collections.abc import Collection, Sequence

from django.db import transaction

from assessments.models import Route, ShadowCase, ShadowPool
from assessments.services import shadow
from enablement.demo.learning import Clock
from enablement.people.models import User

LEFT_TO_JUDGE = 24
#: On so many cases the two judges differ, so that a third one is asked.
DISPUTED = 2
_NEIGHBOUR = {
    Route.AUTOMATE: Route.REVIEW,
    Route.REVIEW: Route.AVOID,
    Route.AVOID: Route.ESCALATE,
    Route.ESCALATE: Route.AVOID,
}


def judge(
    *,
    pool: ShadowPool,
    judges: Sequence[User],
    leave: Collection[ShadowCase],
    clock: Clock,
    chance: random.Random,
) -> None:
    """The first judge sees every case but the last few, the second those that two people judge.

    leave: cases that nobody gets to. On two cases they differ; on one known answer the second is wrong.
    """
    first, second = judges
    cases = list(pool.cases.live().order_by("key"))
    chance.shuffle(cases)
    judged = [case for case in cases[:-LEFT_TO_JUDGE] if case not in leave]
    disputed = [case for case in judged if case.double][:DISPUTED]
    known = [case for case in judged if case.ground_truth]
    for case in judged:
        # One case, one transaction: workers of the same installation are not kept waiting.
        with transaction.atomic():
            _judge(case, first, clock)
            if case.double or case.ground_truth:
                _judge(case, second, clock, slip=case in disputed or case in known[:1])


def _judge(case: ShadowCase, judge: User, clock: Clock, *, slip: bool = False) -> None:
    decision = _NEIGHBOUR[Route(case.right_decision)] if slip else case.right_decision
    judgement = shadow.judge_decide(case=case, decision=decision, actor=judge, at=clock.step())
    shadow.judge_case_output(judgement=judgement, usable=case.right_usable, actor=judge, at=clock.step())
