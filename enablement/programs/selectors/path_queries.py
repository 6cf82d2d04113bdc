"""What My path asks the database, each built once a process (see `tracks.prepared`)."""

from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from assessments.models import Attempt, Quiz, Submission
from tracks.models import (
    Component,
    ComponentCompletion,
    Enrolment,
    Lab,
    Lesson,
    LessonRead,
    Module,
    ModuleCompletion,
)
from tracks.prepared import Prepared

LIVE = [state for state in Enrolment.State.values if state != Enrolment.State.WITHDRAWN]
ANYBODY = UUID(int=1)


class ModuleRow(NamedTuple):
    pk: int
    track_id: int
    track_key: str
    key: str
    title: str
    completed: bool


class LessonRow(NamedTuple):
    module_id: int
    track_key: str
    module_key: str
    key: str
    title: str
    kind: str
    minutes: int
    read: bool


class ComponentRow(NamedTuple):
    """`submission_state` is that of the latest round but a draft."""

    module_id: int
    kind: str
    title: str
    achieved: bool
    has_draft: bool
    submission_state: str | None
    attempt_state: str | None
    quiz_id: int | None
    quiz_minutes: int | None
    lab_id: int | None
    lab_minutes: int | None


def _mine(user: UUID, prefix: str = "") -> Q:
    """Of this person's enrolment; there is one live enrolment a track."""
    return Q(**{f"{prefix}user": user, f"{prefix}state__in": LIVE})


def _modules(user: UUID) -> QuerySet[Module, tuple[Any, ...]]:
    completions = ModuleCompletion.objects.current().filter(_mine(user, "enrolment__"), module=OuterRef("pk"))
    return (
        Module.objects.live()
        .filter(_mine(user, "track__enrolments__"))
        .order_by("position", "key")
        .values_list("pk", "track_id", "track__key", "key", "title", Exists(completions))
    )


def _lessons(user: UUID) -> QuerySet[Lesson, tuple[Any, ...]]:
    read = LessonRead.objects.filter(_mine(user, "enrolment__"), lesson=OuterRef("pk"))
    return (
        Lesson.objects.live()
        .filter(_mine(user, "module__track__enrolments__"), module__retired_at=None)
        .order_by("position", "key")
        .values_list(
            "module_id",
            "module__track__key",
            "module__key",
            "key",
            "title",
            "kind",
            "minutes",
            Exists(read),
        )
    )


def _components(user: UUID) -> QuerySet[Component, tuple[Any, ...]]:
    """The quizzes and labs of the person's modules, with how the person stands in each."""
    same = {"module": OuterRef("module"), "key": OuterRef("key")}
    achieved = ComponentCompletion.objects.current().filter(
        _mine(user, "enrolment__"), component=OuterRef("pk")
    )
    submissions = Submission.objects.filter(
        _mine(user, "enrolment__"), lab__module=OuterRef("module"), lab__key=OuterRef("key")
    )
    attempts = Attempt.objects.filter(
        _mine(user, "enrolment__"), quiz__module=OuterRef("module"), quiz__key=OuterRef("key")
    )
    rounds = submissions.exclude(state=Submission.State.DRAFT).order_by("-round")
    return (
        Component.objects.filter(_mine(user, "module__track__enrolments__"), retired_at=None)
        .filter(module__retired_at=None)
        .exclude(kind=Component.Kind.LESSONS)
        .order_by("pk")
        .values_list(
            "module_id",
            "kind",
            "title",
            Exists(achieved),
            Exists(submissions.filter(state=Submission.State.DRAFT)),
            Subquery(rounds.values("state")[:1]),
            Subquery(attempts.order_by("-number").values("state")[:1]),
            Subquery(Quiz.objects.filter(**same).values("pk")[:1]),
            Subquery(Quiz.objects.filter(**same).values("time_limit_min")[:1]),
            Subquery(Lab.objects.filter(**same).values("pk")[:1]),
            Subquery(Lab.objects.filter(**same).values("minutes")[:1]),
        )
    )


modules = Prepared(_modules, user=ANYBODY)
lessons = Prepared(_lessons, user=ANYBODY)
components = Prepared(_components, user=ANYBODY)
