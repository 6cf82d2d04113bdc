"""Marks against a lab's rubric: read what a reviewer chose, settle two markers, say what a sign-off lacks."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.models import LabMark, Submission
from tracks.models import Lab

LONGEST_COMMENT = 2000


class Mark(TypedDict):
    """One criterion as it was marked; it carries the rubric's words, because the rubric may change.

    points: text where they end in a half (the mean of two marks).
    """

    key: str
    title: str
    points: int | str
    max_points: int
    weight: int
    level: str
    comment: str


class Turn(StrEnum):
    """Whose turn it is on a round that has been handed in."""

    REVIEW = "review"
    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    DECIDE = "decide"

    @property
    def marks(self) -> bool:
        """Whether marks are given without deciding anything."""
        return self in {Turn.FIRST, Turn.SECOND, Turn.THIRD}

    @property
    def colleague(self) -> bool:
        """Whether it is the turn of a second person."""
        return self in {Turn.SECOND, Turn.THIRD}


def turn_of(submission: Submission) -> Turn:
    """REVIEW where one mentor marks and decides; else two mark, a third where they differ, then DECIDE."""
    if not submission.lab.second_marker:
        return Turn.REVIEW
    marks = list(submission.marks.all())
    if len(marks) < LabMark.Part.SECOND:
        return (Turn.FIRST, Turn.SECOND)[len(marks)]
    return Turn.DECIDE if settled(submission.lab, marks) is not None else Turn.THIRD


def settled(lab: Lab, marks: Sequence[LabMark]) -> list[Mark] | None:
    """The marks that count: a third person's; else, where two are within the tolerance, their mean or the
    first's, as the lab says. None while they are not settled.
    """
    by_part = {mark.part: mark for mark in marks}
    if third := by_part.get(LabMark.Part.THIRD):
        return list(third.marks)
    first, second = by_part.get(LabMark.Part.FIRST), by_part.get(LabMark.Part.SECOND)
    if first is None or second is None or abs(first.points - second.points) > lab.tolerance:
        return None
    if lab.settle == Lab.Settle.FIRST:
        return list(first.marks)
    return [_mean(one, other) for one, other in zip(first.marks, second.marks, strict=True)]


def _mean(one: Mark, other: Mark) -> Mark:
    points = (Decimal(one["points"]) + Decimal(other["points"])) / 2
    levels = dict.fromkeys((one["level"], other["level"]))
    comments = dict.fromkeys(mark["comment"] for mark in (one, other) if mark["comment"])
    return {
        **one,
        "points": number(points),
        "level": " / ".join(levels),
        "comment": "\n".join(comments),
    }


def number(points: Decimal) -> int | str:
    """A whole number as one, a half as text: canonical JSON has no floats of ours."""
    return int(points) if points == int(points) else str(points)


def total(marks: Sequence[Mark]) -> Decimal:
    """The weighted sum."""
    return sum((Decimal(mark["points"]) * mark.get("weight", 1) for mark in marks), Decimal(0))


def read_marks(
    lab: Lab,
    chosen: Mapping[str, int],
    *,
    complete: bool,
    comments: Mapping[str, str] | None = None,
) -> list[Mark]:
    """The marks in the rubric's order. ValidationError, by criterion, for a level that is not in it.

    complete: every criterion has to be marked (to sign off); else only what was chosen, or commented on, is
    kept. comments: by the criterion's key.
    """
    marks: list[Mark] = []
    problems: dict[str, str] = {}
    comments = comments or {}
    for criterion in lab.rubric:
        key = criterion["key"]
        level = _level(criterion, chosen.get(key))
        if level is not None:
            marks.append(_mark(criterion, level, comments.get(key, "")))
        elif key in chosen:
            problems[key] = _("This level is not part of the rubric.")
        elif complete or comments.get(key, "").strip():
            problems[key] = _("Choose a level.")
    known = {criterion["key"] for criterion in lab.rubric}
    if problems or not chosen.keys() | comments.keys() <= known:
        raise ValidationError(problems or _("The rubric has changed; open the page again."), code="marks")
    return marks


def _mark(criterion: Mapping[str, Any], level: Mapping[str, Any], comment: str) -> Mark:
    return Mark(
        key=criterion["key"],
        title=criterion["title"],
        points=level["points"],
        max_points=criterion["levels"][-1]["points"],
        weight=criterion.get("weight", 1),
        level=level["title"],
        comment=comment.strip()[:LONGEST_COMMENT],
    )


def shortfalls(lab: Lab, marks: Sequence[Mark]) -> list[str]:
    """Why these marks do not allow a sign-off, in words; empty where they do."""
    minimum = {criterion["key"]: criterion.get("minimum", 0) for criterion in lab.rubric}
    found = [
        _("“%(title)s” has %(points)s points and needs %(minimum)s.")
        % {"title": mark["title"], "points": mark["points"], "minimum": minimum.get(mark["key"], 0)}
        for mark in marks
        if Decimal(mark["points"]) < minimum.get(mark["key"], 0)
    ]
    reached = total(marks)
    if lab.pass_points is not None and reached < lab.pass_points:
        found.append(
            _("The total is %(total)s points and has to be %(needed)s.")
            % {"total": number(reached), "needed": lab.pass_points}
        )
    return found


def _level(criterion: Mapping[str, Any], points: int | None) -> Mapping[str, Any] | None:
    return next((level for level in criterion["levels"] if level["points"] == points), None)
