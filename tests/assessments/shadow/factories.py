"""Shadow mode for tests: small pools, learners and judges, and steps taken through the services."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import F

from assessments.models import Route, ShadowCase, ShadowPool
from assessments.pool_specs import CaseSpec, PoolSpec
from assessments.services import shadow
from tests.people.factories import UserFactory
from tests.tracks.factories import START, EnrolmentFactory, TrackFactory

AT = START
MINUTE = timedelta(minutes=1)
DECISIONS = {route.value: f"When to {route.value}." for route in Route}


def case_spec(number: int, **changes) -> CaseSpec:
    fields = {
        "key": f"TS-{number:03}",
        "category": ("billing", "access")[number % 2],
        "complexity": "low",
        "yellow_zone": number % 2 == 0,
        "channel": "email",
        "subject": f"Subject {number}",
        "body": f"Body {number}",
        "output": f"Output {number}",
        "confidence": Decimal("0.91"),
        "model_version": "summariser-1",
        "prompt_key": "triage_summarize",
        "decision": ("automate", "review", "avoid", "escalate")[number % 4],
        "usable": number % 3 == 0,
        "reason": f"Reason {number}",
    }
    return CaseSpec(**(fields | changes))


def case_specs(count: int, **changes) -> list[CaseSpec]:
    return [case_spec(number, **changes) for number in range(count)]


def pool_spec(**changes) -> PoolSpec:
    fields = {
        "key": "triage",
        "title": "Triage in shadow mode",
        "microtool_key": "triage_summarizer",
        "microtool_title": "Triage summariser",
        "decisions": DECISIONS,
        "instructions": "Decide first.",
        "tool_version": "1.4.0",
        "model_version": "summariser-1",
    }
    return PoolSpec(**(fields | changes))


def make_pool(
    *, cases=None, count=6, sample_size=4, track=None, judges=(), double=False, **changes
) -> ShadowPool:
    """A pool with two judges of its own. double: whether two judge each case; None: as the pool chooses."""
    pool, _change = shadow.put_pool(
        track=track or TrackFactory(),
        spec=pool_spec(sample_size=sample_size, **changes),
        cases=cases if cases is not None else case_specs(count),
        at=AT,
        judges=judges,
        minimum=0,
    )
    if double is not None:
        pool.cases.update(double=double)
    for _ in range(2):
        make_judge(pool)
    return pool


def make_judge(pool: ShadowPool | None = None):
    judge = UserFactory(perms=["assessments.judge_cases"])
    if pool is not None:
        shadow.appoint_judge(pool=pool, user=judge, actor=None, at=AT)
    return judge


def make_owner(pool: ShadowPool):
    """Who answers for a pool: judges it too."""
    owner = UserFactory(
        perms=["assessments.judge_cases", "assessments.own_pools", "assessments.declare_material"]
    )
    shadow.appoint_judge(pool=pool, user=owner, actor=None, at=AT)
    return owner


def make_learner(pool: ShadowPool):
    return EnrolmentFactory(cohort__track=pool.track).user


def answer(pool, learner, *, answers=None, at=AT):
    """Draw a case and give both answers: those of its author, or `answers(case)`."""
    sample = shadow.draw(pool=pool, actor=learner, at=at)
    case = sample.case
    decision, usable = answers(case) if answers else (case.right_decision, case.right_usable)
    shadow.decide(sample=sample, decision=decision, actor=learner, at=at)
    return shadow.judge_output(sample=sample, usable=usable, actor=learner, at=at)


def judge(case: ShadowCase, judged_by, *, decision=None, usable=None, at=AT):
    """Both of a judge's answers: the author's, or others."""
    judgement = shadow.judge_decide(
        case=case, decision=decision or case.right_decision, actor=judged_by, at=at
    )
    return shadow.judge_case_output(
        judgement=judgement,
        usable=case.right_usable if usable is None else usable,
        actor=judged_by,
        at=at,
    )


def settle_by_author(pool: ShadowPool) -> None:
    """Every live case settled as its author has it, for tests that are about what comes after."""
    pool.cases.live().update(
        settled_at=AT, settled_decision=F("right_decision"), settled_usable=F("right_usable")
    )


def settle_all(pool: ShadowPool, judged_by) -> None:
    for case in pool.cases.live().order_by("key"):
        judge(case, judged_by)
