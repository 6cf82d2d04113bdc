"""What every step of a review checks first: who asks, whether it waits, and for the evidence they saw."""

from datetime import datetime

from django.utils.translation import gettext as _

from assessments import reviewers
from assessments.models import Appeal, SignOff, Submission
from assessments.services.labs.evidence import stored_hash
from tracks.errors import Refused
from tracks.models import Enrolment, Mentorship
from tracks.people import Person
from tracks.zones import in_words

State = Submission.State


def ensure_mentor(submission: Submission, actor: Person, at: datetime) -> Mentorship:
    """The mentorship by which the actor reviews. Refused `own_work`, `not_mentor`."""
    ensure_not_own(actor, submission.enrolment)
    mentorship = reviewers.mentorship_for(actor, submission.enrolment, at)
    if mentorship is None:
        raise Refused("not_mentor", _("You do not mentor this person now."))
    return mentorship


def ensure_not_own(actor: Person, enrolment: Enrolment) -> None:
    if actor.pk == enrolment.user_id:
        raise Refused("own_work", _("Nobody reviews their own work."))


def ensure_colleague(actor: Person, enrolment: Enrolment, at: datetime) -> None:
    ensure_not_own(actor, enrolment)
    if not reviewers.is_colleague(actor, enrolment, at):
        raise Refused("not_colleague", _("You do not mentor anybody on this track now."))


def ensure_waiting(submission: Submission) -> None:
    if submission.state == State.SIGNED_OFF:
        raise Refused("already_signed", _("This lab has been signed off already."))
    if submission.state != State.SUBMITTED:
        raise Refused("reviewed", _("This round is not waiting for a review any more."))


def ensure_reviewable(submission: Submission, evidence_hash: str | None, actor: Person, at: datetime) -> None:
    ensure_waiting(submission)
    ensure_not_claimed_by_another(submission, actor, at)
    ensure_not_appealed_from(submission, actor)
    if evidence_hash is not None and evidence_hash != submission.content_hash:
        raise Refused(
            "evidence_changed",
            _("The evidence changed since you opened the page. Read it again, then decide."),
        )


def ensure_not_claimed_by_another(submission: Submission, actor: Person, at: datetime) -> None:
    if reviewers.claims([submission], at).get(submission.pk, actor) != actor:
        until = in_words(submission.claimed_until) if submission.claimed_until else ""
        raise Refused(
            "claimed",
            _("%(name)s has taken this review, until %(until)s.")
            % {"name": submission.claimed_by, "until": until},
        )


def ensure_not_appealed_from(submission: Submission, actor: Person) -> None:
    """After an appeal was upheld, somebody else than the first reviewer looks at the work again."""
    if Appeal.objects.filter(again=submission, review__reviewer=actor).exists():
        raise Refused(
            "first_reviewer",
            _("An appeal against your review was upheld, so another mentor of this person reviews it now."),
        )


def ensure_may_sign(enrolment: Enrolment, actor: Person) -> None:
    """Refused `enrolment_withdrawn`; or `reciprocal`, where the learner has signed for the actor."""
    if enrolment.state == Enrolment.State.WITHDRAWN:
        raise Refused("enrolment_withdrawn", _("This person is no longer enrolled on the track."))
    if reviewers.signed_by_own_learner(actor, enrolment.user):
        raise Refused(
            "reciprocal",
            _("%(name)s has signed off a lab of yours, so another mentor has to sign this one.")
            % {"name": enrolment.user.name},
        )


def ensure_unchanged(submission: Submission) -> None:
    """What is stored is still what was handed in."""
    if submission.erased_at is not None:
        raise Refused(
            "evidence_erased",
            _("The evidence was erased for this person, so nobody can sign for it. Send the lab back."),
        )
    if stored_hash(submission) != submission.content_hash:
        raise Refused(
            "evidence_changed",
            _("A stored file is no longer what was handed in. Send it back and ask for it again."),
        )


def ensure_pending(sign_off: SignOff) -> None:
    if not sign_off.open:
        raise Refused("ended", _("This sign-off was withdrawn, or its evidence changed."))
    if not sign_off.pending:
        raise Refused("already_signed", _("Nobody else has to sign this any more."))
