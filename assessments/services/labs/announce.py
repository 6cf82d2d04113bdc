"""Facts about submissions and sign-offs, in the one shape that listeners know."""

from datetime import datetime
from typing import Any

from assessments.models import SignOff, Submission
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
            "evidence_hash": sign_off.evidence_hash,
            **payload,
        },
    )
