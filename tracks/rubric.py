"""What makes a lab's rubric and its demands on evidence sound: somebody must be able to pass, and to fail."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

EVIDENCE_KINDS = ("text", "link", "file")
EVIDENCE_DEMANDS = ("required", "optional", "none")


def validate_lab(
    *, evidence: Mapping[str, str], rubric: Sequence[Mapping[str, Any]], pass_points: int
) -> None:
    """ValidationError with one message a fault; see `tracks.models.Lab` for the shapes."""
    faults = [*_evidence_faults(evidence), *_rubric_faults(rubric)]
    if not faults:
        faults = _pass_faults(rubric, pass_points)
    if faults:
        raise ValidationError(faults)


def _evidence_faults(evidence: Mapping[str, str]) -> list[str]:
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
    if not any(evidence.get(kind, "none") != "none" for kind in EVIDENCE_KINDS):
        faults.append(_("The lab accepts no evidence; expected text, link or file."))
    return faults


def _rubric_faults(rubric: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rubric:
        return [_("The rubric has no criterion; expected at least one.")]
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


def _pass_faults(rubric: Sequence[Mapping[str, Any]], pass_points: int) -> list[str]:
    best = sum(criterion["levels"][-1]["points"] for criterion in rubric)
    if 1 <= pass_points <= best:
        return []
    return [
        _("The lab needs %(needed)s points to pass; expected 1 to %(best)s, the most that the rubric gives.")
        % {"needed": pass_points, "best": best}
    ]
