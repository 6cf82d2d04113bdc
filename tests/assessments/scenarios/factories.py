"""Exception cases for tests: small sets, and drills taken through the services."""

import random
import uuid
from decimal import Decimal

from assessments.models import CaseDecision, Category, Drill, ScenarioSet, Verdict
from assessments.scenario_specs import CategorySpec, CriterionSpec, Fact, MatrixRow, ScenarioSpec, SetSpec
from assessments.services import scenarios
from tests.people.factories import UserFactory
from tests.tracks.factories import START, EnrolmentFactory, MentorshipFactory, TrackFactory

AT = START
BECAUSE = "The rule names who decides, and every condition holds."
#: Would give it away wherever it appears.
CANARY = "canary-explanation"


def scenario_spec(number: int, **changes) -> ScenarioSpec:
    fields = {
        "key": f"case-{number:02}",
        "category": Category.values[number % 7],
        "complexity": number // 7 % 3 + 1,
        "title": f"Case {number}",
        "situation": f"Situation {number}",
        "policy": f"Policy {number}",
        "facts": (Fact(title="Log", text=f"Fact {number}"),),
        "decision": Verdict.values[(number // 7 + number) % 3],
        "criteria": (
            CriterionSpec(key="rule", text="canary-rule is named"),
            CriterionSpec(key="figure", text="canary-figure is named"),
        ),
        "explanation": CANARY,
    }
    return ScenarioSpec(**(fields | changes))


def set_spec(*, count=14, **changes) -> SetSpec:
    rows = tuple(
        MatrixRow(complexity=level, decides=f"Decides {level}", check="Check it", within="4 hours")
        for level in (1, 2, 3)
    )
    fields = {
        "title": "Exception cases",
        "intro": "Decide *each* one.",
        "size": 7,
        "categories": {
            key: CategorySpec(definition=f"What {key} is.", matrix=rows) for key in Category.values
        },
        "scenarios": tuple(scenario_spec(number) for number in range(count)),
        "pass_right": Decimal("0.80"),
        "pass_named": Decimal("0.60"),
    }
    return SetSpec(**(fields | changes))


def make_set(*, track=None, **changes) -> ScenarioSet:
    return scenarios.put_set(track=track or TrackFactory(), spec=set_spec(**changes), at=AT)


def make_learner(scenario_set: ScenarioSet):
    return EnrolmentFactory(cohort__track=scenario_set.track).user


def make_mentor(learner):
    """Somebody who holds the right to review and mentors this learner."""
    mentor = UserFactory(perms=["assessments.review_labs"])
    MentorshipFactory(enrolment=learner.enrolments.get(), mentor=mentor)
    return mentor


def start(scenario_set, learner, kind=Drill.Kind.PRACTICE, *, at=AT, seed=1) -> Drill:
    return scenarios.start(
        scenario_set=scenario_set, kind=kind, actor=learner, at=at, rng=random.Random(seed)
    )


def decide(drill, position, *, decision=None, justification=BECAUSE, actor=None, at=AT) -> CaseDecision:
    """The right decision, or another."""
    case = drill.cases.select_related("scenario").get(position=position)
    return scenarios.decide(
        drill=drill,
        position=position,
        decision=decision or case.scenario.right_decision,
        justification=justification,
        actor=actor or drill.learner,
        at=at,
    )


def wrong(case: CaseDecision) -> str:
    return next(value for value in Verdict.values if value != case.scenario.right_decision)


def finish(scenario_set, learner, kind=Drill.Kind.PRACTICE, *, wrong_places=(), at=AT) -> Drill:
    """A drill decided to its end; right but at these positions."""
    drill = start(scenario_set, learner, kind)
    for case in drill.cases.select_related("scenario").order_by("position"):
        decision = wrong(case) if case.position in wrong_places else case.scenario.right_decision
        decide(drill, case.position, decision=decision, at=at)
    drill.refresh_from_db()
    return drill


def grade(case, mentor, *, named=("rule", "figure"), comment="", at=AT) -> CaseDecision:
    return scenarios.grade(case=case, named=list(named), comment=comment, actor=mentor, at=at)


def record(enrolment, mentor, *, right=True, at=AT, **changes) -> CaseDecision:
    arguments = {
        "key": uuid.uuid4(),
        "category": Category.ROLLBACK,
        "complexity": 2,
        "decision": Verdict.DENY,
        "note": "" if right else "A commander was named.",
        "handled_at": at,
    }
    return scenarios.record(enrolment=enrolment, right=right, actor=mentor, at=at, **(arguments | changes))
