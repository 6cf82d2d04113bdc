"""A claim keeps others from doing the same review for a while."""

from datetime import datetime, timedelta

from django.db import transaction

from assessments.models import Submission
from assessments.services.labs.checks import (
    ensure_colleague,
    ensure_mentor,
    ensure_not_claimed_by_another,
    ensure_waiting,
)
from assessments.services.labs.locks import lock_submission
from assessments.services.labs.marking import turn_of
from tracks.people import Person

CLAIM = timedelta(hours=8)


@transaction.atomic
def claim(*, submission: Submission, actor: Person, at: datetime) -> Submission:
    """Keep other mentors from doing the same review for 8 hours; again prolongs it.

    A claim of somebody who may not review any more is no claim. Refused `own_work`, `not_mentor` (or
    `not_colleague`, where second marks are wanted), `claimed` (it says by whom) or `reviewed`.
    """
    submission = lock_submission(submission)
    if turn_of(submission).colleague:
        ensure_colleague(actor, submission.enrolment, at)
    else:
        ensure_mentor(submission, actor, at)
    ensure_waiting(submission)
    ensure_not_claimed_by_another(submission, actor, at)
    submission.claimed_by = actor
    submission.claimed_until = at + CLAIM
    submission.save(update_fields=["claimed_by", "claimed_until"])
    return submission


@transaction.atomic
def release(*, submission: Submission, actor: Person, at: datetime) -> bool:
    """Give one's claim back; False where it was not one's own, or had lapsed by `at`."""
    claims = Submission.objects.filter(pk=submission.pk, claimed_by=actor, claimed_until__gt=at)
    return bool(claims.update(claimed_by=None, claimed_until=None))
