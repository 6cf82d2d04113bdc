from datetime import timedelta
from decimal import Decimal

from assessments.selectors import QuizResult, quiz_results
from assessments.selectors.quizzes import quiz_overview
from assessments.services import attempts
from tests.assessments.quizzes.factories import MINUTE, NOW, make_quiz, single, sit
from tests.tracks.factories import EnrolmentFactory

DAY = timedelta(hours=25)


def test_the_best_closed_attempt_counts(cast):
    quiz = cast.quiz
    sit(quiz=quiz, user=cast.learner, right=1)
    best = sit(quiz=quiz, user=cast.learner, right=2, at=NOW + DAY)
    sit(quiz=quiz, user=cast.learner, right=2, at=NOW + 2 * DAY)

    assert quiz_results(user_ids=[cast.learner.pk], quizzes=[quiz]) == {
        (cast.learner.pk, quiz.pk): QuizResult(
            points=Decimal(2),
            max_points=3,
            attempt_id=best.pk,
            graded_at=NOW + DAY + MINUTE,
            in_progress=False,
            last_ended_at=NOW + 2 * DAY + MINUTE,
        )
    }


def test_shares_are_compared_not_points(cast):
    """The quiz once asked one question, now it asks three."""
    quiz = make_quiz(module=cast.module, questions=(single(),))
    best = sit(quiz=quiz, user=cast.learner)
    make_quiz(module=cast.module)
    quiz.refresh_from_db()
    sit(quiz=quiz, user=cast.learner, right=2, at=NOW + DAY)

    result = quiz_results(user_ids=[cast.learner.pk], quizzes=[quiz])[cast.learner.pk, quiz.pk]
    assert (result.points, result.max_points, result.attempt_id) == (1, 1, best.pk)


def test_a_lapsed_one_counts_as_much_as_one_handed_in(cast):
    attempt = attempts.start(quiz=cast.quiz, actor=cast.learner, at=NOW)
    attempts.lapse_overdue(at=NOW + DAY)

    result = quiz_results(user_ids=[cast.learner.pk], quizzes=[cast.quiz])[cast.learner.pk, cast.quiz.pk]
    assert (result.attempt_id, result.points) == (attempt.pk, 0)


def test_one_that_runs_is_told_and_is_worth_nothing(cast):
    attempts.start(quiz=cast.quiz, actor=cast.learner, at=NOW)
    sit(quiz=cast.quiz, user=cast.colleague)
    attempts.start(quiz=cast.quiz, actor=cast.colleague, at=NOW + DAY)

    results = quiz_results(user_ids=[cast.learner.pk, cast.colleague.pk], quizzes=[cast.quiz])
    running = results[cast.learner.pk, cast.quiz.pk]
    assert (running.points, running.attempt_id, running.in_progress) == (0, None, True)
    passed = results[cast.colleague.pk, cast.quiz.pk]
    assert (passed.points, passed.in_progress) == (3, True)


def test_nothing_where_nobody_started(cast):
    assert quiz_results(user_ids=[cast.learner.pk], quizzes=[cast.quiz]) == {}


def test_one_query_for_one_person_and_for_many(cast, django_assert_num_queries):
    people = [EnrolmentFactory(cohort=cast.cohort).user for _ in range(6)]
    for person in people:
        sit(quiz=cast.quiz, user=person)

    for group in (people[:1], people):
        with django_assert_num_queries(1):
            results = quiz_results(user_ids=[person.pk for person in group], quizzes=[cast.quiz])
        assert len(results) == len(group)


def test_a_pass_does_not_outlive_its_enrolment_but_its_attempts_are_used(cast):
    sit(quiz=cast.quiz, user=cast.learner)
    cast.enrolment.state, cast.enrolment.withdrawn_at = "withdrawn", NOW
    cast.enrolment.save()
    EnrolmentFactory(user=cast.learner, cohort=cast.cohort)

    assert quiz_results(user_ids=[cast.learner.pk], quizzes=[cast.quiz]) == {}
    overview = quiz_overview(quiz=cast.quiz, user=cast.learner, at=NOW + DAY)
    assert (overview.passed, overview.limits.left, overview.can_start) == (None, 2, True)
