"""Labs that are marked twice: two people mark without seeing each other's marks, a third settles."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from assessments import signals
from assessments.models import LabMark, Submission
from assessments.services.labs.announce import submission_fact
from assessments.services.labs.checks import (
    ensure_colleague,
    ensure_mentor,
    ensure_not_own,
    ensure_reviewable,
)
from assessments.services.labs.locks import lock_submission
from assessments.services.labs.marking import Turn, read_marks, settled, total, turn_of
from tracks.errors import Refused
from tracks.people import Person


@transaction.atomic
def mark(
    *,
    submission: Submission,
    marks: Mapping[str, int],
    comments: Mapping[str, str] | None = None,
    comment: str = "",
    evidence_hash: str,
    actor: Person,
    at: datetime,
) -> LabMark:
    """Give one's marks: a mentor of the learner first, then two colleagues, the second only where the first
    two differ by more than the lab's tolerance. It decides nothing: a mentor signs off or sends back after.

    The same person again gets their own marks. Raises ValidationError by criterion, and Refused `own_work`,
    `not_mentor`, `not_colleague`, `marked_once` (the lab is not marked twice), `settled`, or as `claim` does.
    """
    submission = lock_submission(submission)
    if done := submission.marks.filter(marker=actor).first():
        return done
    turn = turn_of(submission)
    ensure_not_own(actor, submission.enrolment)
    if turn is Turn.REVIEW:
        raise Refused("marked_once", _("One person marks this lab: sign it off, or send it back."))
    if turn is Turn.DECIDE:
        raise Refused("settled", _("The marks of this round are settled."))
    if turn.colleague:
        ensure_colleague(actor, submission.enrolment, at)
    else:
        ensure_mentor(submission, actor, at)
    ensure_reviewable(submission, evidence_hash, actor, at)
    read = read_marks(submission.lab, marks, complete=True, comments=comments)
    given = LabMark.objects.create(
        submission=submission,
        learner=submission.enrolment.user,
        marker=actor,
        part={Turn.FIRST: 1, Turn.SECOND: 2, Turn.THIRD: 3}[turn],
        marks=read,
        points=int(total(read)),
        comment=comment.strip(),
        marked_at=at,
    )
    submission.claimed_by = submission.claimed_until = None
    submission.save(update_fields=["claimed_by", "claimed_until"])
    is_settled = settled(submission.lab, list(submission.marks.all())) is not None
    fact = submission_fact(
        "lab_marked", submission, actor, at, part=given.part, points=given.points, settled=is_settled
    )
    signals.lab_marked.send(sender=LabMark, facts=[fact])
    return given
