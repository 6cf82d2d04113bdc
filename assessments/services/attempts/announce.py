"""The facts of attempts."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import rfc8785

from assessments.models import Attempt, AttemptItem
from tracks.facts import Fact
from tracks.people import Person


def attempt_fact(what: str, attempt: Attempt, *, actor: Person | None, at: datetime, **payload: Any) -> Fact:
    result = (
        {"points": str(attempt.points), "passed": attempt.passed, "max_points": attempt.max_points}
        if attempt.has_result
        else {}
    )
    return Fact(
        kind=f"assessments.attempt_{what}",
        subject=("assessments.Attempt", str(attempt.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        learner_id=attempt.user_id,
        payload={
            "quiz": attempt.quiz.key,
            "track": attempt.enrolment.track.key,
            "enrolment": str(attempt.enrolment_id),
            "number": attempt.number,
            "threshold": str(attempt.threshold),
            **result,
            **payload,
        },
    )


def digest_of(items: Iterable[AttemptItem]) -> str:
    """SHA-256 of what was asked and answered, in order: a later change of an answer shows (decision 0110).

    The canonical JSON (RFC 8785) of [version, order of its options, response] for each question.
    """
    sheet = [[item.question_version_id, item.option_order, item.response] for item in items]
    return hashlib.sha256(rfc8785.dumps(sheet)).hexdigest()
