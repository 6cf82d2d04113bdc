import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from assessments.services import attempts, labs
from enablement.access.models import Grant, Microtool
from enablement.access.services import control
from enablement.access.services.grants import reevaluate
from enablement.programs.selectors.path import track_plans
from enablement.programs.selectors.path_steps import Step
from enablement.programs.templatetags.steps import step_items
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.assessments.labs.factories import back, handed_in, sign
from tests.assessments.quizzes.factories import make_quiz, sit
from tests.people.factories import UserFactory
from tests.tracks.factories import (
    DUE,
    START,
    EnrolmentFactory,
    LabFactory,
    LessonFactory,
    MentorshipFactory,
    ModuleFactory,
)
from tracks.services.progress import read_lesson

pytestmark = pytest.mark.django_db
NOW = START + timedelta(days=1)


@pytest.fixture
def world():
    """One module with a lesson, a quiz and a lab; the gate wants the module and has one tool behind it."""
    PolicyFactory()
    module = ModuleFactory(title="Boundaries")
    lesson = LessonFactory(module=module, title="Where the line runs")
    quiz = make_quiz(module=module)
    lab = LabFactory(module=module, title="Draw the line")
    GateFactory(track=module.track, tree={"type": "modules_completed"})
    MicrotoolFactory(track=module.track, title="Triage summariser")
    mentorship = MentorshipFactory(
        enrolment__cohort__track=module.track, mentor__perms=["assessments.review_labs"]
    )
    enrolment = mentorship.enrolment
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
    return lesson, quiz, lab, enrolment, mentorship.mentor


def plan_of(enrolment, at=NOW):
    (plan,) = track_plans(user=enrolment.user, at=at)
    return plan


def test_the_next_step_follows_the_module_and_then_waits_for_the_mentor(world):
    lesson, quiz, lab, enrolment, mentor = world
    assert plan_of(enrolment).next_step.url == lesson.get_absolute_url()
    read_lesson(enrolment=enrolment, lesson=lesson, actor=enrolment.user, at=NOW)
    assert plan_of(enrolment).next_step.url == reverse("quiz", args=[quiz.pk])
    sit(quiz=quiz, user=enrolment.user, at=NOW)
    assert plan_of(enrolment).next_step.url == reverse("lab", args=[lab.pk])
    submission = handed_in(enrolment=enrolment, lab=lab)
    plan = plan_of(enrolment)
    assert [step.state for step in plan.modules[0].steps] == ["met", "met", "waiting"]
    assert [step.noun for step in plan.open_steps] == ["Modules"]
    sign(submission, mentor)
    plan = plan_of(enrolment)
    assert (plan.met, plan.next_step, plan.modules[0].state, plan.due_state) == (True, None, "met", "met")


def stands(enrolment):
    return [(step.state, step.note, step.is_open) for step in plan_of(enrolment).modules[0].steps[1:]]


def test_a_step_that_was_begun_says_how_it_stands(world):
    _lesson, quiz, lab, enrolment, mentor = world
    attempt = attempts.start(quiz=quiz, actor=enrolment.user, at=NOW)
    labs.save_draft(enrolment=enrolment, lab=lab, text="Begun.", actor=enrolment.user, at=NOW)
    steps = plan_of(enrolment).modules[0].steps
    assert attempt.get_absolute_url() in [step.url for step in steps]
    assert stands(enrolment) == [
        ("waiting", "under way", True),
        ("waiting", "a draft, not handed in", True),
    ]
    attempts.submit(attempt=attempt, actor=enrolment.user, at=NOW)
    submission = handed_in(enrolment=enrolment, lab=lab)
    assert stands(enrolment) == [
        ("at-risk", "not passed yet", False),
        ("waiting", "waits for a mentor", False),
    ]
    back(submission, mentor)
    assert stands(enrolment)[1] == ("at-risk", "sent back", True)


