"""Who holds what. Every change of a lab's work locks enrolments, then the submission, then the sign-off."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from assessments.models import SignOff, Submission
from tracks.models import Enrolment
from tracks.people import Person


def lock_enrolment(pk: UUID) -> Enrolment:
    held = Enrolment.objects.select_for_update(of=("self",)).select_related("cohort", "track", "user")
    return held.get(pk=pk)


def lock_learners(user_ids: Iterable[Any]) -> None:
    """Every enrolment of these people, in one order for everybody.

    Two people who sign for each other at the same moment then meet at the same rows.
    """
    held = Enrolment.objects.filter(user__in=set(user_ids)).select_for_update()
    list(held.order_by("pk").values_list("pk", flat=True))


def lock_submission(submission: Submission, *, signer: Person | None = None) -> Submission:
    """The submission as it is now. With `signer`, every enrolment of the learner and the signer is held."""
    learner = submission.enrolment.user_id
    if signer is not None:
        lock_learners({learner, signer.pk})
    else:
        held = Enrolment.objects.filter(user=learner, track=submission.enrolment.track_id)
        list(held.select_for_update().order_by("pk").values_list("pk", flat=True))
    related = ("lab__module", "enrolment__cohort", "enrolment__track", "enrolment__user", "claimed_by")
    return Submission.objects.select_for_update(of=("self",)).select_related(*related).get(pk=submission.pk)


def lock_sign_off(sign_off: SignOff, *, signer: Person | None = None) -> SignOff:
    """The sign-off as it is now, its submission held before it."""
    lock_submission(sign_off.submission, signer=signer)
    related = ("lab__module", "enrolment__cohort", "enrolment__track", "enrolment__user", "submission")
    return SignOff.objects.select_for_update(of=("self",)).select_related(*related).get(pk=sign_off.pk)
