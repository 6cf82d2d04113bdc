"""Drills: one open at a time, cases in order, the first answer counts, a capstone after practice."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from assessments import signals
from assessments.models import CaseDecision, Drill, Scenario
from assessments.services import scenarios
from tests.assessments.racing import at_once
from tests.assessments.recording import heard
from tests.assessments.scenarios.factories import (
    AT,
    BECAUSE,
    decide,
    finish,
    grade,
    make_learner,
    make_mentor,
    make_set,
    scenario_spec,
    set_spec,
    start,
    wrong,
)
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.errors import Refused
from tracks.models import Enrolment

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def refused_code(step) -> str:
    with pytest.raises(Refused) as refused:
        step()
    return refused.value.code


@pytest.fixture
def scenario_set():
    return make_set()


@pytest.fixture
def learner(scenario_set):
    return make_learner(scenario_set)


@pytest.fixture
def drill(scenario_set, learner):
    return start(scenario_set, learner)


def test_a_second_start_is_the_open_drill_with_the_same_draw(scenario_set, learner, drill):
    draw = list(drill.cases.values_list("position", "scenario", "graded"))
    again = start(scenario_set, learner, Drill.Kind.CAPSTONE, seed=2)

    assert (again, Drill.objects.count()) == (drill, 1)
    assert list(again.cases.values_list("position", "scenario", "graded")) == draw
    assert [position for position, _scenario, _graded in draw] == [1, 2, 3, 4, 5, 6, 7]
    assert sum(graded for _position, _scenario, graded in draw) == 2


def test_cases_are_decided_in_order_and_the_last_one_finishes(drill):
    assert refused_code(lambda: decide(drill, 2)) == "not_its_turn"
    with heard(signals.case_decided, signals.drill_finished) as facts:
        for position in range(1, 8):
            decide(drill, position, at=AT + position * MINUTE)

    drill.refresh_from_db()
    assert drill.finished_at == AT + 7 * MINUTE
    assert [fact.kind for fact in facts] == ["assessments.case_decided"] * 7 + ["assessments.drill_finished"]
    assert facts[-1].payload == {"drill": 1, "of": "practice", "right": 7, "cases": 7}
    assert "justification" not in facts[0].payload


def test_the_first_answer_counts_and_the_same_again_changes_nothing(drill):
    first = decide(drill, 1, at=AT)

    with heard(signals.case_decided) as facts:
        assert decide(drill, 1, at=AT + MINUTE) == first
    assert facts == []
    assert refused_code(lambda: decide(drill, 1, decision=wrong(first))) == "already_decided"
    assert refused_code(lambda: decide(drill, 1, justification=f"{BECAUSE} Really.")) == "already_decided"
    first.refresh_from_db()
    assert (first.decided_at, first.right) == (AT, True)


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"decision": "maybe"}, "decision"),
        ({"justification": "  "}, "justification"),
        ({"justification": "It is the rule here"}, "justification"),
        ({"justification": "word " * 1000}, "justification"),
    ],
)
def test_a_decision_needs_one_of_three_answers_and_a_sentence(drill, answer, field):
    with pytest.raises(ValidationError) as error:
        decide(drill, 1, **answer)
    assert list(error.value.message_dict) == [field]
    assert not CaseDecision.objects.exclude(decided_at=None).exists()


def test_six_words_are_a_sentence(drill):
    assert decide(drill, 1, justification="The rule names somebody else here").right is True


def test_strangers_and_those_on_leave_decide_nothing(drill):
    assert refused_code(lambda: decide(drill, 1, actor=UserFactory())) == "not_yours"
    Enrolment.objects.update(state=Enrolment.State.PAUSED, paused_on=AT.date())
    assert refused_code(lambda: decide(drill, 1)) == "enrolment_paused"


def test_a_start_needs_an_enrolment_and_a_live_set(scenario_set, learner):
    assert refused_code(lambda: start(scenario_set, UserFactory())) == "not_enrolled"
    scenario_set.retired_at = AT
    scenario_set.save()
    assert refused_code(lambda: start(scenario_set, learner)) == "set_retired"


def test_a_capstone_follows_practice_holds_new_cases_and_is_passed_once(scenario_set, learner):
    mentor = make_mentor(learner)
    assert refused_code(lambda: start(scenario_set, learner, Drill.Kind.CAPSTONE)) == "practice_first"
    practice = finish(scenario_set, learner)
    capstone = finish(scenario_set, learner, Drill.Kind.CAPSTONE)

    had = set(practice.cases.values_list("scenario__key", flat=True))
    assert not had & set(capstone.cases.values_list("scenario__key", flat=True))
    assert refused_code(lambda: start(scenario_set, learner, Drill.Kind.CAPSTONE)) == "capstone_waiting"
    for case in capstone.cases.all():
        grade(case, mentor)
    assert refused_code(lambda: start(scenario_set, learner, Drill.Kind.CAPSTONE)) == "capstone_passed"
    assert start(scenario_set, learner).kind == Drill.Kind.PRACTICE


def test_what_one_has_graded_for_others_comes_after_what_is_new(scenario_set, learner):
    practice = finish(scenario_set, learner)
    colleague = make_mentor(learner)
    for case in practice.cases.filter(graded=True):
        grade(case, colleague)
    EnrolmentFactory(user=colleague, cohort=learner.enrolments.get().cohort)

    own = start(scenario_set, colleague)

    known = set(practice.cases.filter(graded=True).values_list("scenario", flat=True))
    assert not known & set(own.cases.values_list("scenario", flat=True))


def test_a_failed_capstone_may_be_taken_again(scenario_set, learner):
    mentor = make_mentor(learner)
    finish(scenario_set, learner)
    capstone = finish(scenario_set, learner, Drill.Kind.CAPSTONE, wrong_places=(1, 2))
    for case in capstone.cases.all():
        grade(case, mentor)

    capstone.refresh_from_db()
    assert (capstone.passed, capstone.graded_at) == (False, AT)
    assert start(scenario_set, learner, Drill.Kind.CAPSTONE).number == 3


def test_a_changed_scenario_that_was_drawn_stays_for_whoever_has_it(scenario_set, drill):
    case = drill.cases.select_related("scenario").get(position=1)
    number = int(case.scenario.key.removeprefix("case-"))
    specs = [scenario_spec(n, **({"situation": "Other"} if n == number else {})) for n in range(14)]
    scenarios.put_set(track=scenario_set.track, spec=set_spec(scenarios=tuple(specs)), at=AT)

    versions = Scenario.objects.filter(key=case.scenario.key)
    assert {(row.situation, row.retired_at is None) for row in versions} == {
        (f"Situation {number}", False),
        ("Other", True),
    }
    assert decide(drill, 1).scenario.situation == f"Situation {number}"


def test_what_nobody_has_drawn_is_rewritten_and_what_is_absent_retired(scenario_set):
    specs = [scenario_spec(n, **({"situation": "Other"} if n == 3 else {})) for n in range(1, 15)]
    scenarios.put_set(track=scenario_set.track, spec=set_spec(scenarios=tuple(specs)), at=AT)
    scenarios.put_set(track=scenario_set.track, spec=set_spec(scenarios=tuple(specs)), at=AT)

    assert (Scenario.objects.count(), Scenario.objects.get(key="case-03").situation) == (15, "Other")
    assert [row.key for row in Scenario.objects.exclude(retired_at=None)] == ["case-00"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"count": 13}, "13 scenarios are there; a drill and a capstone of new cases need 14."),
        ({"size": 0}, "a drill has between 1 and 100 cases."),
        ({"categories": {}}, "it has to describe exactly these categories"),
        ({"scenarios": (scenario_spec(1),) * 2, "size": 1}, "the scenario “case-01” is there twice."),
        (
            {"scenarios": tuple(scenario_spec(n, criteria=()) for n in range(14))},
            "scenario “case-00”: a good justification names 2 to 6 things.",
        ),
    ],
)
def test_a_set_that_cannot_be_drawn_from_is_refused(changes, problem):
    with pytest.raises(ValidationError) as error:
        make_set(**changes)
    assert any(message.startswith(problem) for message in error.value.messages)


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_once_make_one_drill(scenario_set, learner):
    steps = [lambda: start(scenario_set, learner), lambda: start(scenario_set, learner, seed=2)]

    assert at_once(*steps) == ["done", "done"]
    assert (Drill.objects.count(), CaseDecision.objects.count()) == (1, 7)


@pytest.mark.django_db(transaction=True)
def test_two_tabs_give_one_answer(drill):
    case = drill.cases.select_related("scenario").get(position=1)
    right, other = case.scenario.right_decision, wrong(case)
    steps = [lambda: decide(drill, 1, decision=right), lambda: decide(drill, 1, decision=other)]

    assert sorted(at_once(*steps)) == ["already_decided", "done"]
    case.refresh_from_db()
    assert case.right == (case.decision == right)


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "approve"},
        {"right": True},
        {"graded_at": AT},
        {"mode": "supervised"},
        {"position": None},
        {"complexity": 4},
    ],
)
def test_the_database_refuses_half_a_decision(drill, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        drill.cases.filter(position=1).update(**change)


def test_the_database_refuses_ones_own_grade_and_a_second_open_drill(scenario_set, learner, drill):
    case = decide(drill, 1)
    own = {"graded": True, "graded_at": AT, "graded_by": learner, "marks": {}}
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseDecision.objects.filter(pk=case.pk).update(**own)
    with pytest.raises(IntegrityError), transaction.atomic():
        Drill.objects.create(
            scenario_set=scenario_set,
            learner=learner,
            enrolment=drill.enrolment,
            kind="practice",
            number=9,
            size=1,
            started_at=AT,
        )
