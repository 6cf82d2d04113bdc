"""Exception cases in the demo: a drill under way, a capstone half graded, requests handled with a mentor."""

import random
import uuid
from collections.abc import Mapping

from django.db import transaction

from assessments.models import CaseDecision, Category, Drill, ScenarioSet, Verdict
from assessments.services import scenarios
from enablement.demo import texts
from enablement.demo.learning import Clock
from enablement.people.models import User
from tracks.models import Enrolment, Mentorship

#: Of the drill that is under way, and of the capstone: so many are decided, so many are still to be graded.
DECIDED, LEFT_TO_GRADE = 8, 6
#: One decision in so many is wrong.
SLIP = 6


def build(people: Mapping[str, User], *, clock: Clock, chance: random.Random) -> None:
    scenario_set = ScenarioSet.objects.live().get(track__key="ops_manager_track")
    with transaction.atomic():
        _drill(scenario_set, people["opsmanager"], Drill.Kind.PRACTICE, clock, chance, decided=DECIDED)
    with transaction.atomic():
        learner = people["dutymanager"]
        _drill(scenario_set, learner, Drill.Kind.PRACTICE, clock, chance)
        capstone = _drill(scenario_set, learner, Drill.Kind.CAPSTONE, clock, chance)
        _grade(capstone, clock, chance)
    with transaction.atomic():
        _observe(Enrolment.objects.live().get(user=people["compliance"]), clock)


def _drill(
    scenario_set: ScenarioSet,
    learner: User,
    kind: str,
    clock: Clock,
    chance: random.Random,
    *,
    decided: int | None = None,
) -> Drill:
    drill = scenarios.start(scenario_set=scenario_set, kind=kind, actor=learner, at=clock.step(), rng=chance)
    cases = drill.cases.select_related("scenario").order_by("position")
    for case in cases[: decided or drill.size]:
        decision, justification = _answer(case, slips=chance.randrange(SLIP) == 0)
        scenarios.decide(
            drill=drill,
            position=case.position or 0,
            decision=decision,
            justification=justification,
            actor=learner,
            at=clock.step(4),
        )
    return drill


def _answer(case: CaseDecision, *, slips: bool) -> tuple[str, str]:
    scenario = case.scenario
    if scenario is None:
        raise LookupError("a case of a drill has its scenario")
    if slips:
        other = {Verdict.APPROVE: Verdict.ESCALATE, Verdict.DENY: Verdict.ESCALATE}
        return other.get(Verdict(scenario.right_decision), Verdict.DENY), texts.HASTY
    said = ". ".join(criterion["text"] for criterion in scenario.criteria[:-1])
    return scenario.right_decision, f"{said}."


def _grade(drill: Drill, clock: Clock, chance: random.Random) -> None:
    """What the text repeats of the criteria is named; the last few are left for whoever tries the demo."""
    cases = list(drill.cases.select_related("drill", "scenario").order_by("position"))
    mentor = _mentor(drill.enrolment)
    for case in cases[:-LEFT_TO_GRADE]:
        criteria = case.scenario.criteria if case.scenario else []
        named = [each["key"] for each in criteria if each["text"] in case.justification]
        comment = texts.GRADED_WELL if named else texts.GRADED_HASTY
        scenarios.grade(
            case=case,
            named=named,
            comment=comment if chance.random() < 1 / 2 or not named else "",
            actor=mentor,
            at=clock.step(3),
        )


def _mentor(enrolment: Enrolment) -> User:
    """The first one, where there are two."""
    mentor: User = Mentorship.objects.current().filter(enrolment=enrolment).order_by("pk")[0].mentor
    return mentor


def _observe(enrolment: Enrolment, clock: Clock) -> None:
    """One less than the gate asks for."""
    for category, complexity, decision, note in (
        (Category.ACCESS_REQUEST, 2, Verdict.ESCALATE, texts.OBSERVED_ACCESS),
        (Category.SUPPLIER_CHANGE, 1, Verdict.DENY, texts.OBSERVED_SUPPLIER),
    ):
        handled_at = clock.step(20)
        scenarios.record(
            key=uuid.uuid4(),
            enrolment=enrolment,
            category=category,
            complexity=complexity,
            decision=decision,
            right=True,
            note=note,
            handled_at=handled_at,
            actor=_mentor(enrolment),
            at=clock.step(5),
        )
