"""What a lab asks for before its work can be handed in."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import EvidenceFile, Observation, Submission
from assessments.services.labs.evidence import ensure_types
from tracks.models import Lab


def ensure_complete(submission: Submission, files: Sequence[EvidenceFile]) -> None:
    """ValidationError by field (`text`, `link`, `files`), or without one for observed cases."""
    lab, demands = submission.lab, submission.lab.evidence
    given = {"text": submission.text.strip(), "link": submission.link, "files": files}
    missing: dict[str, str] = {}
    if demands.get("text") == "required" and not given["text"]:
        missing["text"] = _("Write what you did and what you found.")
    if demands.get("link") == "required" and not given["link"]:
        missing["link"] = _("Give the link to your work.")
    if demands.get("file") == "required" or files:
        missing |= _files_missing(lab, len(files))
    if missing:
        raise ValidationError(missing, code="evidence_missing")
    ensure_types(lab, [file.name for file in files])
    _ensure_observed(submission)
    if not any(given.values()) and not lab.observed_cases:
        raise ValidationError(_("There is nothing to hand in yet."), code="evidence_missing")


def handled_cases(submission: Submission) -> int:
    """How many observed cases of this round count."""
    return submission.observations.filter(outcome__in=Observation.HANDLED).count()


def _files_missing(lab: Lab, count: int) -> dict[str, str]:
    if lab.min_files <= count <= lab.max_files:
        return {}
    if count > lab.max_files:
        message = ngettext(
            "Keep at most %(max)d file; %(count)d are attached.",
            "Keep at most %(max)d files; %(count)d are attached.",
            lab.max_files,
        )
        return {"files": message % {"max": lab.max_files, "count": count}}
    if lab.min_files == 1:
        return {"files": _("Attach at least one file.")}
    message = ngettext(
        "Attach at least %(min)d files; %(count)d is there.",
        "Attach at least %(min)d files; %(count)d are there.",
        count,
    )
    return {"files": message % {"min": lab.min_files, "count": count}}


def _ensure_observed(submission: Submission) -> None:
    needed = submission.lab.observed_cases
    if needed and (count := handled_cases(submission)) < needed:
        message = ngettext(
            "A mentor has to observe %(needed)d case that you handle; %(count)d is recorded so far.",
            "A mentor has to observe %(needed)d cases that you handle; recorded so far: %(count)d.",
            needed,
        )
        raise ValidationError(message % {"needed": needed, "count": count}, code="cases_missing")
