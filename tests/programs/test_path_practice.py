"""A track's exception cases as a step on My path: after everything that the gate asks for."""

import pytest
from django.urls import reverse

from assessments.models import Drill
from enablement.programs.selectors.path import track_plans
from tests.assessments.scenarios.factories import (
    AT,
    finish,
    grade,
    make_learner,
    make_mentor,
    make_set,
    start,
)
from tests.tracks.factories import EnrolmentFactory, LessonFactory, ModuleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def scenario_set():
    return make_set()


@pytest.fixture
def learner(scenario_set):
    return make_learner(scenario_set)


def plan_of(user):
    (plan,) = track_plans(user=user, at=AT)
    return plan


def practice_of(user):
    (step,) = plan_of(user).practice
    return step.state, step.note, step.is_open


def test_a_track_without_cases_has_no_such_step():
    plan = plan_of(EnrolmentFactory().user)
    assert (plan.practice, plan.next_step) == ([], None)


def test_it_follows_drills_and_the_capstone(scenario_set, learner):
    mentor = make_mentor(learner)
    assert practice_of(learner) == ("not-started", "", True)
    start(scenario_set, learner)
    assert practice_of(learner) == ("waiting", "a drill is under way", True)
    finish(scenario_set, learner)
    assert practice_of(learner) == ("waiting", "the capstone is still to come", True)
    capstone = finish(scenario_set, learner, Drill.Kind.CAPSTONE)
    assert practice_of(learner) == ("waiting", "the capstone waits to be graded", False)
    for case in capstone.cases.all():
        grade(case, mentor)
    assert practice_of(learner) == ("met", "", False)
    start(scenario_set, learner)
    assert practice_of(learner) == ("met", "", False)


def test_it_comes_after_the_modules(scenario_set, learner, client):
    lesson = LessonFactory(module=ModuleFactory(track=scenario_set.track))
    enrolment = learner.enrolments.get()
    address = reverse("exceptions", args=[enrolment.pk])

    assert [step.url for step in plan_of(learner).open_steps] == [lesson.get_absolute_url(), address]
    client.force_login(learner)
    assert address in client.get(reverse("my_path")).content.decode()


@pytest.mark.parametrize("drills", [0, 3])
def test_it_costs_no_query(scenario_set, learner, drills, django_assert_num_queries):
    for _ in range(drills):
        finish(scenario_set, learner)
    track_plans(user=learner, at=AT)
    with django_assert_num_queries(7):
        track_plans(user=learner, at=AT)
