"""A question whose key was wrong, and people who answered it."""

from dataclasses import replace

from assessments.models import Question, Regrade
from assessments.services import attempts, regrading
from assessments.services.question_editing import put_question
from tests.assessments.quizzes.factories import MINUTE, NOW, right_answers
from tests.people.factories import UserFactory

KEY, EXCUSE = Regrade.Kind.KEY, Regrade.Kind.EXCUSE


def make_author():
    return UserFactory(perms=["assessments.author_questions", "assessments.answer_appeals"])


def question_of(quiz, key):
    return Question.objects.get(bank=quiz.bank, key=key)


def with_right(spec, place):
    """The same single choice with another right option."""
    options = tuple(replace(option, correct=index == place) for index, option in enumerate(spec.options))
    return replace(spec, options=options)


def correct(quiz, spec, author, *, at=NOW):
    """A new version by an author in the browser."""
    question = question_of(quiz, spec.key)
    base = question.versions.first().number
    put_question(bank=quiz.bank, spec=spec, actor=author, at=at, base=base)
    return question_of(quiz, spec.key)


def sit_with(*, quiz, user, given, at=NOW):
    """All right but what `given` says, by the question's key: a response, or the place of an option."""
    attempt = attempts.start(quiz=quiz, actor=user, at=at)
    answers = right_answers(attempt)
    for item in attempt.items.select_related("question_version__question"):
        key = item.question_version.question.key
        if key in given:
            value = given[key]
            answers[item.position] = (
                item.question_version.options[value]["key"] if type(value) is int else value
            )
    attempts.save(attempt=attempt, answers=answers, actor=user, at=at + MINUTE)
    return attempts.submit(attempt=attempt, actor=user, at=at + MINUTE)


def regrade(question, author, *, at, kind=KEY, lowers=False, reason="The key was wrong."):
    plan = regrading.dry_run(question=question, kind=kind, lowers=lowers, actor=author, at=at)
    return regrading.decide(
        question=question,
        kind=kind,
        lowers=lowers,
        reason=reason,
        fingerprint=plan.fingerprint,
        actor=author,
        at=at,
    )


def item_of(attempt, key):
    return attempt.items.get(question_version__question__key=key)
