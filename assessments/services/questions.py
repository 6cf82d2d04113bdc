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


@dataclass(frozen=True, kw_only=True, slots=True)
class BankChange:
    """Keys of the questions that a `put_bank` added, gave a new version or other tags, or retired."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.retired)


@transaction.atomic
def put_bank(
    *, track: Track, key: str, questions: Sequence[QuestionSpec], at: datetime
) -> tuple[QuestionBank, BankChange]:
    """Make the bank hold exactly these questions; absent ones are retired. Idempotent.

    An edited text or key makes a new version; attempts keep the version that they drew.
    Raises ValidationError, naming the question, where one cannot be asked or graded.
    """
    check_questions(questions)
    bank, _created = QuestionBank.objects.get_or_create(track=track, key=key)
    bank = QuestionBank.objects.select_for_update().get(pk=bank.pk)
    known = {question.key: question for question in bank.questions.select_related("bank")}
    hashes = _latest_hashes(bank)
    added, changed = [], []
    for spec in questions:
        question = known.get(spec.key)
        if question is None:
            question = Question.objects.create(bank=bank, key=spec.key, **_classification(spec))
            added.append(spec.key)
        elif _reclassify(question, spec):
            changed.append(spec.key)
        if _put_version(question, spec, latest=hashes.get(spec.key), at=at) and spec.key not in (
            *added,
            *changed,
        ):
            changed.append(spec.key)
    retired = sorted(
        key
        for key, question in known.items()
        if question.retired_at is None and key not in {q.key for q in questions}
    )
    bank.questions.filter(key__in=retired).update(retired_at=at)
    return bank, BankChange(added=tuple(added), changed=tuple(changed), retired=tuple(retired))


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
    version.pictures.set(images)
    return True
