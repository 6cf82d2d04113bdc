"""What My path asks the database, each built once a process (see `tracks.prepared`)."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import (
    Case,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)

from assessments.models import Attempt, AttemptAllowance, Drill, ScenarioSet, Submission
from enablement.access.models import Grant, Stop
from enablement.programs.models import Attendance, Session
from tracks.models import (
    Component,
    ComponentCompletion,
    Enrolment,
    Lesson,
    LessonRead,
    Module,
    ModuleCompletion,
    ModuleRenewal,
)
from tracks.prepared import Prepared, PreparedObjects

LIVE = [state for state in Enrolment.State.values if state != Enrolment.State.WITHDRAWN]
ANYBODY = UUID(int=1)
#: How far somebody is with the exception cases of a track; None before the first drill.
DRILLED_PASSED, DRILLED_OPEN, DRILLED_WAITS, DRILLED_ONCE = "passed", "open", "waits", "once"


class ModuleRow(NamedTuple):
    pk: int
    track_id: int
    track_key: str
    key: str
    title: str
    valid_months: int | None
    completed_at: datetime | None
    renewed_at: datetime | None


class LessonRow(NamedTuple):
    module_id: int
    track_key: str
    module_key: str
    key: str
    title: str
    kind: str
    minutes: int
    read_at: datetime | None


class ComponentRow(NamedTuple):
    """`submission_state` is that of the latest round but a draft; `quiz_extra`: attempts unlocked for one."""

    module_id: int
    enrolment_id: UUID
    kind: str
    title: str
    achieved: bool
    has_draft: bool
    submission_state: str | None
    quiz_id: int | None
    quiz_minutes: int | None
    quiz_attempts: int | None
    quiz_extra: int | None
    quiz_cooldown: int | None
    quiz_valid_months: int | None
    lab_id: int | None
    lab_minutes: int | None


class AttemptRow(NamedTuple):
    quiz_id: int
    enrolment_id: UUID
    pk: UUID
    state: str
    points: Decimal | None
    max_points: int
    ended_at: datetime | None
    deadline_at: datetime


class SessionRow(NamedTuple):
    """`host` is a name; `mark` the one that stands for this person."""

    cohort_id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str
    link: str
    host: str
    mark: str | None


def _mine(user: UUID, path: str) -> dict[str, Any]:
    """Content of the tracks that this person is on; `path` leads from it to their enrolment."""
    return {f"{path}__user": user, f"{path}__state__in": LIVE}


def _modules(user: UUID) -> QuerySet[Module, tuple[Any, ...]]:
    path = "track__enrolments"
    mine = {"enrolment": OuterRef("enrolled"), "module": OuterRef("pk")}
    completions = ModuleCompletion.objects.current().filter(**mine)
    renewals = ModuleRenewal.objects.filter(**mine).order_by("-number")
    return (
        Module.objects.live()
        .filter(**_mine(user, path))
        .alias(enrolled=F(path))
        .order_by("position", "key")
        .values_list(
            "pk",
            "track_id",
            "track__key",
            "key",
            "title",
            "valid_months",
            Subquery(completions.values("achieved_at")[:1]),
            Subquery(renewals.values("achieved_at")[:1]),
        )
    )


def _lessons(user: UUID) -> QuerySet[Lesson, tuple[Any, ...]]:
    path = "module__track__enrolments"
    reads = LessonRead.objects.filter(enrolment=OuterRef("enrolled"), lesson=OuterRef("pk"))
    return (
        Lesson.objects.live()
        .filter(**_mine(user, path), module__retired_at=None)
        .alias(enrolled=F(path))
        .order_by("position", "key")
        .values_list(
            "module_id",
            "module__track__key",
            "module__key",
            "key",
            "title",
            "kind",
            "minutes",
            Subquery(reads.order_by("-number").values("read_at")[:1]),
        )
    )


def _components(user: UUID) -> QuerySet[Component, tuple[Any, ...]]:
    """The quizzes and labs of the person's modules, with how the person stands in each."""
    path = "module__track__enrolments"
    mine = {"enrolment": OuterRef("enrolled")}
    achieved = ComponentCompletion.objects.current().filter(**mine, component=OuterRef("pk"))
    submissions = Submission.objects.filter(**mine, lab=OuterRef("its_lab__pk"))
    rounds = submissions.exclude(state=Submission.State.DRAFT).order_by("-round")
    unlocked = AttemptAllowance.objects.filter(user=user, quiz=OuterRef("its_quiz__pk")).order_by()
    return (
        Component.objects.filter(**_mine(user, path), retired_at=None, module__retired_at=None)
        .exclude(kind=Component.Kind.LESSONS)
        .annotate(enrolled=F(path))
        .alias(its_quiz=_same("module__quizzes"), its_lab=_same("module__labs"))
        .order_by("pk")
        .values_list(
            "module_id",
            "enrolled",
            "kind",
            "title",
            Exists(achieved),
            Exists(submissions.filter(state=Submission.State.DRAFT)),
            Subquery(rounds.values("state")[:1]),
            "its_quiz__pk",
            "its_quiz__time_limit_min",
            "its_quiz__max_attempts",
            Subquery(unlocked.values("quiz").annotate(all=Sum("extra")).values("all")),
            "its_quiz__cooldown_hours",
            "its_quiz__valid_months",
            "its_lab__pk",
            "its_lab__minutes",
        )
    )


