"""Facts about cohorts, enrolments and mentorships, in the one shape that listeners know."""

from datetime import datetime
from typing import Any

from tracks.facts import Fact
from tracks.models import Cohort, Delegation, Enrolment, Mentorship
from tracks.people import Person


def cohort_fact(kind: str, cohort: Cohort, actor: Person | None, at: datetime) -> Fact:
    return Fact(
        kind=kind,
        subject=("tracks.Cohort", str(cohort.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload={"track": cohort.track.key, "starts_on": cohort.starts_on.isoformat()},
    )


def enrolment_fact(
    kind: str, enrolment: Enrolment, actor: Person | None, at: datetime, **payload: Any
) -> Fact:
    return Fact(
        kind=kind,
        subject=("tracks.Enrolment", str(enrolment.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        learner_id=enrolment.user_id,
        payload={"track": enrolment.track.key, **payload},
    )


def delegation_fact(kind: str, delegation: Delegation, actor: Person | None, at: datetime) -> Fact:
    return Fact(
        kind=kind,
        subject=("tracks.Delegation", str(delegation.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload={
            "mentor": str(delegation.mentor_id),
            "delegate": str(delegation.delegate_id),
            "starts_at": delegation.starts_at.isoformat(),
            "ends_at": delegation.ends_at.isoformat(),
        },
    )


def mentorship_fact(kind: str, mentorship: Mentorship, actor: Person | None, at: datetime) -> Fact:
    return Fact(
        kind=kind,
        subject=("tracks.Mentorship", str(mentorship.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        learner_id=mentorship.learner_id,
        payload={
            "cohort": str(mentorship.cohort_id),
            "enrolment": str(mentorship.enrolment_id),
            "mentor": str(mentorship.mentor_id),
        },
    )
