"""After an appeal against a mark: the new one, and another review where the round was sent back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.models import LabReview, SignOff, Submission
from assessments.services.labs.drafts import hand_in
from assessments.services.labs.locks import lock_submission
from tracks.errors import Refused

State = Submission.State


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMark:
    """In words; `again` is the round that another mentor reviews, None where the lab is signed off."""

    before: str
    after: str
    again: Submission | None


def correct_mark(*, review: LabReview, criterion: str, points: int | None, at: datetime) -> NewMark:
    """Within the transaction of the appeal. The review stays as it was given; the appeal says the new mark.

    Work that was sent back goes to another mentor: as it was handed in, unless the learner has changed it
    since, who then hands it in. Raises ValidationError (`points`), Refused `not_more`.
    """
    submission = lock_submission(review.submission)
    (given,) = (mark for mark in review.marks if mark["key"] == criterion)
    level = _level(submission, criterion, points)
    if Decimal(level["points"]) <= Decimal(given["points"]):
        raise Refused(
            "not_more", _("This level earns no more than the first one. Do not uphold the appeal instead.")
        )
    return NewMark(
        before=_words(given["level"], given["points"]),
        after=_words(level["title"], level["points"]),
        again=_again(submission, review, at),
    )


def _level(submission: Submission, criterion: str, points: int | None) -> Mapping[str, Any]:
    levels: list[Mapping[str, Any]] = [
        level for each in submission.lab.rubric if each["key"] == criterion for level in each["levels"]
    ]
    found = next((level for level in levels if level["points"] == points), None)
    if found is None:
        raise ValidationError({"points": _("Choose a level.")}, code="points")
    return found


def _words(level: str, points: object) -> str:
    return f"{level} ({points})" if level else str(points)


def _again(submission: Submission, review: LabReview, at: datetime) -> Submission | None:
    signed = SignOff.objects.open().filter(enrolment=submission.enrolment_id, lab=submission.lab_id)
    if review.verdict != LabReview.Verdict.SEND_BACK or signed.exists():
        return None
    rounds = Submission.objects.filter(enrolment=submission.enrolment_id, lab=submission.lab_id)
    later = rounds.open().filter(round__gt=submission.round).first()
    if later is not None and later.state == State.DRAFT and _same(submission, later):
        try:
            return hand_in(submission=later, actor=submission.enrolment.user, at=at)
        except (Refused, ValidationError):
            # It stays the learner's to hand in, who sees what is missing.
            later.refresh_from_db()
    return later


def _same(submission: Submission, draft: Submission) -> bool:
    files = [set(each.files.values_list("sha256", flat=True)) for each in (submission, draft)]
    return (submission.text, submission.link) == (draft.text, draft.link) and files[0] == files[1]
