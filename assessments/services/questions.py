"""Question banks: put a bank as its author wants it; what was asked before stays as it was asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from assessments.models import Question, QuestionBank, QuestionVersion
from assessments.question_specs import QuestionSpec, check_questions
from assessments.services.question_columns import columns_of, digest_of
from assessments.services.question_images import put_image
from tracks.models import Track
from tracks.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class BankChange:
    """Keys of the questions that were added, given a new version or other tags, or retired."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.retired)


@dataclass(frozen=True, kw_only=True, slots=True)
class Edited:
    """Whose edit in the browser a question carries; None: it is as the playbook's files have it."""

    by: Person | None
    at: datetime | None


AS_IN_FILES = Edited(by=None, at=None)


@transaction.atomic
def put_bank(
    *, track: Track, key: str, questions: Sequence[QuestionSpec], at: datetime
) -> tuple[QuestionBank, BankChange]:
    """Make the bank hold exactly these questions; absent ones are retired. Idempotent.

    An edited text or key makes a new version; attempts keep the version that they drew. What was edited in
    the browser since is no longer marked so: the bank is as the files have it.
    Raises ValidationError, naming the question, where one cannot be asked or graded.
    """
    check_questions(questions)
    bank, _created = QuestionBank.objects.get_or_create(track=track, key=key)
    bank = QuestionBank.objects.select_for_update().get(pk=bank.pk)
    added, changed = put_into(bank, questions, edited=AS_IN_FILES, at=at)
    wanted = {spec.key for spec in questions}
    rows = bank.questions.live().exclude(key__in=wanted)
    retired = tuple(sorted(rows.values_list("key", flat=True)))
    rows.update(retired_at=at)
    bank.questions.exclude(edited_at=None).update(edited_at=None, edited_by=None)
    return bank, BankChange(added=tuple(added), changed=tuple(changed), retired=retired)


def put_into(
    bank: QuestionBank, questions: Sequence[QuestionSpec], *, edited: Edited, at: datetime
) -> tuple[list[str], list[str]]:
    """Add or change these questions of a locked bank; the keys that are new, and those that changed."""
    known = {question.key: question for question in bank.questions.select_related("bank")}
    hashes = _latest_hashes(bank)
    added, changed = [], []
    for spec in questions:
        question = known.get(spec.key)
        if question is None:
            question = Question.objects.create(
                bank=bank,
                key=spec.key,
                edited_at=edited.at,
                edited_by=edited.by,
                **_classification(spec),
            )
            _put_version(question, spec, latest=None, at=at)
            added.append(spec.key)
            continue
        reclassified = _reclassify(question, spec)
        if _put_version(question, spec, latest=hashes.get(spec.key), at=at) or reclassified:
            changed.append(spec.key)
            mark_edited(question, edited)
    return added, changed


def mark_edited(question: Question, edited: Edited) -> None:
    question.edited_at, question.edited_by = edited.at, edited.by
    question.save(update_fields=["edited_at", "edited_by"])


def _latest_hashes(bank: QuestionBank) -> dict[str, tuple[int, str]]:
    """The number and hash of each question's newest version, by the question's key."""
    versions = QuestionVersion.objects.filter(question__bank=bank).order_by("number")
    return {
        key: (number, digest)
        for key, number, digest in versions.values_list("question__key", "number", "sha256")
    }


def _classification(spec: QuestionSpec) -> dict[str, Any]:
    return {
        "tags": list(spec.tags),
        "difficulty": spec.difficulty,
        "lesson_key": spec.lesson,
        "retired_at": None,
    }


def _reclassify(question: Question, spec: QuestionSpec) -> bool:
    """Tags and the like do not change what is asked: they are set in place."""
    wanted = _classification(spec)
    if all(getattr(question, name) == value for name, value in wanted.items()):
        return False
    for name, value in wanted.items():
        setattr(question, name, value)
    question.save(update_fields=list(wanted))
    return True


def _put_version(
    question: Question, spec: QuestionSpec, *, latest: tuple[int, str] | None, at: datetime
) -> bool:
    """A version of its own for every change, asked or not: who drew the last one this second keeps it."""
    number, known = latest or (0, "")
    digest = digest_of(spec)
    if digest == known:
        return False
    images = [put_image(bank=question.bank, spec=image, at=at) for image in spec.images]
    version = QuestionVersion.objects.create(
        question=question,
        number=number + 1,
        sha256=digest,
        published_at=at,
        images=[{"id": str(image.pk), "sha256": image.sha256, "alt": image.alt} for image in images],
        **columns_of(spec),
    )
    if images:
        version.pictures.set(images)
    return True