def _same(path: str) -> FilteredRelation:
    """The quiz or lab that a component stands for; keys are unique in a module."""
    return FilteredRelation(path, condition=Q(**{f"{path}__key": F("key")}))


def _attempts(user: UUID) -> QuerySet[Attempt, tuple[Any, ...]]:
    """All of this person's, the first one first."""
    return (
        Attempt.objects.filter(user=user)
        .order_by("number")
        .values_list(
            "quiz_id", "enrolment_id", "pk", "state", "points", "max_points", "submitted_at", "deadline_at"
        )
    )


def _enrolments(user: UUID) -> QuerySet[Enrolment]:
    """The most urgent first. `exceptions`: the title of the track's cases; `drilled`: how far one is."""
    enrolments = Enrolment.objects.live().filter(user=user).order_by("due_on", "track__key")
    exceptions = ScenarioSet.objects.live().filter(track=OuterRef("track"))
    drills = Drill.objects.filter(scenario_set__track=OuterRef("track"), learner=OuterRef("user"))
    capstone_waits = Q(kind=Drill.Kind.CAPSTONE, graded_at=None)
    state = Case(
        When(passed=True, then=Value(DRILLED_PASSED)),
        When(finished_at=None, then=Value(DRILLED_OPEN)),
        When(capstone_waits, then=Value(DRILLED_WAITS)),
        default=Value(DRILLED_ONCE),
    )
    decisive = drills.order_by(Case(When(passed=True, then=0), default=1), "-number")
    return enrolments.select_related("track", "cohort", "standing").annotate(
        exceptions=Subquery(exceptions.values("title")[:1]),
        drilled=Subquery(decisive.values(state=state)[:1]),
    )


def _grants(user: UUID) -> QuerySet[Grant]:
    """`stopped`: closed for everybody by a kill switch."""
    stops = Stop.objects.live().filter(kind=Stop.Kind.MICROTOOL, value=OuterRef("microtool__key"))
    grants = Grant.objects.filter(user=user).annotate(stopped=Exists(stops))
    return grants.select_related("microtool").order_by("microtool__title")


def _sessions(user: UUID) -> QuerySet[Session, tuple[Any, ...]]:
    """Of the person's cohorts, but those that are cancelled, as they come."""
    path = "cohort__enrolments"
    marks = Attendance.objects.filter(
        session=OuterRef("pk"), enrolment=OuterRef("enrolled"), corrected_at=None
    )
    return (
        Session.objects.standing()
        .filter(**_mine(user, path))
        .alias(enrolled=F(path))
        .order_by("starts_at", "title")
        .values_list(
            "cohort_id",
            "title",
            "starts_at",
            "ends_at",
            "place",
            "link",
            "host__name",
            Subquery(marks.values("mark")[:1]),
        )
    )


modules = Prepared(_modules, user=ANYBODY)
lessons = Prepared(_lessons, user=ANYBODY)
components = Prepared(_components, user=ANYBODY)
attempts = Prepared(_attempts, user=ANYBODY)
enrolments = PreparedObjects(_enrolments, user=ANYBODY)
sessions = Prepared(_sessions, user=ANYBODY)
grants = PreparedObjects(_grants, user=ANYBODY)
