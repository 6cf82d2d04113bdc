"""Who may act on a lab now: the learner's mentor, their delegate, and who else mentors on the same track."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from assessments.models import SignOff, Submission
from tracks.models import Delegation, Enrolment, Mentorship
from tracks.people import Person


def mentorship_for(user: Person, enrolment: Enrolment, at: datetime) -> Mentorship | None:
    """The mentorship by which this person may review: their own, else one of a mentor they stand in for."""
    found = Mentorship.objects.all().answered_by(user, at).filter(enrolment=enrolment)
    return min(found.order_by("pk"), key=lambda each: each.mentor_id != user.pk, default=None)


def reviews(user: Person, enrolment: Enrolment, at: datetime) -> bool:
    return user.pk != enrolment.user_id and mentorship_for(user, enrolment, at) is not None


def is_colleague(user: Person, enrolment: Enrolment, at: datetime) -> bool:
    """Whether they may give the second marks or signature: they mentor somebody on the same track now."""
    if user.pk == enrolment.user_id:
        return False
    answered = Mentorship.objects.all().answered_by(user, at)
    return answered.filter(enrolment__track=enrolment.track_id).exists()


def may_withdraw(user: Person, sign_off: SignOff, at: datetime) -> bool:
    """Whoever gave it, who reviews the learner now, who runs the cohort; never the learner.

    One that waits for the second signature also by whoever might give that.
    """
    if user.pk == sign_off.learner_id:
        return False
    return (
        user.pk in (sign_off.signer_id, sign_off.countersigned_by_id)
        or reviews(user, sign_off.enrolment, at)
        or user.has_perm("tracks.run_cohort", sign_off.enrolment.cohort)
        or may_countersign(user, sign_off, at)
    )


def may_countersign(user: Person, sign_off: SignOff, at: datetime) -> bool:
    """A colleague; neither the learner nor the first signer."""
    return sign_off.pending and user.pk != sign_off.signer_id and is_colleague(user, sign_off.enrolment, at)


def signed_by_own_learner(signer: Person, learner: Person) -> bool:
    """Whether a lab of the signer, on whatever track, rests on a signature of this learner."""
    of_signer = SignOff.objects.open().filter(learner=signer)
    return (of_signer.filter(signer=learner) | of_signer.filter(countersigned_by=learner)).exists()


def claims(submissions: Sequence[Submission], at: datetime) -> dict[UUID, Person]:
    """Who has which of these submissions now. A claim holds while it has not lapsed and while whoever made it
    may still review: one of a mentor who has ended blocks nobody. At most two queries.
    """
    claimed = [submission for submission in submissions if submission.claimed_at(at)]
    if not claimed:
        return {}
    acts_for: dict[Any, set[Any]] = defaultdict(set)
    for submission in claimed:
        acts_for[submission.claimed_by_id].add(submission.claimed_by_id)
    delegations = Delegation.objects.in_force(at).filter(delegate__in=list(acts_for))
    for delegate, mentor in delegations.values_list("delegate", "mentor"):
        acts_for[delegate].add(mentor)
    tracks = {submission.enrolment.track_id for submission in claimed}
    rows = Mentorship.objects.current().filter(
        mentor__in=set().union(*acts_for.values()), enrolment__track__in=tracks
    )
    held = list(rows.values_list("mentor", "enrolment", "enrolment__track"))
    return {
        submission.pk: submission.claimed_by
        for submission in claimed
        if _may_act(submission, acts_for[submission.claimed_by_id], held)
    }


def _may_act(submission: Submission, mentors: set[Any], held: Sequence[tuple[Any, Any, Any]]) -> bool:
    enrolment, colleagues_too = submission.enrolment, submission.lab.second_marker
    return any(
        mentor in mentors and (on == enrolment.pk or (colleagues_too and track == enrolment.track_id))
        for mentor, on, track in held
    )
