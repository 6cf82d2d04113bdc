"""The mentor's part of a lab: claim a submission, send it back, or sign it off."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assessments import rules, signals
from assessments.models import LabReview, SignOff, Submission
from assessments.services.labs.announce import sign_off_fact, submission_fact
from assessments.services.labs.evidence import stored_hash
from assessments.services.labs.locks import lock_submission
from assessments.services.labs.marking import Mark, read_marks, shortfalls
from assessments.services.labs.rounds import open_next_round
from tracks.errors import Refused
from tracks.models import Component, Enrolment
from tracks.people import Person
from tracks.services.progress import record_completion

CLAIM = timedelta(hours=8)
State = Submission.State


@transaction.atomic
def claim(*, submission: Submission, actor: Person, at: datetime) -> Submission:
    """Keep other mentors from doing the same review for 8 hours; again prolongs it.

    Refused `own_work`, `not_mentor`, `claimed` (it says by whom) or `reviewed`.
    """
    submission = lock_submission(submission)
    _ensure_reviewer(submission, actor)
    _ensure_waiting(submission)
    _ensure_not_claimed_by_another(submission, actor, at)
    submission.claimed_by = actor
    submission.claimed_until = at + CLAIM
    submission.save(update_fields=["claimed_by", "claimed_until"])
    return submission


@transaction.atomic
def release(*, submission: Submission, actor: Person, at: datetime) -> bool:
    """Give one's claim back; False where it was not one's own, or had lapsed by `at`."""
    claims = Submission.objects.filter(pk=submission.pk, claimed_by=actor, claimed_until__gt=at)
    return bool(claims.update(claimed_by=None, claimed_until=None))


@transaction.atomic
def send_back(
    *,
    submission: Submission,
    marks: Mapping[str, int],
    comment: str,
    actor: Person,
    at: datetime,
    evidence_hash: str | None = None,
) -> LabReview:
    """Return the work with a comment, and a new round to go on in; criteria may be left unmarked.

    marks: points by the criterion's key. evidence_hash: of the page that the reviewer saw, if there was one.
    The same reviewer again gets the same review. Raises ValidationError (`comment`, or by criterion), and
    Refused as `claim` does, or `evidence_changed`.
    """
    submission = lock_submission(submission)
    _ensure_reviewer(submission, actor)
    if done := _own_review(submission, actor, LabReview.Verdict.SEND_BACK):
        return done
    _ensure_reviewable(submission, evidence_hash, actor, at)
    if not comment.strip():
        raise ValidationError({"comment": _("Say what has to change.")}, code="comment_missing")
    read = read_marks(submission.lab, marks, complete=False)
    review = _close(submission, LabReview.Verdict.SEND_BACK, read, comment=comment, actor=actor, at=at)
    open_next_round(submission, at)
    fact = submission_fact("lab_sent_back", submission, actor, at, points=review.points)
    signals.lab_sent_back.send(sender=Submission, facts=[fact])
    return review


@transaction.atomic
def sign_off(
    *,
    submission: Submission,
    marks: Mapping[str, int],
    comment: str,
    evidence_hash: str,
    actor: Person,
    at: datetime,
) -> SignOff:
    """The mentor's word that the work is good enough, bound to the evidence; it completes the lab.

    Arguments as for `send_back`. The same signer again gets the same sign-off. Raises ValidationError by
    criterion, and Refused `own_work`, `not_mentor`, `reciprocal`, `below_pass`, `evidence_changed`,
    `claimed`, `already_signed`, `reviewed` or `enrolment_withdrawn`.
    """
    submission = lock_submission(submission, signer=actor)
    _ensure_reviewer(submission, actor)
    if _own_review(submission, actor, LabReview.Verdict.SIGN_OFF):
        return SignOff.objects.get(submission=submission)
    _ensure_reviewable(submission, evidence_hash, actor, at)
    _ensure_may_sign(submission, actor)
    read = read_marks(submission.lab, marks, complete=True)
    if short := shortfalls(submission.lab, read):
        raise Refused(
            "below_pass", _("Not enough to sign off, so send it back. %(why)s") % {"why": " ".join(short)}
        )
    if stored_hash(submission) != submission.content_hash:
        raise Refused(
            "evidence_changed",
            _("A stored file is no longer what was handed in. Send it back and ask for it again."),
        )
    review = _close(submission, LabReview.Verdict.SIGN_OFF, read, comment=comment, actor=actor, at=at)
    signed = SignOff.objects.create(
        submission=submission,
        enrolment=submission.enrolment,
        lab=submission.lab,
        learner=submission.enrolment.user,
        signer=actor,
        review=review,
        evidence_hash=submission.content_hash,
        signed_at=at,
    )
    _complete(signed, actor, at)
    fact = sign_off_fact("lab_signed_off", signed, actor, at, points=review.points)
    signals.lab_signed_off.send(sender=SignOff, facts=[fact])
    return signed


def _complete(signed: SignOff, actor: Person, at: datetime) -> None:
    lab = signed.lab
    record_completion(
        enrolment=signed.enrolment,
        module=lab.module,
        kind=Component.Kind.LAB,
        key=lab.key,
        actor=actor,
        at=at,
    )


def _ensure_reviewer(submission: Submission, actor: Person) -> None:
    if actor.pk == submission.enrolment.user_id:
        raise Refused("own_work", _("Nobody reviews their own work."))
    if not rules.mentors(actor, submission.enrolment):
        raise Refused("not_mentor", _("You do not mentor this person now."))


def _ensure_may_sign(submission: Submission, actor: Person) -> None:
    if submission.enrolment.state == Enrolment.State.WITHDRAWN:
        raise Refused("enrolment_withdrawn", _("This person is no longer enrolled on the track."))
    if rules.signed_by_own_learner(actor, submission.enrolment):
        raise Refused(
            "reciprocal",
            _("%(name)s has signed off a lab of yours, so another mentor has to sign this one.")
            % {"name": submission.enrolment.user.name},
        )


def _ensure_reviewable(
    submission: Submission, evidence_hash: str | None, actor: Person, at: datetime
) -> None:
    _ensure_waiting(submission)
    _ensure_not_claimed_by_another(submission, actor, at)
    if evidence_hash is not None and evidence_hash != submission.content_hash:
        raise Refused(
            "evidence_changed",
            _("The evidence changed since you opened the page. Read it again, then decide."),
        )


def _ensure_waiting(submission: Submission) -> None:
    if submission.state == State.SIGNED_OFF:
        raise Refused("already_signed", _("This lab has been signed off already."))
    if submission.state != State.SUBMITTED:
        raise Refused("reviewed", _("This round is not waiting for a review any more."))


def _ensure_not_claimed_by_another(submission: Submission, actor: Person, at: datetime) -> None:
    if submission.claimed_at(at) and submission.claimed_by != actor:
        until = date_format(timezone.localtime(submission.claimed_until), "DATETIME_FORMAT")
        raise Refused(
            "claimed",
            _("%(name)s has taken this review, until %(until)s.")
            % {"name": submission.claimed_by, "until": until},
        )


def _own_review(submission: Submission, actor: Person, verdict: str) -> LabReview | None:
    """What this reviewer has said of this round already: a second click is the first one."""
    return submission.reviews.filter(reviewer=actor, verdict=verdict).first()


def _close(
    submission: Submission, verdict: str, marks: list[Mark], *, comment: str, actor: Person, at: datetime
) -> LabReview:
    """The round is decided: its claim ends and its review is kept."""
    signed = verdict == LabReview.Verdict.SIGN_OFF
    submission.state = State.SIGNED_OFF if signed else State.SENT_BACK
    submission.claimed_by = None
    submission.claimed_until = None
    submission.save(update_fields=["state", "claimed_by", "claimed_until"])
    return LabReview.objects.create(
        submission=submission,
        reviewer=actor,
        verdict=verdict,
        marks=marks,
        points=sum(mark["points"] for mark in marks),
        comment=comment.strip(),
        reviewed_at=at,
    )
