"""Reads that span models: how far people are. Query counts do not depend on the number of people or
modules.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from tracks import path_queries
from tracks.models import (
    Cohort,
    Component,
    ComponentCompletion,
    Enrolment,
    Lesson,
    LessonRead,
    Mentorship,
    Module,
    ModuleCompletion,
    ModuleRenewal,
    Track,
)
from tracks.prepared import Prepared
from tracks.rounds import Holding, counts_as_read
from tracks.zones import local_date


class ModuleState(StrEnum):
    """The names are those of the states that every page shows."""

    MET = "met"
    WAITING = "waiting"
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True)
class ModuleProgress:
    """`done` of `needed` components (the lessons, each quiz, each lab). MET stands once the module was
    completed.

    WAITING: something is done or read, but not all. A module that needs nothing is never MET.
    """

    done: int
    needed: int
    state: ModuleState


@dataclass(frozen=True, slots=True)
class PathLesson:
    lesson: Lesson
    read: bool

    @property
    def state(self) -> ModuleState:
        return ModuleState.MET if self.read else ModuleState.NOT_STARTED


@dataclass(frozen=True, slots=True)
class PathComponent:
    component: Component
    achieved: bool

    @property
    def state(self) -> ModuleState:
        return ModuleState.MET if self.achieved else ModuleState.NOT_STARTED


@dataclass(frozen=True, slots=True)
class PathModule:
    """holding: until when its completion holds, where it does not for good; in an open round, a lesson is
    read that was read since it opened.
    """

    module: Module
    lessons: Sequence[PathLesson]
    components: Sequence[PathComponent]
    progress: ModuleProgress
    holding: Holding | None = None

    @property
    def again(self) -> Holding | None:
        """Where the module is to be gone through again."""
        return self.holding if self.holding is not None and self.holding.open else None

    @property
    def lessons_read(self) -> int:
        return sum(step.read for step in self.lessons)

    @property
    def next_lesson(self) -> Lesson | None:
        return next((step.lesson for step in self.lessons if not step.read), None)

    @property
    def url(self) -> str:
        """Where to go on: the next lesson, else the module with its quizzes and labs."""
        if self.next_lesson is None:
            return self.module.get_absolute_url()
        return reverse("lesson", args=[self.module.track.key, self.module.key, self.next_lesson.key])


def module_progress(*, enrolments: Sequence[Enrolment]) -> dict[tuple[UUID, int], ModuleProgress]:
    """By (enrolment id, module id), for every live module of each enrolment's track. Four queries."""
    enrolment_ids = [enrolment.pk for enrolment in enrolments]
    modules: dict[int, list[int]] = defaultdict(list)
    needed: dict[int, int] = {}
    rows = Module.objects.live().filter(track__in={enrolment.track_id for enrolment in enrolments})
    counted = rows.annotate(needed=Count("components", filter=Q(components__retired_at=None))).order_by()
    for module_id, track_id, count in counted.values_list("pk", "track_id", "needed"):
        modules[track_id].append(module_id)
        needed[module_id] = count
    done = _count_by_module(
        ComponentCompletion.objects.current().filter(component__retired_at=None), enrolment_ids, "component"
    )
    read = _count_by_module(LessonRead.objects.filter(lesson__retired_at=None), enrolment_ids, "lesson")
    met = set(
        ModuleCompletion.objects.current()
        .filter(enrolment__in=enrolment_ids)
        .values_list("enrolment_id", "module_id")
    )
    progress = {}
    for enrolment in enrolments:
        for module_id in modules[enrolment.track_id]:
            key = (enrolment.pk, module_id)
            state = _state(met=key in met, begun=bool(done[key] or read[key]))
            progress[key] = ModuleProgress(done[key], needed[module_id], state)
    return progress


def path_of(enrolment: Enrolment, *, at: datetime) -> list[PathModule]:
    """The live modules of the enrolment's track in order, with what is read and achieved. Three queries."""
    return _path(
        path_queries.modules_with(enrolment=enrolment.pk),
        path_queries.lessons_with(enrolment=enrolment.pk),
        path_queries.components_with(enrolment=enrolment.pk),
        at=at,
    )


def outline_of(track: Track, *, at: datetime) -> list[PathModule]:
    """The path of somebody who has only just begun, for whoever prepares or accompanies it. Three queries."""
    return _path(
        path_queries.modules_of(track),
        path_queries.lessons_of(track),
        path_queries.components_of(track),
        at=at,
    )


@dataclass(frozen=True, slots=True)
class CohortFigures:
    """People who count (not withdrawn), those of them without a mentor, those who are through."""

    people: int
    without_mentor: int
    completed: int


@dataclass(frozen=True, slots=True)
class CohortPerson:
    """One line of a cohort's table: `completed` of `modules`; `state` and `word` as every page shows
    states.
    """

    enrolment: Enrolment
    mentorships: Sequence[Mentorship]
    completed: int
    modules: int
    state: str
    word: str


def cohort_figures(cohort: Cohort) -> CohortFigures:
    """One query."""
    mentored = Exists(Mentorship.objects.current().filter(enrolment=OuterRef("pk")))
    figures = (
        Enrolment.objects.live()
        .filter(cohort=cohort)
        .annotate(mentored=mentored)
        .aggregate(
            people=Count("pk"),
            without_mentor=Count("pk", filter=Q(mentored=False)),
            completed=Count("pk", filter=Q(state=Enrolment.State.COMPLETED)),
        )
    )
    return CohortFigures(**figures)


