"""Whether answers to one version of a question can be marked by the key of another."""

from typing import Any

from django.utils.translation import gettext as _

from assessments.models import QuestionVersion
from assessments.services import grading

Kind = QuestionVersion.Kind


def why_incomparable(asked: QuestionVersion, key: QuestionVersion) -> str:
    """What differs in structure, in words; empty where only wording, key, tolerance or scoring do."""
    if asked.kind != key.kind:
        return _("it was of another kind: %(kind)s") % {"kind": asked.get_kind_display()}
    if asked.unit != key.unit:
        return _("it asked for another unit")
    if asked.kind == Kind.DECISION:
        return "" if _rubric(asked) == _rubric(key) else _("its rubric was another one")
    if sorted(grading.option_keys(asked)) != sorted(grading.option_keys(key)):
        return _("it had other options")
    return ""


def _rubric(version: QuestionVersion) -> list[tuple[str, int, list[int]]]:
    """What a mentor's marks mean: the criteria with their weights and the points of their levels."""
    rubric: list[dict[str, Any]] = version.details.get("rubric", [])
    return [
        (
            criterion["key"],
            criterion.get("weight", 1),
            [level["points"] for level in criterion["levels"]],
        )
        for criterion in rubric
    ]
