"""Reads of extra time."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from assessments.models import Quiz, TimeAllowance
from tracks.models import Cohort, Enrolment
from tracks.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeAllowances:
    """All that one person was given at one quiz, the newest first, and what the next attempt gets."""

    rows: Sequence[TimeAllowance]

    @property
    def minutes(self) -> int:
        return next((row.minutes for row in self.rows if row.attempt_id is None), 0)


def time_allowances(*, quiz: Quiz, learner: Person) -> TimeAllowances:
    """One query."""
    rows = TimeAllowance.objects.filter(quiz=quiz, user=learner).select_related("granted_by", "attempt")
    return TimeAllowances(rows=list(rows.order_by("-granted_at", "-pk")))


def may_allow_time(user: Person) -> QuerySet[Enrolment]:
    """Live enrolments that this person mentors, or whose cohort they run; never their own."""
    mentored = Enrolment.objects.filter(mentorships__mentor=user, mentorships__ended_at=None)
    run = Cohort.objects.all().run_by(user)
    return (
        Enrolment.objects.live()
        .filter(Q(pk__in=mentored.values("pk")) | Q(cohort__in=run.values("pk")))
        .exclude(user=user)
    )
