"""What a track's pages ask the database: the content of a track, with what one person has done of it.

`done` on each object says whether that person has completed the module, achieved the component or read the
lesson.
"""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable

from tracks.models import (
    Component,
    ComponentCompletion,
    Enrolment,
    Lesson,
    LessonRead,
    Module,
    ModuleCompletion,
    Track,
)
from tracks.prepared import PreparedObjects

NOTHING = Value(False)
ANYTHING = UUID(int=1)
ANY_TRACK = "\0track"


def modules_of(track: Track) -> QuerySet[Module]:
    return _modules(Q(track=track), done=NOTHING)


def lessons_of(track: Track) -> QuerySet[Lesson]:
    return _lessons(Q(module__track=track), done=NOTHING)


def components_of(track: Track) -> QuerySet[Component]:
    return _components(Q(module__track=track), done=NOTHING)


def _modules(which: Q, *, done: Combinable) -> QuerySet[Module]:
    return Module.objects.live().filter(which).select_related("track").annotate(done=done)


def _lessons(which: Q, *, done: Combinable) -> QuerySet[Lesson]:
    return Lesson.objects.live().filter(which, module__retired_at=None).annotate(done=done)


def _components(which: Q, *, done: Combinable) -> QuerySet[Component]:
    return Component.objects.filter(which, retired_at=None, module__retired_at=None).annotate(done=done)


def _modules_with(enrolment: UUID) -> QuerySet[Module]:
    done = ModuleCompletion.objects.current().filter(enrolment=enrolment, module=OuterRef("pk"))
    return _modules(Q(track__enrolments=enrolment), done=Exists(done))


def _lessons_with(enrolment: UUID) -> QuerySet[Lesson]:
    done = LessonRead.objects.filter(enrolment=enrolment, lesson=OuterRef("pk"))
    return _lessons(Q(module__track__enrolments=enrolment), done=Exists(done))


def _components_with(enrolment: UUID) -> QuerySet[Component]:
    done = ComponentCompletion.objects.current().filter(enrolment=enrolment, component=OuterRef("pk"))
    return _components(Q(module__track__enrolments=enrolment), done=Exists(done))


def _enrolments_on(user: UUID, track: str) -> QuerySet[Enrolment]:
    enrolments = Enrolment.objects.live().filter(user=user, track__key=track)
    return enrolments.select_related("track__role", "cohort").order_by("due_on")


modules_with = PreparedObjects(_modules_with, enrolment=ANYTHING)
lessons_with = PreparedObjects(_lessons_with, enrolment=ANYTHING)
components_with = PreparedObjects(_components_with, enrolment=ANYTHING)
#: A person's enrolments that count on the track with this key: one or none.
enrolments_on = PreparedObjects(_enrolments_on, user=ANYTHING, track=ANY_TRACK)
