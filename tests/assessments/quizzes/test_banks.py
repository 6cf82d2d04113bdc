from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from assessments.models import Question, QuestionVersion, Quiz
from assessments.services.questions import put_bank
from assessments.services.quizzes import put_quiz, retire_quiz
from tests.assessments.quizzes.factories import (
    MINUTE,
    NOW,
    make_quiz,
    numeric,
    quiz_spec,
    single,
    sit,
    true_false,
)
from tests.tracks.factories import ModuleFactory, TrackFactory
from tracks.models import Component

LATER = NOW + 60 * MINUTE


@pytest.fixture
def track(db):
    return TrackFactory()


def put(track, *questions, at=NOW):
    return put_bank(track=track, key="bank", questions=questions, at=at)


def versions():
    rows = QuestionVersion.objects.order_by("question__key", "number")
    return list(rows.values_list("question__key", "number", "published_at"))


def test_a_bank_is_put_once(track):
    bank, change = put(track, single(), true_false())
    again, unchanged = put(track, single(), true_false(), at=LATER)

    assert (change.added, change.changed, change.retired) == (("blocked", "edge"), (), ())
    assert again == bank
    assert not unchanged
    assert versions() == [("blocked", 1, NOW), ("edge", 1, NOW)]


def test_an_edited_question_gets_a_version_and_the_others_none(track):
    put(track, single(), numeric())
    _bank, change = put(track, single(), numeric(tolerance=Decimal("0.5")), at=LATER)

    assert change.changed == ("hours",)
    assert versions() == [("blocked", 1, NOW), ("hours", 1, NOW), ("hours", 2, LATER)]


def test_a_number_written_otherwise_is_no_edit_unless_the_answer_reads_otherwise(track):
    put(track, numeric(tolerance=Decimal("0.5")))

    assert not put(track, numeric(tolerance=Decimal("0.50")), at=LATER)[1]


def test_other_tags_are_set_without_a_version(track):
    put(track, single())
    _bank, change = put(track, single(tags=("log",), difficulty=3), at=LATER)

    question = Question.objects.get()
    assert change.changed == ("blocked",)
    assert (question.tags, question.difficulty) == (["log"], 3)
    assert versions() == [("blocked", 1, NOW)]


def test_absent_questions_are_retired_and_come_back_without_a_new_version(track):
    put(track, single(), true_false())
    _bank, change = put(track, single(), at=LATER)
    assert change.retired == ("edge",)
    assert Question.objects.get(key="edge").retired_at == LATER

    _bank, change = put(track, single(), true_false(), at=LATER)
    assert (change.added, change.changed, change.retired) == ((), ("edge",), ())
    assert Question.objects.live().count() == 2
    assert len(versions()) == 2


def test_a_fault_changes_nothing(track):
    put(track, single())

    with pytest.raises(ValidationError, match="Question “edge”"):
        put(track, single(prompt="Other?"), true_false(answer=None), at=LATER)

    assert versions() == [("blocked", 1, NOW)]
    assert Question.objects.count() == 1


def test_an_attempt_keeps_the_version_that_it_drew(cast):
    attempt = sit(quiz=cast.quiz, user=cast.learner, right=3)
    put_quiz(module=cast.module, spec=quiz_spec(questions=(single(prompt="Other?"),)), at=LATER)

    prompts = {item.question_version.prompt for item in attempt.items.select_related("question_version")}
    assert single().prompt in prompts


@pytest.mark.django_db
def test_a_quiz_is_put_once_and_its_module_needs_it():
    module = ModuleFactory()
    quiz, created = put_quiz(module=module, spec=quiz_spec(), at=NOW)
    same, changed = put_quiz(module=module, spec=quiz_spec(), at=LATER)

    assert (created, changed) == (True, False)
    assert same == quiz
    assert (quiz.threshold, quiz.draws, quiz.bank.track) == (Decimal("0.85"), 3, module.track)
    component = Component.objects.get(module=module)
    assert (component.kind, component.key, component.title) == ("quiz", "check", "Front-line check")


@pytest.mark.django_db
def test_another_threshold_or_question_is_a_change():
    quiz = make_quiz()

    assert put_quiz(module=quiz.module, spec=quiz_spec(threshold=Decimal("0.9")), at=LATER)[1] is True
    assert Quiz.objects.get().threshold == Decimal("0.9")
    edited = (single(prompt="Other?"), true_false(), numeric())
    assert put_quiz(module=quiz.module, spec=quiz_spec(threshold=Decimal("0.9"), questions=edited), at=LATER)[
        1
    ]


@pytest.mark.django_db
def test_a_key_names_one_quiz_of_a_track():
    quiz = make_quiz()
    other = ModuleFactory(track=quiz.module.track, key="second")

    with pytest.raises(ValidationError, match="Quiz “check” is in module"):
        put_quiz(module=other, spec=quiz_spec(), at=LATER)

    assert make_quiz(module=ModuleFactory()).key == "check"


@pytest.mark.django_db
def test_a_retired_quiz_frees_its_key_and_can_come_back():
    quiz = make_quiz()
    assert retire_quiz(quiz=quiz, at=LATER) is True
    assert retire_quiz(quiz=quiz, at=LATER) is False
    assert Component.objects.get().retired_at == LATER

    other = ModuleFactory(track=quiz.module.track)
    moved = make_quiz(module=other, at=LATER)
    retire_quiz(quiz=moved, at=LATER)
    back, changed = put_quiz(module=quiz.module, spec=quiz_spec(), at=LATER)

    assert (back.pk, changed, back.retired_at) == (quiz.pk, True, None)


@pytest.mark.django_db
def test_a_fault_in_the_quiz_leaves_no_bank_behind():
    with pytest.raises(ValidationError):
        put_quiz(module=ModuleFactory(), spec=quiz_spec(max_attempts=0), at=NOW)

    assert not Question.objects.exists()
