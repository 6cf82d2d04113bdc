"""Quality assurance in the demo: most of the pool is judged, the rest waits for whoever tries it."""

import random
from collections.abc import Sequence

from django.db import transaction

from assessments.models import ShadowCase, ShadowPool
from assessments.services import shadow
from enablement.demo.learning import Clock
from enablement.people.models import User

LEFT_TO_JUDGE = 24


def judge(*, pool: ShadowPool, judges: Sequence[User], clock: Clock, chance: random.Random) -> None:
    """The first judge sees every case but the last few, the second those that two people judge."""
    first, second = judges
    cases = list(pool.cases.live().order_by("key"))
    chance.shuffle(cases)
    for case in cases[:-LEFT_TO_JUDGE]:
        # One case, one transaction: workers of the same installation are not kept waiting.
        with transaction.atomic():
            _judge(case, first, clock)
            if case.double:
                _judge(case, second, clock)


def _judge(case: ShadowCase, judge: User, clock: Clock) -> None:
    judgement = shadow.judge_decide(case=case, decision=case.right_decision, actor=judge, at=clock.step())
    shadow.judge_case_output(judgement=judgement, usable=case.right_usable, actor=judge, at=clock.step())
