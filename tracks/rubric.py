"""What makes a lab's rubric and its demands on evidence sound: somebody must be able to pass, and to fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

EVIDENCE_KINDS = ("text", "link", "file")
EVIDENCE_DEMANDS = ("required", "optional", "none")
#: The endings of files that can be kept as evidence.
FILE_TYPES = ("csv", "docx", "jpeg", "jpg", "md", "pdf", "png", "txt", "xlsx")
MAX_FILES = 5
MAX_OBSERVED = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class LabRules:
    """How a lab is handed in and signed off; see the fields of `tracks.models.Lab`."""

    file_types: Sequence[str] = ()
    min_files: int = 1
    max_files: int = MAX_FILES
    observed_cases: int = 0
    second_marker: bool = False
    tolerance: int = 0
    settle: str = "mean"
    countersigned: bool = False
    review_days: int = 2


PLAIN = LabRules()


def validate_lab(
    *,
    evidence: Mapping[str, str],
    rubric: Sequence[Mapping[str, Any]],
    pass_points: int | None,
    rules: LabRules = PLAIN,
) -> None:
    """ValidationError with one message a fault; see `tracks.models.Lab` for the shapes."""
    faults = [
        *_evidence_faults(evidence, observed=rules.observed_cases),
        *file_faults(rules),
        *_rubric_faults(rubric),
        *marking_faults(rules, rubric),
    ]
    if not faults:
        faults = _pass_faults(rubric, pass_points)
    if faults:
        raise ValidationError(faults)


def validate_rubric(rubric: Sequence[Mapping[str, Any]]) -> None:
    """ValidationError with one message a fault; for what is marked by a rubric and is no lab."""
    if faults := _rubric_faults(rubric):
        raise ValidationError(faults)


def _evidence_faults(evidence: Mapping[str, str], *, observed: int) -> list[str]:
    faults = [
        _("Evidence “%(kind)s” is unknown; expected text, link or file.") % {"kind": kind}
        for kind in evidence
        if kind not in EVIDENCE_KINDS
    ]
    faults += [
        _("Evidence “%(kind)s” is “%(demand)s”; expected required, optional or none.")
        % {"kind": kind, "demand": demand}
        for kind, demand in evidence.items()
        if demand not in EVIDENCE_DEMANDS
    ]
    if not observed and not any(evidence.get(kind, "none") != "none" for kind in EVIDENCE_KINDS):
        faults.append(_("The lab accepts no evidence; expected text, link or file."))
    return faults


def file_faults(rules: LabRules) -> list[str]:
    faults = [
        _("Files of type “%(type)s” cannot be kept; expected %(types)s.")
        % {"type": kind, "types": ", ".join(FILE_TYPES)}
        for kind in rules.file_types
        if kind not in FILE_TYPES
    ]
    if not 1 <= rules.min_files <= rules.max_files <= MAX_FILES:
        faults.append(
            _("%(least)s to %(most)s files: expected 1 to %(max)s, the smaller number first.")
            % {"least": rules.min_files, "most": rules.max_files, "max": MAX_FILES}
        )
    return faults


def marking_faults(rules: LabRules, rubric: Sequence[Mapping[str, Any]]) -> list[str]:
    faults = []
    if rules.second_marker and not rubric:
        faults.append(_("A second marker needs a rubric to mark by."))
    if rules.tolerance and not rules.second_marker:
        faults.append(_("A tolerance is between two markers; the lab has one."))
    if not 0 <= rules.observed_cases <= MAX_OBSERVED:
        faults.append(
            _("%(cases)s observed cases; expected 0 to %(max)s.")
            % {"cases": rules.observed_cases, "max": MAX_OBSERVED}
        )
    return faults


def _rubric_faults(rubric: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = [criterion["key"] for criterion in rubric]
    faults = [
        _("Criterion “%(key)s” occurs twice in the rubric.") % {"key": key}
        for key in dict.fromkeys(keys)
        if keys.count(key) > 1
    ]
    for criterion in rubric:
        points = [level["points"] for level in criterion["levels"]]
        if len(points) < 2:  # noqa: PLR2004 - one level leaves nothing to choose
            faults.append(_("Criterion “%(key)s” needs at least two levels.") % {"key": criterion["key"]})
        elif any(later <= earlier for earlier, later in pairwise(points)):
            faults.append(
                _("The levels of criterion “%(key)s” must ascend in points.") % {"key": criterion["key"]}
            )
        elif not 0 <= criterion.get("minimum", 0) <= points[-1]:
            faults.append(
                _("Nobody can reach the minimum of criterion “%(key)s”: its best level gives %(best)s.")
                % {"key": criterion["key"], "best": points[-1]}
            )
    return faults


def _pass_faults(rubric: Sequence[Mapping[str, Any]], pass_points: int | None) -> list[str]:
    if not rubric:
        if pass_points is None:
            return []
        return [_("Without a rubric there are no points to pass; leave them out, or give the rubric.")]
    if pass_points is None:
        return [_("The lab has a rubric; expected the points to pass.")]
    best = sum(criterion.get("weight", 1) * criterion["levels"][-1]["points"] for criterion in rubric)
    if 1 <= pass_points <= best:
        return []
    return [
        _("The lab needs %(needed)s points to pass; expected 1 to %(best)s, the most that the rubric gives.")
        % {"needed": pass_points, "best": best}
    ]
