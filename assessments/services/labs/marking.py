"""Marks against a lab's rubric: read what a reviewer chose, and say what a sign-off still lacks."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tracks.models import Lab


class Mark(TypedDict):
    """One criterion as it was marked; it carries the rubric's words, because the rubric may change."""

    key: str
    title: str
    points: int
    max_points: int
    level: str


def read_marks(lab: Lab, chosen: Mapping[str, int], *, complete: bool) -> list[Mark]:
    """The marks in the rubric's order. ValidationError, by criterion, for a level that is not in it.

    complete: every criterion has to be marked (to sign off); else only what was chosen is kept.
    """
    marks: list[Mark] = []
    problems: dict[str, str] = {}
    for criterion in lab.rubric:
        key = criterion["key"]
        level = _level(criterion, chosen.get(key))
        if level is not None:
            marks.append(
                Mark(
                    key=key,
                    title=criterion["title"],
                    points=level["points"],
                    max_points=criterion["levels"][-1]["points"],
                    level=level["title"],
                )
            )
        elif key in chosen:
            problems[key] = _("This level is not part of the rubric.")
        elif complete:
            problems[key] = _("Choose a level.")
    known = {criterion["key"] for criterion in lab.rubric}
    if problems or not chosen.keys() <= known:
        raise ValidationError(problems or _("The rubric has changed; open the page again."), code="marks")
    return marks


def shortfalls(lab: Lab, marks: Sequence[Mark]) -> list[str]:
    """Why these marks do not allow a sign-off, in words; empty where they do."""
    minimum = {criterion["key"]: criterion.get("minimum", 0) for criterion in lab.rubric}
    found = [
        _("“%(title)s” has %(points)d points and needs %(minimum)d.")
        % {"title": mark["title"], "points": mark["points"], "minimum": minimum[mark["key"]]}
        for mark in marks
        if mark["points"] < minimum[mark["key"]]
    ]
    total = sum(mark["points"] for mark in marks)
    if total < lab.pass_points:
        found.append(
            _("The total is %(total)d points and has to be %(needed)d.")
            % {"total": total, "needed": lab.pass_points}
        )
    return found


def _level(criterion: Mapping[str, Any], points: int | None) -> Mapping[str, Any] | None:
    return next((level for level in criterion["levels"] if level["points"] == points), None)
