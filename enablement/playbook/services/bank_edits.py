"""What authors edited in the browser since the files were applied: into the files, or named when undone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.models import Question, QuestionImage, QuestionVersion, Quiz
from assessments.question_specs import ImageSpec, QuestionSpec
from assessments.services.question_columns import spec_of
from assessments.services.question_images import content_of
from enablement.playbook.bundle import CONTENT, Bundle
from enablement.playbook.content.modules import QUIZ
from enablement.playbook.content.rewriting import rewrite


class _State(NamedTuple):
    """What a question says and how it is sorted; two that are equal are no difference."""

    sha256: str
    tags: tuple[str, ...]
    difficulty: int
    lesson: str
    retired: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One question that was added, changed, retired or restored in the browser."""

    name: str
    by: str
    on: str
    state: _State


def edits() -> dict[int, Edit]:
    """By the question's id. One query."""
    rows = _questions().exclude(edited_at=None).select_related("bank__track", "edited_by")
    return {
        row.pk: Edit(
            name=f"{row.bank.track.key}/{row.bank.key}/{row.key}",
            by=str(row.edited_by or _("somebody")),
            on=f"{timezone.localtime(row.edited_at):%Y-%m-%d}",
            state=_state(row),
        )
        for row in rows.order_by("bank__track__key", "bank__key", "key")
    }


def undone(before: Mapping[int, Edit]) -> tuple[str, ...]:
    """Which of these edits the tables no longer hold, in words for a plan. One query."""
    now = {row.pk: _state(row) for row in _questions().filter(pk__in=before)} if before else {}
    return tuple(
        f"question {edit.name}: the edit in the browser by {edit.by} on {edit.on} is undone; export the "
        "playbook and take the question from there to keep it"
        for pk, edit in before.items()
        if now[pk] != edit.state
    )


def with_edits(bundle: Bundle) -> Bundle:
    """The bundle with what was edited in the browser in its quizzes' files; unchanged where nothing was."""
    content = dict(bundle.content or {})
    banks = Question.objects.exclude(edited_at=None).values("bank")
    quizzes = Quiz.objects.live().filter(bank__in=banks).select_related("module__track")
    for quiz in quizzes.order_by("pk"):
        name = f"{quiz.module.track.key}/{quiz.module.key}/{QUIZ}"
        if name in content:
            specs, contents = _specs(quiz)
            content[name] = rewrite(
                content[name], file=f"{CONTENT}{name}", questions=specs, contents=contents
            )
    return bundle if content == (bundle.content or {}) else replace(bundle, content=content)


def _questions() -> Any:
    newest = QuestionVersion.objects.filter(question=OuterRef("pk")).order_by("-number")
    return Question.objects.annotate(sha256=Subquery(newest.values("sha256")[:1]))


def _state(row: Any) -> _State:
    return _State(
        sha256=row.sha256,
        tags=tuple(row.tags),
        difficulty=row.difficulty,
        lesson=row.lesson_key,
        retired=row.retired_at is not None,
    )


def _specs(quiz: Quiz) -> tuple[list[QuestionSpec], dict[str, bytes]]:
    """The live questions of a quiz's bank as they are, and the bytes of their images."""
    rows: list[Any] = list(quiz.bank.questions.live().with_latest_version().order_by("pk"))
    versions = QuestionVersion.objects.in_bulk([row.version_id for row in rows])
    specs = [spec_of(row, versions[row.version_id]) for row in rows]
    wanted = {image.sha256 for spec in specs for image in spec.images}
    contents = dict(_contents(quiz, wanted))
    return [
        replace(spec, images=tuple(_whole(image, contents) for image in spec.images)) for spec in specs
    ], contents


def _contents(quiz: Quiz, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    for image in QuestionImage.objects.filter(bank=quiz.bank_id, sha256__in=wanted):
        yield image.sha256, content_of(image)


def _whole(image: ImageSpec, contents: Mapping[str, bytes]) -> ImageSpec:
    return replace(image, content=contents[image.sha256])