def test_a_running_attempt_comes_first_and_a_pause_between_attempts_last(client, world):
    lesson, quiz, lab, enrolment, _mentor = world
    user = enrolment.user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    attempt = attempts.start(quiz=quiz, actor=user, at=NOW)
    running = plan_of(enrolment).next_step
    assert (running.url, running.ends_at) == (attempt.get_absolute_url(), attempt.deadline_at)
    overdue = plan_of(enrolment, at=attempt.deadline_at + timedelta(minutes=1)).modules[0].steps[1]
    assert (overdue.url, overdue.ends_at) == (reverse("quiz", args=[quiz.pk]), None)
    attempts.submit(attempt=attempt, actor=user, at=NOW)
    cooling = plan_of(enrolment)
    quiz_step = cooling.modules[0].steps[1]
    opens_at = NOW + timedelta(hours=quiz.cooldown_hours)
    assert (quiz_step.is_open, quiz_step.opens_at, cooling.opens_next) == (False, opens_at, quiz_step)
    assert quiz_step.detail.startswith("0 of 3 points · next attempt from ")
    assert cooling.next_step.url == lesson.get_absolute_url()
    read_lesson(enrolment=enrolment, lesson=lesson, actor=user, at=NOW)
    assert plan_of(enrolment).next_step.url == reverse("lab", args=[lab.pk])
    assert plan_of(enrolment, at=opens_at).next_step.url == reverse("quiz", args=[quiz.pk])


def test_without_an_attempt_left_the_quiz_waits_for_the_mentor(world):
    _lesson, quiz, _lab, enrolment, mentor = world
    later = NOW + timedelta(days=2)
    type(quiz).objects.update(max_attempts=1)
    quiz.refresh_from_db()
    sit(quiz=quiz, user=enrolment.user, at=NOW, right=0)
    step = plan_of(enrolment, at=later).modules[0].steps[1]
    assert (step.is_open, step.opens_at) == (False, None)
    assert step.detail == "0 of 3 points · no attempt left; your mentor can unlock one"
    attempts.grant_extra(quiz=quiz, learner=enrolment.user, reason="Ill.", actor=mentor, at=NOW)
    assert plan_of(enrolment, at=later).modules[0].steps[1].is_open


def test_a_withdrawn_sign_off_makes_the_lab_the_next_step_again(world):
    _lesson, _quiz, lab, enrolment, mentor = world
    signed = sign(handed_in(enrolment=enrolment, lab=lab), mentor)
    labs.withdraw_sign_off(sign_off=signed, reason="Signed by mistake.", actor=mentor, at=NOW)
    assert stands(enrolment)[1] == ("at-risk", "sent back", True)


@pytest.mark.parametrize(
    ("days", "left", "state"), [(-5, 5, "waiting"), (-3, 3, "at-risk"), (0, 0, "at-risk"), (1, -1, "not-met")]
)
def test_the_due_day_is_counted_in_whole_days(world, days, left, state):
    plan = plan_of(world[3], at=START.replace(month=DUE.month, day=DUE.day) + timedelta(days=days))
    assert (plan.days_left, plan.due_state) == (left, state)


def test_the_due_day_ends_in_the_zone_of_the_cohort(world):
    enrolment = world[3]
    enrolment.cohort.timezone = "Pacific/Auckland"
    enrolment.cohort.save()
    late_evening_utc = START.replace(month=DUE.month, day=DUE.day, hour=20)
    assert plan_of(enrolment, at=late_evening_utc).days_left == -1


