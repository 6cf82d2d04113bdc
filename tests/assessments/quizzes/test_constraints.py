"""What the database itself refuses."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from assessments.models import Attempt, AttemptAllowance, AttemptItem, Question, QuestionVersion, Quiz
from assessments.services import attempts
from tests.assessments.quizzes.factories import MINUTE, NOW, sit


def refused(name, change):
    """The change breaks exactly this constraint."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        change()
    told = str(caught.value)
    return name in told or "UNIQUE constraint failed" in told


@pytest.fixture
def graded(cast):
    return sit(quiz=cast.quiz, user=cast.learner)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("attempt_number_positive", {"number": 0}),
        ("attempt_ends_after_start", {"deadline_at": NOW, "submitted_at": NOW}),
        ("attempt_closed_has_result", {"passed": None}),
        ("attempt_closed_has_result", {"points": None}),
        ("attempt_closed_has_result", {"submitted_at": None}),
        ("attempt_closed_has_result", {"state": "in_progress"}),
        ("attempt_ended_within_its_time", {"submitted_at": NOW - MINUTE}),
        ("attempt_ended_within_its_time", {"submitted_at": NOW + 41 * MINUTE}),
        ("attempt_points_in_range", {"points": Decimal("3.0001")}),
        ("attempt_points_in_range", {"points": Decimal(-1)}),
        ("attempt_threshold_is_a_share", {"threshold": Decimal(0)}),
        ("attempt_threshold_is_a_share", {"threshold": Decimal("1.001")}),
    ],
)
def test_attempts(graded, name, values):
    assert refused(name, lambda: Attempt.objects.filter(pk=graded.pk).update(**values))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("attempt_item_position_positive", {"position": 0}),
        ("attempt_item_position_unique", {"position": 2}),
        ("attempt_item_marks_equal", {"max_points": 2}),
        ("attempt_item_points_in_range", {"points": Decimal("1.5")}),
    ],
)
def test_items(graded, name, values):
    item = AttemptItem.objects.get(attempt=graded, position=1)

    assert refused(name, lambda: AttemptItem.objects.filter(pk=item.pk).update(**values))


def test_a_question_is_asked_once_an_attempt(graded):
    first, second = AttemptItem.objects.filter(attempt=graded, position__lte=2).order_by("position")
    second.question_version = first.question_version

    assert refused("attempt_item_question_unique", second.save)


def copy_of(attempt, **changes):
    fields = {field.attname: getattr(attempt, field.attname) for field in Attempt._meta.fields[1:]}
    return Attempt(**(fields | changes))


def test_one_number_and_one_open_attempt_a_person(cast):
    attempt = attempts.start(quiz=cast.quiz, actor=cast.learner, at=NOW)

    assert refused("attempt_open_unique", copy_of(attempt, number=2).save)
    attempt = attempts.submit(attempt=attempt, actor=cast.learner, at=NOW)
    assert refused("attempt_number_unique", copy_of(attempt).save)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("quiz_threshold_is_a_share", {"threshold": Decimal(0)}),
        ("quiz_time_limit_positive", {"time_limit_min": 0}),
        ("quiz_max_attempts_positive", {"max_attempts": 0}),
    ],
)
def test_quizzes(cast, name, values):
    assert refused(name, lambda: Quiz.objects.update(**values))


def test_a_quiz_key_is_unique_in_its_module(cast):
    quiz = cast.quiz
    quiz.pk = None

    assert refused("quiz_key_unique_in_module", quiz.save)


@pytest.mark.parametrize(
    ("name", "key", "values"),
    [
        ("question_version_number_positive", "blocked", {"number": 0}),
        ("question_version_tolerance_not_negative", "hours", {"tolerance": -1}),
        ("question_version_answer_fits_kind", "blocked", {"answer": "true"}),
        ("question_version_answer_fits_kind", "edge", {"answer": "perhaps"}),
        ("question_version_answer_fits_kind", "hours", {"answer": ""}),
        ("question_version_scoring_fits_kind", "blocked", {"scoring": "proportional"}),
    ],
)
def test_question_versions(cast, name, key, values):
    version = QuestionVersion.objects.filter(question__key=key)

    assert refused(name, lambda: version.update(**values))


@pytest.mark.parametrize("difficulty", [0, 4])
def test_difficulty(cast, difficulty):
    assert refused("question_difficulty_1_to_3", lambda: Question.objects.update(difficulty=difficulty))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("attempt_allowance_1_to_5", {"extra": 0}),
        ("attempt_allowance_1_to_5", {"extra": 6}),
        ("attempt_allowance_has_reason", {"reason": ""}),
        ("attempt_allowance_not_ones_own", {"granted_by": "learner"}),
    ],
)
def test_allowances(cast, name, values):
    sound = {
        "quiz": cast.quiz,
        "user": cast.learner,
        "extra": 1,
        "reason": "Talked.",
        "granted_by": cast.mentor,
        "granted_at": NOW,
    }
    wrong = {key: getattr(cast, value) if key == "granted_by" else value for key, value in values.items()}

    assert refused(name, AttemptAllowance(**(sound | wrong)).save)
