"""Reads of mentors' marks for answers in words: what waits, what is marked by what, and what was given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from assessments import rules
from assessments.models import Attempt, AttemptItem, ItemMark, QuestionVersion
from assessments.services import grading
from tracks import markdown
from tracks.people import Person

#: By when a mentor should have marked what was written.
MARKING_WORKING_DAYS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingForMarks:
    """An attempt in a mentor's queue; due_at: by when it should be marked."""

    attempt: Attempt
    due_at: datetime
    late: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenMark:
    """One criterion of a rubric with the level that was given."""

    title: str
    level: str
    points: int
    max_points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerInWords:
    """A decision with its justification, as asked and answered, and its rubric."""

    position: int
    prompt: SafeString
    policy: SafeString
    decision: str
    right_decision: str
    justification: str
    rubric: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedAnswer:
    """What a mentor made of one answer, for whoever gave it. points: None where they would tell too much."""

    position: int
    justification: str
    given: Sequence[GivenMark]
    points: Decimal | None
    comment: str
    marker: Person
    marked_at: datetime


def marking_queue(*, mentor: Person, at: datetime) -> list[WaitingForMarks]:
    """The attempts that wait for this mentor's marks, the oldest first. One query."""
    rows = (
        Attempt.objects.all()
        .markable_by(mentor)
        .waiting_for_marks()
        .select_related("quiz__module", "enrolment__cohort", "user")
        .order_by("submitted_at", "pk")
    )
    return [_waiting(attempt, at) for attempt in rows]


def _waiting(attempt: Attempt, at: datetime) -> WaitingForMarks:
    due_at = rules.working_days_after(
        attempt.submitted_at or attempt.deadline_at,
        days=MARKING_WORKING_DAYS,
        zone=attempt.enrolment.cohort.timezone,
    )
    return WaitingForMarks(attempt=attempt, due_at=due_at, late=at > due_at)


def answers_to_mark(attempt: Attempt) -> list[AnswerInWords]:
    """Of an attempt that waits for marks. One query."""
    items = attempt.items.filter(points=None).order_by("position").select_related("question_version")
    return [_in_words(item) for item in items]


def _in_words(item: AttemptItem) -> AnswerInWords:
    version = item.question_version
    response = item.response if isinstance(item.response, dict) else {}
    return AnswerInWords(
        position=item.position,
        prompt=markdown.render(version.prompt),
        policy=markdown.render(version.details.get("policy", "")),
        decision=_decision(response.get("decision", "")),
        right_decision=_decision(version.answer),
        justification=response.get("justification", ""),
        rubric=version.details["rubric"],
    )


def _decision(value: str) -> str:
    return str(QuestionVersion.Decision(value).label) if value else ""


def latest_marks(attempt: Attempt) -> dict[int, ItemMark]:
    """The mark that counts, by the item's id. One query."""
    rows = ItemMark.objects.filter(item__attempt=attempt).select_related("marker")
    return {mark.item_id: mark for mark in rows.order_by("marked_at", "pk")}


def marked_answers(items: Sequence[AttemptItem], marks: Mapping[int, ItemMark]) -> list[MarkedAnswer]:
    """items: with their question's version."""
    return [_marked(item, marks[item.pk]) for item in items if item.pk in marks]


def _marked(item: AttemptItem, mark: ItemMark) -> MarkedAnswer:
    response = item.response if isinstance(item.response, dict) else {}
    best = grading.best_marks(item.question_version)
    return MarkedAnswer(
        position=item.position,
        justification=response.get("justification", ""),
        given=[
            _given(criterion, mark.marks[criterion["key"]], best[criterion["key"]])
            for criterion in item.question_version.details["rubric"]
        ],
        points=mark.points,
        comment=mark.comment,
        marker=mark.marker,
        marked_at=mark.marked_at,
    )


def _given(criterion: Mapping[str, Any], points: int, best: int) -> GivenMark:
    level = next(level for level in criterion["levels"] if level["points"] == points)
    return GivenMark(title=criterion["title"], level=level["title"], points=points, max_points=best)
