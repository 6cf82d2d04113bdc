"""Several at once, each with a connection of its own, on whichever database the run uses."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from assessments.models import Attempt, AttemptAllowance
from assessments.services import attempts
from tests.assessments.quizzes.factories import MINUTE, NOW, make_quiz, right_answers
from tests.tracks.factories import CohortFactory, EnrolmentFactory, MentorshipFactory, ModuleFactory
from tracks.errors import Refused
from tracks.models import ComponentCompletion

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 6


def at_once(work, workers=WORKERS):
    """What each of several threads got from `work(number)`; a refusal counts as its code."""
    barrier = threading.Barrier(workers)

    def run(number):
        try:
            barrier.wait(timeout=20)
            return work(number)
        except Refused as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(workers)))


@pytest.fixture
def learner():
    return EnrolmentFactory(cohort=CohortFactory()).user


@pytest.fixture
def quiz(learner):
    module = ModuleFactory(track=learner.enrolments.get().track)
    return make_quiz(module=module, max_attempts=3, cooldown_hours=0)


def test_starting_in_many_tabs_is_one_attempt(quiz, learner):
    started = at_once(lambda _: attempts.start(quiz=quiz, actor=learner, at=NOW).pk)

    assert len(set(started)) == 1
    assert Attempt.objects.get().items.count() == 3


def test_starting_and_handing_in_as_fast_as_one_can_never_exceeds_the_limit(quiz, learner):
    def work(_):
        while True:
            try:
                attempt = attempts.start(quiz=quiz, actor=learner, at=timezone.now())
            except Refused as refusal:
                if refusal.code != "cooldown":  # asked before the other one's attempt had ended
                    raise
            else:
                attempts.submit(attempt=attempt, actor=learner, at=timezone.now())

    assert at_once(work) == ["attempt_limit"] * WORKERS
    assert sorted(Attempt.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_handing_in_twice_at_once_is_one_result(quiz, learner):
    attempt = attempts.start(quiz=quiz, actor=learner, at=NOW)
    attempts.save(attempt=attempt, answers=right_answers(attempt), actor=learner, at=NOW)
    graded = at_once(
        lambda n: attempts.submit(attempt=attempt, actor=learner, at=NOW + (n + 1) * MINUTE).submitted_at
    )

    assert len(set(graded)) == 1
    assert ComponentCompletion.objects.count() == 1


def test_the_deadline_s_job_and_a_late_hand_in_close_once(quiz, learner):
    attempt = attempts.start(quiz=quiz, actor=learner, at=NOW)
    late = attempt.deadline_at + MINUTE

    def work(number):
        if number % 2:
            return attempts.lapse_overdue(at=late)
        attempts.submit(attempt=attempt, actor=learner, at=late)
        return 0

    assert sum(at_once(work)) <= 1
    attempt.refresh_from_db()
    assert (attempt.state, attempt.submitted_at) == ("lapsed", attempt.deadline_at)


def test_two_tabs_saving_different_questions_lose_nothing(quiz, learner):
    attempt = attempts.start(quiz=quiz, actor=learner, at=NOW)
    right = right_answers(attempt)

    def work(number):
        position = number % 3 + 1
        attempts.save(attempt=attempt, answers={position: right[position]}, actor=learner, at=NOW + MINUTE)

    at_once(work)

    assert dict(attempt.items.values_list("position", "response")) == right


def test_unlocking_twice_at_once_is_one_allowance(quiz, learner):
    mentor = MentorshipFactory(enrolment=learner.enrolments.get()).mentor
    for number in range(3):
        attempt = attempts.start(quiz=quiz, actor=learner, at=NOW + number * MINUTE)
        attempts.submit(attempt=attempt, actor=learner, at=NOW + number * MINUTE)

    outcomes = at_once(
        lambda _: (
            attempts.grant_extra(quiz=quiz, learner=learner, reason="Talked.", actor=mentor, at=NOW).extra
        )
    )

    assert sorted(map(str, outcomes)) == ["1", *["attempts_left"] * (WORKERS - 1)]
    assert AttemptAllowance.objects.count() == 1
