"""Drawing the questions of an attempt."""

import random
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from assessments.models import Attempt, AttemptItem, QuestionVersion, Quiz
from assessments.models.question import Question
from assessments.services import grading
from assessments.specs import section_of
from tracks.errors import Refused
from tracks.people import Person

RANDOM = random.SystemRandom()


def draw(*, quiz: Quiz, user: Person, rng: random.Random = RANDOM) -> list[QuestionVersion]:
    """The newest versions of the questions that this person is asked now, section by section.

    Questions that the person has met least often come first; among equals, chance decides.
    Raises Refused where a section has too few questions left.
    """
    tags = [section["tag"] for section in quiz.sections]
    by_section: dict[str | None, list[Question]] = defaultdict(list)
    for question in _candidates(quiz, user):
        by_section[section_of(question.tags, tags)].append(question)
    chosen: list[int] = []
    for section in quiz.sections:
        questions = by_section[section["tag"]]
        if len(questions) < section["draw"]:
            raise Refused(
                "questions_missing", _("This quiz cannot be started now: it has too few questions.")
            )
        rng.shuffle(questions)
        questions.sort(key=lambda question: question.seen)  # type: ignore[attr-defined]
        picked = questions[: section["draw"]]
        rng.shuffle(picked)
        chosen += [question.version_id for question in picked]  # type: ignore[attr-defined]
    versions = QuestionVersion.objects.in_bulk(chosen)
    return [versions[pk] for pk in chosen]


def _candidates(quiz: Quiz, user: Person) -> Iterable[Question]:
    seen = Count(
        "versions__items", filter=Q(versions__items__attempt__user=user, versions__items__attempt__quiz=quiz)
    )
    return quiz.bank.questions.live().annotate(seen=seen).with_latest_version()


def items_of(
    attempt: Attempt, versions: Iterable[QuestionVersion], *, rng: random.Random = RANDOM
) -> list[AttemptItem]:
    """The attempt's items, unsaved, each with its options in an order of its own."""
    return [
        AttemptItem(
            attempt=attempt, position=position, question_version=version, option_order=_shuffled(version, rng)
        )
        for position, version in enumerate(versions, start=1)
    ]


def _shuffled(version: QuestionVersion, rng: random.Random) -> list[str]:
    keys = grading.option_keys(version)
    rng.shuffle(keys)
    return keys
