"""Reads of extra time, and of the people who may be given it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from assessments.models import Attempt, Quiz, TimeAllowance
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


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonAtQuiz:
    """How one enrolled person stands with a quiz; `minutes` are extra ones of the next attempt."""

    enrolment: Enrolment
    attempts: int
    running: bool
    waiting: bool
    passed: bool
    minutes: int


def people_at(*, quiz: Quiz, user: Person) -> QuerySet[Enrolment]:
    """The enrolments of the quiz's track whose time this person may change, by name."""
    mine = may_allow_time(user).filter(track=quiz.module.track_id).select_related("user", "cohort")
    return mine.order_by("user__name", "pk")


def with_attempts(*, quiz: Quiz, enrolments: Sequence[Enrolment]) -> list[PersonAtQuiz]:
    """Two queries, however many they are."""
    users = [enrolment.user_id for enrolment in enrolments]
    made = Attempt.objects.filter(quiz=quiz, user__in=users).order_by().values("user")
    counted = made.annotate(
        all=Count("pk"),
        running=Count("pk", filter=Q(state=Attempt.State.IN_PROGRESS)),
        waiting=Count("pk", filter=Q(state=Attempt.State.WAITING)),
        passes=Count("pk", filter=Q(passed=True)),
    )
    standing = {row["user"]: row for row in counted}
    given = TimeAllowance.objects.filter(quiz=quiz, user__in=users, attempt=None)
    minutes = dict(given.order_by("granted_at", "pk").values_list("user", "minutes"))
    nothing = {"all": 0, "running": 0, "waiting": 0, "passes": 0}
    return [
        PersonAtQuiz(
            enrolment=each,
            attempts=standing.get(each.user_id, nothing)["all"],
            running=bool(standing.get(each.user_id, nothing)["running"]),
            waiting=bool(standing.get(each.user_id, nothing)["waiting"]),
            passed=bool(standing.get(each.user_id, nothing)["passes"]),
            minutes=minutes.get(each.user_id, 0),
        )
        for each in enrolments
    ]
