"""Two at once: two decisions on one question, and a decision while an attempt is handed in."""

from datetime import timedelta

import pytest

from assessments.models import Appeal, Attempt, Regrade
from assessments.services import appeals, attempts, regrading
from tests.assessments.quizzes.factories import MINUTE, NOW, make_quiz, right_answers, single
from tests.assessments.racing import at_once
from tests.assessments.regrading.factories import KEY, correct, item_of, make_author, sit_with, with_right
from tests.tracks.factories import EnrolmentFactory, ModuleFactory

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def scene():
    first = EnrolmentFactory()
    quiz = make_quiz(module=ModuleFactory(track=first.track), time_limit_min=300)
    second = EnrolmentFactory(cohort=first.cohort)
    sit_with(quiz=quiz, user=first.user, given={"blocked": 1})
    running = attempts.start(quiz=quiz, actor=second.user, at=NOW)
    answers = right_answers(running)
    item = item_of(running, "blocked")
    answers[item.position] = item.question_version.options[1]["key"]
    attempts.save(attempt=running, answers=answers, actor=second.user, at=NOW + MINUTE)
    author = make_author()
    return quiz, second.user, running, author, correct(quiz, with_right(single(), 1), author, at=NOW + MINUTE)


def decide(question, author, fingerprint):
    regrading.decide(
        question=question, kind=KEY, reason="Wrong key", fingerprint=fingerprint, actor=author, at=LATER
    )


def test_one_decision_of_two(scene):
    _quiz, _user, _running, author, question = scene
    plan = regrading.dry_run(question=question, kind=KEY, lowers=False, actor=author, at=LATER)

    outcomes = at_once(*[lambda: decide(question, author, plan.fingerprint)] * 2)

    assert sorted(outcomes) == ["done", "stale"]
    assert Regrade.objects.count() == 1
    assert list(Attempt.objects.filter(state="graded").values_list("points", flat=True)) == [3]


def test_whoever_hands_in_meanwhile_is_marked_by_the_new_key(scene):
    _quiz, user, running, author, question = scene
    plan = regrading.dry_run(question=question, kind=KEY, lowers=False, actor=author, at=LATER)

    outcomes = at_once(
        lambda: decide(question, author, plan.fingerprint),
        lambda: attempts.submit(attempt=running, actor=user, at=LATER),
    )
    if outcomes[0] == "stale":
        again = regrading.dry_run(question=question, kind=KEY, lowers=False, actor=author, at=LATER)
        decide(question, author, again.fingerprint)

    assert outcomes[1] == "done"
    assert list(Attempt.objects.values_list("points", "passed")) == [(3, True)] * 2


def test_one_appeal_of_two_clicks(scene):
    quiz, *_rest = scene
    attempt = quiz.attempts.get(state="graded")
    item = item_of(attempt, "edge")

    def appeal():
        appeals.appeal_question(item=item, reason="Why?", actor=attempt.user, at=LATER)

    assert at_once(appeal, appeal) == ["done", "done"]
    assert Appeal.objects.count() == 1
