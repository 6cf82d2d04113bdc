"""What a track's pages ask the database: the content of a track, with what one person has done of it.

`completed_at` and `renewed_at` of a module, `read_at` of a lesson: when that person last did so; `done` of a
component: whether they have achieved it.
"""

from uuid import UUID

from django.db.models import DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable

from tracks.models import (
    Component,
    ComponentCompletion,
    Enrolment,
    Lesson,
    LessonRead,
    Module,
    ModuleCompletion,
    ModuleRenewal,
    Track,
)
from tracks.prepared import PreparedObjects

NOTHING = Value(False)
NEVER = Value(None, output_field=DateTimeField())
ANYTHING = UUID(int=1)
ANY_TRACK = "\0track"


def modules_of(track: Track) -> QuerySet[Module]:
    return _modules(Q(track=track), completed_at=NEVER, renewed_at=NEVER)


def lessons_of(track: Track) -> QuerySet[Lesson]:
    return _lessons(Q(module__track=track), read_at=NEVER)


def components_of(track: Track) -> QuerySet[Component]:
    return _components(Q(module__track=track), done=NOTHING)


def _modules(which: Q, **moments: Combinable) -> QuerySet[Module]:
    return Module.objects.live().filter(which).select_related("track").annotate(**moments)


def _lessons(which: Q, *, read_at: Combinable) -> QuerySet[Lesson]:
    return Lesson.objects.live().filter(which, module__retired_at=None).annotate(read_at=read_at)


def _components(which: Q, *, done: Combinable) -> QuerySet[Component]:
    return Component.objects.filter(which, retired_at=None, module__retired_at=None).annotate(done=done)


def _modules_with(enrolment: UUID) -> QuerySet[Module]:
    mine = {"enrolment": enrolment, "module": OuterRef("pk")}
    return _modules(
        Q(track__enrolments=enrolment),
        completed_at=Subquery(ModuleCompletion.objects.current().filter(**mine).values("achieved_at")[:1]),
        renewed_at=Subquery(
            ModuleRenewal.objects.filter(**mine).order_by("-number").values("achieved_at")[:1]
        ),
    )


def _lessons_with(enrolment: UUID) -> QuerySet[Lesson]:
    reads = LessonRead.objects.filter(enrolment=enrolment, lesson=OuterRef("pk")).order_by("-number")
    return _lessons(Q(module__track__enrolments=enrolment), read_at=Subquery(reads.values("read_at")[:1]))


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
