"""Reads that span models: how far people are. Query counts do not depend on the number of people or
modules.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from tracks.models import (
    Component,
    ComponentCompletion,
    Enrolment,
    Lesson,
    LessonRead,
    Module,
    ModuleCompletion,
)
from tracks.people import Person


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


@dataclass(frozen=True, slots=True)
class PathComponent:
    component: Component
    achieved: bool


@dataclass(frozen=True, slots=True)
class PathModule:
    module: Module
    lessons: Sequence[PathLesson]
    components: Sequence[PathComponent]
    progress: ModuleProgress

    @property
    def lessons_read(self) -> int:
        return sum(step.read for step in self.lessons)

    @property
    def next_lesson(self) -> Lesson | None:
        return next((step.lesson for step in self.lessons if not step.read), None)


def enrolments_of(user: Person) -> QuerySet[Enrolment]:
    """A person's enrolments that count, the most urgent first."""
    return (
        Enrolment.objects.live()
        .filter(user=user)
        .select_related("track", "cohort")
        .order_by("due_on", "track")
    )


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


def path_of(enrolment: Enrolment) -> list[PathModule]:
    """The live modules of the enrolment's track in order, with what is read and achieved. Six queries."""
    modules = list(Module.objects.live().filter(track=enrolment.track_id).select_related("track"))
    lessons = _by_module(Lesson.objects.live().filter(module__in=modules))
    components = _by_module(Component.objects.filter(retired_at=None, module__in=modules))
    read = set(LessonRead.objects.filter(enrolment=enrolment).values_list("lesson_id", flat=True))
    achieved = set(
        ComponentCompletion.objects.current()
        .filter(enrolment=enrolment)
        .values_list("component_id", flat=True)
    )
    met = set(
        ModuleCompletion.objects.current().filter(enrolment=enrolment).values_list("module_id", flat=True)
    )
    return [
        _path_module(
            module,
            [PathLesson(lesson, lesson.pk in read) for lesson in lessons[module.pk]],
            [PathComponent(component, component.pk in achieved) for component in components[module.pk]],
            met=module.pk in met,
        )
        for module in modules
    ]


def completed_module_keys(*, enrolment_ids: Iterable[UUID]) -> dict[UUID, set[str]]:
    """The keys of the modules that each enrolment has completed; an enrolment without any has an empty
    set.
    """
    keys: dict[UUID, set[str]] = {enrolment_id: set() for enrolment_id in enrolment_ids}
    rows = ModuleCompletion.objects.current().filter(enrolment__in=keys)
    for enrolment_id, key in rows.values_list("enrolment_id", "module__key"):
        keys[enrolment_id].add(key)
    return keys


def _path_module(
    module: Module, lessons: Sequence[PathLesson], components: Sequence[PathComponent], *, met: bool
) -> PathModule:
    done = sum(step.achieved for step in components)
    state = _state(met=met, begun=bool(done or any(step.read for step in lessons)))
    return PathModule(module, lessons, components, ModuleProgress(done, len(components), state))


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
