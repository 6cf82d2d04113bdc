"""Facts about submissions and sign-offs, in the one shape that listeners know."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from assessments import signals
from assessments.models import SignOff, Submission
from assessments.services.labs.marking import number
from tracks.facts import Fact
from tracks.people import Person


def submission_fact(
    kind: str, submission: Submission, actor: Person | None, at: datetime, **payload: Any
) -> Fact:
    return Fact(
        kind=f"assessments.{kind}",
        subject=("assessments.Submission", str(submission.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        learner_id=submission.enrolment.user_id,
        payload={
            "lab": submission.lab.key,
            "track": submission.enrolment.track.key,
            "enrolment": str(submission.enrolment_id),
            "round": submission.round,
            "evidence_hash": submission.content_hash,
            **payload,
        },
    )


def sign_off_fact(kind: str, sign_off: SignOff, actor: Person | None, at: datetime, **payload: Any) -> Fact:
    return Fact(
        kind=f"assessments.{kind}",
        subject=("assessments.SignOff", str(sign_off.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        learner_id=sign_off.learner_id,
        payload={
            "lab": sign_off.lab.key,
            "track": sign_off.enrolment.track.key,
            "enrolment": str(sign_off.enrolment_id),
            "submission": str(sign_off.submission_id),
            "signer": str(sign_off.signer_id),
            **_others(sign_off),
            "evidence_hash": sign_off.evidence_hash,
            **payload,
        },
    )


def _others(sign_off: SignOff) -> dict[str, str]:
    """Who else has a part in it, as far as there is one."""
    others = {"on_behalf_of": sign_off.on_behalf_of_id, "countersigner": sign_off.countersigned_by_id}
    return {name: str(pk) for name, pk in others.items() if pk is not None}


def announce_signed(signed: Sequence[SignOff], actor: Person, at: datetime) -> None:
    """One signal for those that are proof now, and one for those that wait for a second signature."""
    proof = [each for each in signed if each.stands]
    waiting = [each for each in signed if not each.stands]
    if proof:
        facts = [_signed_fact("lab_signed_off", each, actor, at) for each in proof]
        signals.lab_signed_off.send(sender=SignOff, facts=facts)
    if waiting:
        facts = [_signed_fact("lab_signed_once", each, actor, at) for each in waiting]
        signals.lab_signed_once.send(sender=SignOff, facts=facts)


def _signed_fact(kind: str, sign_off: SignOff, actor: Person, at: datetime) -> Fact:
    return sign_off_fact(kind, sign_off, actor, at, points=number(sign_off.review.points))