def test_the_page_says_what_is_next(client, world):
    lesson, _quiz, _lab, enrolment, _mentor = world
    client.force_login(enrolment.user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/path/").content.decode()
    assert "Next: Where the line runs" in page
    assert lesson.get_absolute_url() in page
    assert "Triage summariser" in page


@pytest.fixture
def shown(client, world):
    """My path of somebody who has shown everything, as often as it is asked for."""
    lesson, quiz, lab, enrolment, mentor = world
    read_lesson(enrolment=enrolment, lesson=lesson, actor=enrolment.user, at=NOW)
    sit(quiz=quiz, user=enrolment.user, at=NOW)
    sign(handed_in(enrolment=enrolment, lab=lab), mentor)
    client.force_login(enrolment.user, backend="django.contrib.auth.backends.ModelBackend")
    return lambda: client.get("/path/").text


OPEN, CLOSED = "Your tools are open", "1 tool of this track is closed to you now"


def test_only_open_tools_are_called_open_once_everything_is_shown(world, shown):
    assert (OPEN in shown(), CLOSED in shown()) == (True, False)
    warden = UserFactory(perms=["access.control_access"])
    tool = Microtool.objects.get()
    stop = control.stop(kind="microtool", value=tool.key, reason="Wrong", actor=warden, at=NOW)
    assert (OPEN in shown(), CLOSED in shown(), "Stopped" in shown()) == (False, True, True)
    other = UserFactory(perms=["access.control_access"])
    control.end_stop(stop=stop, reason="Mended", actor=other, at=NOW)
    control.suspend(grant=Grant.objects.get(), reason="Leaked a name", actor=warden, at=NOW)
    assert (OPEN in shown(), CLOSED in shown(), "Suspended" in shown()) == (False, True, True)


def test_who_works_where_the_tool_is_not_allowed_is_not_told_that_it_is_open(world, shown):
    user = world[3].user
    user.region = "ap-south-1"
    user.save()
    reevaluate(user_ids=[user.pk], cause="tests", actor_id=None, at=NOW)
    assert "Region of work" in shown()
    assert (OPEN in shown(), CLOSED in shown()) == (False, True)


def test_a_tool_that_is_no_longer_in_use_is_not_counted_as_closed(shown):
    Microtool.objects.update(retired_at=NOW)
    assert CLOSED not in shown()


def test_steps_are_escaped_and_the_next_one_is_marked():
    steps = [
        Step(title="<b>", noun="Lab", url="/labs/1/", state="waiting", minutes=30, note="a <draft>"),
        Step(title="Read", noun="Text", url="/read/", state="not-started"),
    ]
    first, second = re.findall(r"<li.*?</li>", step_items(steps, steps[1]), re.DOTALL)
    assert '<a href="/labs/1/">&lt;b&gt;</a>' in first
    assert "Lab · 30 min · a &lt;draft&gt;</span>" in first
    assert "A &lt;draft&gt;" in first
    assert "module-step-next" not in first
    assert '<li class="module-step module-step-next">' in second
    assert '<a href="/read/" aria-current="step">Read</a>' in second
    assert "aria-current" not in step_items(steps, None)


def test_somebody_without_a_track_learns_how_one_comes(client):
    client.force_login(UserFactory(), backend="django.contrib.auth.backends.ModelBackend")
    assert "not on a track yet" in client.get("/path/").content.decode()


def test_nobody_is_let_in_without_signing_in(client):
    response = client.get("/path/")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("modules", [1, 6])
def test_the_page_costs_ten_queries_for_any_number_of_modules(
    client, world, modules, django_assert_num_queries
):
    enrolment = world[3]
    for _ in range(modules):
        module = ModuleFactory(track=enrolment.track)
        LessonFactory.create_batch(3, module=module)
        LabFactory(module=module)
    client.force_login(enrolment.user, backend="django.contrib.auth.backends.ModelBackend")
    client.get("/path/")
    with django_assert_num_queries(10):
        assert client.get("/path/").status_code == 200


def test_another_persons_track_is_not_mine(world):
    assert track_plans(user=EnrolmentFactory().user, at=NOW)[0].modules == []


@pytest.mark.parametrize(
    ("leaves", "lapsed", "state"),
    [
        ([{"met": True}, {"met": False, "lapsed": True}], True, "not-met"),
        ([{"met": False}, {"met": False, "lapsed": True}], False, "waiting"),
        ([{"met": True}, {"met": None}], False, "waiting"),
        ([], False, "waiting"),
    ],
)
def test_the_due_day_gives_way_only_where_all_that_is_missing_has_lapsed(world, leaves, lapsed, state):
    plan = replace(plan_of(world[3]), leaves=leaves)
    assert (plan.lapsed, plan.due_state) == (lapsed, state)
