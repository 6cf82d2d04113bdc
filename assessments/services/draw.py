"""Drawing the questions of an attempt."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from assessments.models import Attempt, AttemptItem, QuestionVersion, Quiz
from assessments.models.question import Question
from assessments.models.quiz import Section
from assessments.services import grading
from assessments.specs import section_of
from tracks.errors import Refused
from tracks.people import Person
from tracks.prepared import PreparedObjects

RANDOM = random.SystemRandom()
#: Kinds whose options in the author's order would give the answer away.
ORDER_TELLS = frozenset({QuestionVersion.Kind.ORDERING.value, QuestionVersion.Kind.MATCHING.value})


def draw(*, quiz: Quiz, user: Person, rng: random.Random = RANDOM) -> list[QuestionVersion]:
    """The newest versions of the questions that this person is asked now, section by section.

    A section asks its fixed questions and draws the rest by its tag: those that the person has met least
    often come first; among equals, chance decides. Unshuffled, they stand in the author's order.
    Raises Refused where a section has too few questions left.
    """
    sections: list[Section] = quiz.sections
    pools = _pools(sections, _candidates(bank=quiz.bank_id, quiz=quiz.pk, user=user.pk))
    chosen: list[int] = []
    for section, (fixed, drawable) in zip(sections, pools, strict=True):
        if len(drawable) < section["draw"] or len(fixed) < len(section.get("questions", ())):
            raise Refused(
                "questions_missing", _("This quiz cannot be started now: it has too few questions.")
            )
        picked = fixed + _unseen_first(drawable, rng)[: section["draw"]]
        if quiz.shuffle_questions:
            rng.shuffle(picked)
        else:
            picked[len(fixed) :] = sorted(picked[len(fixed) :], key=lambda question: question.pk)
        chosen += [question.version_id for question in picked]  # type: ignore[attr-defined]
    versions = QuestionVersion.objects.in_bulk(chosen)
    return [versions[pk] for pk in chosen]


def _pools(
    sections: Sequence[Section], candidates: Iterable[Question]
) -> list[tuple[list[Question], list[Question]]]:
    """For each section its fixed questions, in their order, and those that it can draw."""
    by_key = {question.key: question for question in candidates}
    tags = [section["tag"] for section in sections if section["tag"]]
    fixed = [
        [by_key.pop(key) for key in section.get("questions", ()) if key in by_key] for section in sections
    ]
    by_tag: dict[str | None, list[Question]] = defaultdict(list)
    for question in by_key.values():
        by_tag[section_of(question.tags, tags)].append(question)
    return [
        (own, by_tag[section["tag"]] if section["tag"] else [])
        for section, own in zip(sections, fixed, strict=True)
    ]


def _unseen_first(questions: list[Question], rng: random.Random) -> list[Question]:
    rng.shuffle(questions)
    return sorted(questions, key=lambda question: question.seen)  # type: ignore[attr-defined]


def _askable(bank: int, quiz: int, user: UUID) -> QuerySet[Question]:
    """The live questions of a bank, with how often this person met each of them in this quiz (`seen`)."""
    met = Q(versions__items__attempt__user=user, versions__items__attempt__quiz=quiz)
    live = Question.objects.live().filter(bank=bank)
    return live.annotate(seen=Count("versions__items", filter=met)).with_latest_version()


_candidates = PreparedObjects(_askable, bank=2_000_000_001, quiz=2_000_000_002, user=UUID(int=1))


def items_of(
    attempt: Attempt,
    versions: Iterable[QuestionVersion],
    *,
    shuffle: bool = True,
    rng: random.Random = RANDOM,
) -> list[AttemptItem]:
    """The attempt's items, unsaved, each with its options in an order of its own or, without shuffle, in the
    author's.
    """
    return [
        AttemptItem(
            attempt=attempt,
            position=position,
            question_version=version,
            option_order=_ordered(version, shuffle=shuffle, rng=rng),
        )
        for position, version in enumerate(versions, start=1)
    ]


def _ordered(version: QuestionVersion, *, shuffle: bool, rng: random.Random) -> list[str]:
    """Where the author's order would tell the answer, chance decides whatever the quiz says."""
    keys = grading.option_keys(version)
    if shuffle or version.kind in ORDER_TELLS:
        rng.shuffle(keys)
    return keys