def cohort_people(*, cohort: Cohort, enrolments: Sequence[Enrolment], at: datetime) -> list[CohortPerson]:
    """The lines of these enrolments of the cohort, in their order. Five queries."""
    progress = module_progress(enrolments=enrolments)
    mentors: dict[UUID, list[Mentorship]] = defaultdict(list)
    current = Mentorship.objects.current().filter(enrolment__in=enrolments).order_by("since", "pk")
    for mentorship in current.select_related("mentor"):
        mentors[mentorship.enrolment_id].append(mentorship)
    modules: dict[UUID, list[ModuleProgress]] = defaultdict(list)
    for (enrolment_id, _module_id), step in progress.items():
        modules[enrolment_id].append(step)
    today = local_date(at, cohort.timezone)
    lines = []
    for enrolment in enrolments:
        steps = modules[enrolment.pk]
        begun = any(step.state is not ModuleState.NOT_STARTED for step in steps)
        state, word = _standing(enrolment, begun=begun, today=today)
        completed = sum(step.state is ModuleState.MET for step in steps)
        lines.append(CohortPerson(enrolment, mentors[enrolment.pk], completed, len(steps), state, word))
    return lines


def possible_mentors() -> "QuerySet[Any]":
    """Active people who hold, by themselves or by a group, the right to review labs."""
    right = Permission.objects.filter(content_type__app_label="assessments", codename="review_labs")
    holds = Q(groups__permissions__in=right) | Q(user_permissions__in=right)
    return get_user_model().objects.filter(holds, is_active=True).distinct().order_by("name", "email")


def _standing(enrolment: Enrolment, *, begun: bool, today: date) -> tuple[str, str]:
    if enrolment.state == Enrolment.State.COMPLETED:
        return "met", _("Completed")
    if enrolment.state == Enrolment.State.WITHDRAWN:
        return "not_started", _("Withdrawn")
    if enrolment.state == Enrolment.State.PAUSED:
        return "waiting", _("On leave")
    if enrolment.due_on < today:
        return "not_met", _("Overdue")
    return ("waiting", _("Under way")) if begun else ("not_started", _("Not started"))


def completed_modules(*, enrolment_ids: Iterable[UUID]) -> dict[UUID, dict[str, datetime]]:
    """When each enrolment completed which modules, by their keys; an enrolment without any has none. One
    query.
    """
    found: dict[UUID, dict[str, datetime]] = {enrolment_id: {} for enrolment_id in enrolment_ids}
    for enrolment_id, key, achieved_at in _completed(enrolments=list(found)):
        found[enrolment_id][key] = achieved_at
    return found


class Renewed(NamedTuple):
    renewal_id: int
    at: datetime


def renewed_modules(*, enrolment_ids: Iterable[UUID]) -> dict[UUID, dict[str, Renewed]]:
    """When each enrolment last went through which modules again, by their keys; who never did is absent. One
    query.
    """
    found: dict[UUID, dict[str, Renewed]] = defaultdict(dict)
    # The last one wins: the rows come by round.
    for enrolment_id, key, pk, achieved_at in _renewed(enrolments=list(set(enrolment_ids))):
        found[enrolment_id][key] = Renewed(pk, achieved_at)
    return found


def _completed_modules(enrolments: list[UUID]) -> QuerySet[Any, Any]:
    completions = ModuleCompletion.objects.current().filter(enrolment__in=enrolments)
    return completions.values_list("enrolment_id", "module__key", "achieved_at")


def _renewed_modules(enrolments: list[UUID]) -> QuerySet[Any, Any]:
    renewals = ModuleRenewal.objects.filter(enrolment__in=enrolments).order_by("number")
    return renewals.values_list("enrolment_id", "module__key", "pk", "achieved_at")


_completed = Prepared(_completed_modules, enrolments=[UUID(int=1)])
_renewed = Prepared(_renewed_modules, enrolments=[UUID(int=1)])


def _path(
    modules: Iterable[Any], lessons: Iterable[Any], components: Iterable[Any], *, at: datetime
) -> list[PathModule]:
    """Each object says how far the person is (see `path_queries`)."""
    lessons_by, components_by = _by_module(lessons), _by_module(components)
    found = []
    for module in modules:
        holding = Holding.of(
            completed_at=module.completed_at,
            renewed_at=module.renewed_at,
            valid_months=module.valid_months,
            at=at,
        )
        read = [
            PathLesson(lesson, counts_as_read(lesson.read_at, holding)) for lesson in lessons_by[module.pk]
        ]
        steps = [PathComponent(component, component.done) for component in components_by[module.pk]]
        met = module.completed_at is not None and not (holding is not None and holding.lapsed)
        found.append(_path_module(module, read, steps, holding, met=met))
    return found


def _path_module(
    module: Module,
    lessons: Sequence[PathLesson],
    components: Sequence[PathComponent],
    holding: Holding | None,
    *,
    met: bool,
) -> PathModule:
    done = sum(step.achieved for step in components)
    state = _state(met=met, begun=bool(done or any(step.read for step in lessons)))
    progress = ModuleProgress(done, len(components), state)
    return PathModule(module, lessons, components, progress, holding)


def _state(*, met: bool, begun: bool) -> ModuleState:
    if met:
        return ModuleState.MET
    return ModuleState.WAITING if begun else ModuleState.NOT_STARTED


def _count_by_module(
    facts: "QuerySet[Any]", enrolment_ids: Sequence[UUID], path: str
) -> Counter[tuple[UUID, int]]:
    """How many of the facts each (enrolment, module) has; `path` leads from a fact to what belongs to a
    module.
    """
    module = f"{path}__module_id"
    rows = facts.filter(enrolment__in=enrolment_ids).values_list("enrolment_id", module)
    return Counter({(row[0], row[1]): row[2] for row in rows.annotate(number=Count("pk")).order_by()})


def _by_module(rows: Iterable[Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.module_id].append(row)
    return grouped
