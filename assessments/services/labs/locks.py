"""Who holds what. Every change of a lab's work first locks the enrolment, then the submission."""

from uuid import UUID

from assessments.models import Submission
from tracks.models import Enrolment
from tracks.people import Person


def lock_enrolment(pk: UUID) -> Enrolment:
    held = Enrolment.objects.select_for_update(of=("self",)).select_related("cohort", "track", "user")
    return held.get(pk=pk)


def lock_submission(submission: Submission, *, signer: Person | None = None) -> Submission:
    """The submission as it is now. With `signer`, every enrolment of the learner and the signer is held.

    Two people who sign for each other at the same moment then meet at the same rows, in the same order.
    """
    learner = submission.enrolment.user_id
    rows = Enrolment.objects.filter(user=learner, track=submission.enrolment.track_id)
    if signer is not None:
        rows = Enrolment.objects.filter(user__in=[learner, signer.pk])
    held = rows.select_for_update()
    list(held.order_by("pk").values_list("pk", flat=True))
    related = ("lab__module", "enrolment__cohort", "enrolment__track", "enrolment__user", "claimed_by")
    return Submission.objects.select_for_update(of=("self",)).select_related(*related).get(pk=submission.pk)
