"""What used to tell an answer by the way, and does not any more: see decision 0059."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from assessments.models import Attempt, Drill
from assessments.services import appeals, attempts, regrading
from tests.assessments.quizzes.factories import MINUTE, NOW, decision, make_quiz, sit, true_false
from tests.assessments.regrading.factories import item_of, make_author
from tests.assessments.scenarios import factories as exceptions
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory, LessonFactory, MentorshipFactory, ModuleFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=2)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def taught():
    """A learner and their mentor, on a module with a lesson that every question names."""
    module = ModuleFactory()
    LessonFactory(module=module, key="what-each-number-does", title="What each number does")
    mentor = UserFactory(groups=["mentors"])
    enrolment = EnrolmentFactory(cohort__track=module.track)
    MentorshipFactory(enrolment=enrolment, mentor=mentor)
    return module, enrolment.user, mentor


def marked(quiz, learner, mentor, *, decided="approve") -> Attempt:
    """Handed in with one answer in words, which then has the best marks."""
    attempt = attempts.start(quiz=quiz, actor=learner, at=NOW)
    answer = {"decision": decided, "justification": "As the policy says."}
    attempts.save(attempt=attempt, answers={1: answer}, actor=learner, at=NOW + MINUTE)
    waiting = attempts.submit(attempt=attempt, actor=learner, at=NOW + MINUTE)
    marks, comments = {1: {"policy": 3, "risk": 1}}, {1: "Well put."}
    return attempts.mark(attempt=waiting, marks=marks, comments=comments, actor=mentor, at=NOW + MINUTE)


def result(client, attempt, user) -> str:
    client.force_login(user)
    return client.get(reverse("attempt_result", args=[attempt.pk])).content.decode()


def test_points_of_a_marked_answer_wait_as_half_of_them_are_the_decisions(client, taught):
    module, learner, mentor = taught
    kept = make_quiz(module=module, key="kept", questions=(decision(),), feedback="never")
    shown = make_quiz(module=module, key="shown", questions=(decision(),))

    page = result(client, marked(kept, learner, mentor), learner)
    assert ("Well put." in page, "Quoted (3 / 3)" in page) == (True, True)
    assert "Points for the question" not in page
    assert "Points for the question" in result(client, marked(shown, learner, mentor), learner)


def test_marks_are_not_there_while_the_same_may_be_asked_again(client, taught):
    module, learner, mentor = taught
    quiz = make_quiz(module=module, questions=(decision(),))
    attempt = marked(quiz, learner, mentor)
    assert "Well put." in result(client, attempt, learner)

    attempts.start(quiz=quiz, actor=learner, at=LATER)
    assert "Well put." not in result(client, attempt, learner)


def test_how_many_questions_a_lesson_would_have_helped_waits_too(client, taught):
    module, learner, _mentor = taught
    pages = {
        policy: result(
            client,
            sit(quiz=make_quiz(module=module, key=policy, feedback=policy), user=learner, right=2),
            learner,
        )
        for policy in ("after_submit", "after_pass")
    }

    assert all("What each number does" in page for page in pages.values())
    assert {policy: "1 question missed" in page for policy, page in pages.items()} == {
        "after_submit": True,
        "after_pass": False,
    }


def test_which_question_was_put_right_waits_too(client, taught):
    module, learner, _mentor = taught
    for policy, told in (("never", False), ("after_submit", True)):
        quiz = make_quiz(module=module, key=policy, feedback=policy, questions=(true_false(),))
        attempt = sit(quiz=quiz, user=learner, right=0)
        regrading.excuse_in_attempt(
            item=item_of(attempt, "edge"), reason="Unclear.", actor=make_author(), at=NOW + MINUTE
        )
        page = result(client, attempt, learner)
        assert ("Question 1 was put right" in page) is told
        assert ("A question was put right" in page) is not told


def test_a_mentor_who_takes_the_quiz_sees_its_answers_once_they_have_passed(client, taught):
    module, learner, mentor = taught
    quiz = make_quiz(module=module, questions=(decision(), true_false()))
    attempt = attempts.start(quiz=quiz, actor=learner, at=NOW)
    place = item_of(attempt, "refund").position
    words = {place: {"decision": "deny", "justification": "As the policy says."}}
    attempts.save(attempt=attempt, answers=words, actor=learner, at=NOW)
    waiting = attempts.submit(attempt=attempt, actor=learner, at=NOW + MINUTE)
    url = reverse("attempt_marking", args=[waiting.pk])
    client.force_login(mentor)
    assert client.get(url).status_code == 200

    own = EnrolmentFactory(cohort__track=module.track, user=mentor)
    assert client.get(url).status_code == 404
    arguments = {"attempt": waiting, "comments": {}, "actor": mentor, "at": LATER}
    with pytest.raises(Refused) as refused:
        attempts.mark(marks={place: {"policy": 3, "risk": 1}}, **arguments)
    assert refused.value.code == "not_passed"

    MentorshipFactory(enrolment=own, mentor=UserFactory(groups=["mentors"]))
    passing = sit(quiz=quiz, user=mentor, at=NOW)
    best = {item_of(passing, "refund").position: {"policy": 3, "risk": 1}}
    attempts.mark(
        attempt=passing, marks=best, comments={}, actor=own.mentorships.get().mentor, at=NOW + MINUTE
    )
    assert client.get(url).status_code == 200


def test_nor_do_they_answer_an_appeal_about_it(client, taught):
    module, learner, mentor = taught
    quiz = make_quiz(module=module, questions=(decision(),))
    attempt = marked(quiz, learner, mentor)
    another = UserFactory(groups=["mentors"])
    other = EnrolmentFactory(cohort__track=module.track)
    MentorshipFactory(enrolment=other, mentor=another)
    appeal = appeals.appeal_question(item=item_of(attempt, "refund"), reason="No.", actor=learner, at=LATER)
    client.force_login(another)
    assert client.get(appeal.get_absolute_url()).status_code == 200

    EnrolmentFactory(cohort__track=module.track, user=another)
    assert client.get(appeal.get_absolute_url()).status_code == 404


def test_practice_is_not_read_again_during_the_capstone(client):
    found = exceptions.make_set()
    learner = exceptions.make_learner(found)
    practice = exceptions.finish(found, learner)
    told = [
        reverse("drill_result", args=[practice.pk]),
        reverse("drill_case", args=[practice.pk, 1]),
    ]
    client.force_login(learner)
    assert all(exceptions.CANARY in client.get(url).content.decode() for url in told)

    capstone = exceptions.start(found, learner, Drill.Kind.CAPSTONE)
    for url in told:
        reply = client.get(url, follow=True)
        assert reply.redirect_chain == [(reverse("exceptions", args=[practice.enrolment_id]), 302)]
        assert exceptions.CANARY not in reply.content.decode()
        assert "shown again when it has ended" in reply.content.decode()

    for case in capstone.cases.order_by("position"):
        exceptions.decide(capstone, case.position)
    assert all(exceptions.CANARY in client.get(url).content.decode() for url in told)
