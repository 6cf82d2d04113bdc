"""The facts of attempts."""

from datetime import datetime
from typing import Any

from assessments.models import Attempt
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
