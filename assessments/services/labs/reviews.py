"""The mentor's word on a lab: send it back, or sign it off, one by one or several that need no rubric."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments import signals
from assessments.models import LabReview, SignOff, Submission
from assessments.services.labs.announce import announce_signed, submission_fact
from assessments.services.labs.checks import (
    ensure_may_sign,
    ensure_mentor,
    ensure_reviewable,
    ensure_unchanged,
)
from assessments.services.labs.completion import complete
from assessments.services.labs.locks import lock_learners, lock_submission
from assessments.services.labs.marking import Mark, number, read_marks, settled, shortfalls, total
from assessments.services.labs.rounds import open_next_round
from tracks.errors import Refused
from tracks.people import Person

State = Submission.State


@transaction.atomic
def send_back(
    *,
    submission: Submission,
    marks: Mapping[str, int],
    comment: str,
    actor: Person,
    at: datetime,
    comments: Mapping[str, str] | None = None,
    evidence_hash: str | None = None,
) -> LabReview:
    """Return the work with a comment, and a new round to go on in; criteria may be left unmarked.

    marks, comments: by the criterion's key; where two people's marks are settled, those count instead.
    evidence_hash: of the page that the reviewer saw, if there was one. The same reviewer again gets the same
    review. Raises ValidationError (`comment`, or by criterion), and Refused as `claim` does, or
    `evidence_changed`.
    """
    submission = lock_submission(submission)
    ensure_mentor(submission, actor, at)
    if done := _own_review(submission, actor, LabReview.Verdict.SEND_BACK):
        return done
    ensure_reviewable(submission, evidence_hash, actor, at)
    if not comment.strip():
        raise ValidationError({"comment": _("Say what has to change.")}, code="comment_missing")
    read = _settled(submission) or read_marks(submission.lab, marks, complete=False, comments=comments)
    review = _close(submission, LabReview.Verdict.SEND_BACK, read, comment=comment, actor=actor, at=at)
    open_next_round(submission, at)
    fact = submission_fact("lab_sent_back", submission, actor, at, points=number(review.points))
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
    comments: Mapping[str, str] | None = None,
) -> SignOff:
    """The mentor's word that the work is good enough, bound to the evidence; it completes the lab.

    Where the lab wants a second signature, it is no proof before that. Arguments as for `send_back`. The same
    signer again gets the same sign-off. Raises ValidationError by criterion, and Refused `own_work`,
    `not_mentor`, `reciprocal`, `below_pass`, `marks_open`, `evidence_changed`, `claimed`, `already_signed`,
    `reviewed` or `enrolment_withdrawn`.
    """
    submission = lock_submission(submission, signer=actor)
    ensure_mentor(submission, actor, at)
    if _own_review(submission, actor, LabReview.Verdict.SIGN_OFF):
        return SignOff.objects.get(submission=submission)
    ensure_reviewable(submission, evidence_hash, actor, at)
    ensure_may_sign(submission.enrolment, actor)
    read = _marks_to_sign(submission, marks, comments)
    signed = _sign(submission, read, comment=comment, actor=actor, at=at)
    announce_signed([signed], actor, at)
    return signed


@transaction.atomic
def sign_off_many(*, chosen: Sequence[tuple[Submission, str]], actor: Person, at: datetime) -> list[SignOff]:
    """Several labs that need no rubric, all or none: each with the hash of the evidence that the page showed.

    What the actor has signed already is among the result. Refused `needs_rubric`, or as `sign_off`, with the
    name of the work that is in the way.
    """
    lock_learners({submission.enrolment.user_id for submission, _hash in chosen} | {actor.pk})
    signed, new = [], []
    for submission, evidence_hash in sorted(chosen, key=lambda each: each[0].pk):
        try:
            held = lock_submission(submission)
            ensure_mentor(held, actor, at)
            if held.lab.rubric:
                raise Refused("needs_rubric", _("This lab is marked by a rubric; open it to sign it off."))  # noqa: TRY301
            if _own_review(held, actor, LabReview.Verdict.SIGN_OFF):
                signed.append(SignOff.objects.get(submission=held))
                continue
            ensure_reviewable(held, evidence_hash, actor, at)
            ensure_may_sign(held.enrolment, actor)
            new.append(_sign(held, [], comment="", actor=actor, at=at))
        except Refused as refused:
            named = {"lab": submission.lab, "name": submission.enrolment.user, "why": refused.message}
            raise Refused(refused.code, _("%(lab)s, %(name)s: %(why)s") % named) from refused
    announce_signed(new, actor, at)
    return signed + new


def _marks_to_sign(
    submission: Submission, marks: Mapping[str, int], comments: Mapping[str, str] | None
) -> list[Mark]:
    if submission.lab.second_marker:
        read = _settled(submission)
        if read is None:
            raise Refused("marks_open", _("Two people mark this lab, and their marks are not settled yet."))
    else:
        read = read_marks(submission.lab, marks, complete=True, comments=comments)
    if short := shortfalls(submission.lab, read):
        raise Refused(
            "below_pass", _("Not enough to sign off, so send it back. %(why)s") % {"why": " ".join(short)}
        )
    return read


def _settled(submission: Submission) -> list[Mark] | None:
    return settled(submission.lab, list(submission.marks.all())) if submission.lab.second_marker else None


def _sign(submission: Submission, marks: list[Mark], *, comment: str, actor: Person, at: datetime) -> SignOff:
    ensure_unchanged(submission)
    mentorship = ensure_mentor(submission, actor, at)
    review = _close(submission, LabReview.Verdict.SIGN_OFF, marks, comment=comment, actor=actor, at=at)
    signed = SignOff.objects.create(
        submission=submission,
        enrolment=submission.enrolment,
        lab=submission.lab,
        learner=submission.enrolment.user,
        signer=actor,
        on_behalf_of_id=None if mentorship.mentor_id == actor.pk else mentorship.mentor_id,
        review=review,
        needs_countersign=submission.lab.countersigned,
        evidence_hash=submission.content_hash,
        signed_at=at,
    )
    if signed.stands:
        complete(signed, actor, at)
    return signed


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
        points=total(marks),
        comment=comment.strip(),
        reviewed_at=at,
    )
