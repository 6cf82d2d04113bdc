"""Progress: lessons read, components achieved, modules completed, and what is taken back.

Whoever changes a person's progress holds the lock on their enrolment, so two doing it at once make one fact.
A completion is a fact and is recorded whatever the enrolment's state; only a person's own step needs an open
one.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tracks import rules, signals
from tracks.errors import Refused
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
from tracks.rounds import counts_as_read
from tracks.services.announce import enrolment_fact
from tracks.services.renewing import holding_of, record_renewal

_LONGEST_REASON = 500


@transaction.atomic
def read_lesson(*, enrolment: Enrolment, lesson: Lesson, actor: Person, at: datetime) -> LessonRead:
    """The person says that they have read it. The last lesson of a module completes its lessons; of a module
    that is to be gone through again, the round.

    Refused for anybody else, outside the enrolment's track, for a retired lesson, and while the enrolment is
    closed.
    """
    enrolment = _locked(enrolment)
    if actor.pk != enrolment.user_id:
        raise Refused("not_yours", _("Only the person who learns can mark a lesson as read."))
    if lesson.module.track_id != enrolment.track_id or lesson.retired_at is not None:
        raise Refused("lesson_not_on_track", _("This lesson is not part of your track."))
    holding = holding_of(enrolment=enrolment, module=lesson.module, at=at)
    rules.ensure_open(enrolment, renewing=holding is not None and holding.open)
    before = LessonRead.objects.filter(enrolment=enrolment, lesson=lesson).order_by("number").last()
    if before is not None and counts_as_read(before.read_at, holding):
        return before
    number = before.number + 1 if before else 1
    read = LessonRead.objects.create(enrolment=enrolment, lesson=lesson, number=number, read_at=at)
    payload = {"module": lesson.module.key, "lesson": lesson.key, "time": number}
    fact = enrolment_fact("tracks.lesson_read", enrolment, actor, at, **payload)
    signals.lesson_read.send(sender=LessonRead, facts=[fact])
    if not Lesson.objects.live().filter(module=lesson.module).exclude(reads__enrolment=enrolment).exists():
        record_completion(
            enrolment=enrolment,
            module=lesson.module,
            kind=Component.Kind.LESSONS,
            key="lessons",
            actor=actor,
            at=at,
        )
    if holding is not None and holding.open:
        record_renewal(enrolment=enrolment, module=lesson.module, holding=holding, actor=actor, at=at)
    return read


@transaction.atomic
def record_completion(
    *, enrolment: Enrolment, module: Module, kind: str, key: str, actor: Person | None, at: datetime
) -> ModuleCompletion | None:
    """The person has achieved a component. Returns the module's completion where that completes (or
    completed) it.

    The same component again changes nothing. Component.DoesNotExist where it was never declared.
    """
    enrolment = _locked(enrolment)
    component = Component.objects.get(module=module, kind=kind, key=key)
    ComponentCompletion.objects.get_or_create(
        enrolment=enrolment, component=component, withdrawn_at=None, defaults={"achieved_at": at}
    )
    needed = set(_needed(module))
    achieved = set(
        ComponentCompletion.objects.current()
        .filter(enrolment=enrolment, component__in=needed)
        .values_list("component_id", flat=True)
    )
    if not needed or needed - achieved:
        return None
    completion, created = ModuleCompletion.objects.get_or_create(
        enrolment=enrolment, module=module, withdrawn_at=None, defaults={"achieved_at": at}
    )
    if created:
        fact = enrolment_fact("tracks.module_completed", enrolment, actor, at, module=module.key)
        signals.module_completed.send(sender=ModuleCompletion, facts=[fact])
    return completion


@transaction.atomic
def withdraw_completion(
    *,
    enrolment: Enrolment,
    module: Module,
    kind: str,
    key: str,
    reason: str,
    actor: Person | None,
    at: datetime,
) -> bool:
    """The proof of a component no longer stands; neither does the module that needs it. False: nothing
    stood.
    """
    if not reason.strip():
        raise ValidationError(_("Say why it is withdrawn."), code="reason_missing")
    enrolment = _locked(enrolment)
    withdrawn = {"withdrawn_at": at, "withdrawn_reason": reason.strip()[:_LONGEST_REASON]}
    component = Component.objects.get(module=module, kind=kind, key=key)
    current = ComponentCompletion.objects.current().filter(enrolment=enrolment, component=component)
    if not current.update(**withdrawn):
        return False
    completions = ModuleCompletion.objects.current().filter(enrolment=enrolment, module=module)
    if component.retired_at is None and completions.update(**withdrawn):
        fact = enrolment_fact(
            "tracks.module_completion_withdrawn",
            enrolment,
            actor,
            at,
            module=module.key,
            component=f"{kind}:{key}",
        )
        signals.module_completion_withdrawn.send(sender=ModuleCompletion, facts=[fact])
    return True


def complete_enrolments(*, enrolment_ids: Collection[UUID], at: datetime) -> list[Enrolment]:
    """The track's gate is met: those of the enrolments that turn complete now. Withdrawn ones never do."""
    return _turn(
        enrolment_ids,
        {Enrolment.State.ACTIVE, Enrolment.State.PAUSED},
        {"state": Enrolment.State.COMPLETED, "completed_at": at, "paused_on": None},
        kind="tracks.enrolment_completed",
        at=at,
    )


def reopen_enrolments(*, enrolment_ids: Collection[UUID], at: datetime) -> list[Enrolment]:
    """The track's gate is no longer met: those of the enrolments that were complete until now."""
    return _turn(
        enrolment_ids,
        {Enrolment.State.COMPLETED},
        {"state": Enrolment.State.ACTIVE, "completed_at": None},
        kind="tracks.enrolment_reopened",
        at=at,
    )


@transaction.atomic
def _turn(
    enrolment_ids: Collection[UUID], states: set[str], changes: dict[str, Any], *, kind: str, at: datetime
) -> list[Enrolment]:
    """One statement and one signal, however many they are."""
    held = Enrolment.objects.select_for_update(of=("self",)).select_related("track", "cohort")
    turning = list(held.filter(pk__in=enrolment_ids, state__in=states).order_by("pk"))
    if not turning:
        return []
    Enrolment.objects.filter(pk__in=[enrolment.pk for enrolment in turning]).update(**changes)
    for enrolment in turning:
        for name, value in changes.items():
            setattr(enrolment, name, value)
    facts = [enrolment_fact(kind, enrolment, None, at) for enrolment in turning]
    signals.enrolment_changed.send(sender=Enrolment, facts=facts)
    return turning


@transaction.atomic
def settle(*, modules: Sequence[Module], at: datetime) -> int:
    """After a module came to need less: completes it for everyone who now lacks nothing. One signal; the
    number.
    """
    facts = []
    for module in modules:
        _settle_lessons(module, at)
        needed = set(_needed(module))
        done: dict[Any, set[int]] = defaultdict(set)
        rows = ComponentCompletion.objects.current().filter(
            component__in=needed, enrolment__in=Enrolment.objects.live().filter(track=module.track_id)
        )
        for enrolment_id, component_id in rows.values_list("enrolment_id", "component_id"):
            done[enrolment_id].add(component_id)
        met = [enrolment_id for enrolment_id, achieved in done.items() if achieved == needed]
        lacking = (
            Enrolment.objects.select_for_update(of=("self",))
            .filter(pk__in=met)
            .exclude(module_completions__in=ModuleCompletion.objects.current().filter(module=module))
            .select_related("track")
        )
        for enrolment in lacking:
            ModuleCompletion.objects.create(enrolment=enrolment, module=module, achieved_at=at)
            facts.append(enrolment_fact("tracks.module_completed", enrolment, None, at, module=module.key))
    if facts:
        signals.module_completed.send(sender=ModuleCompletion, facts=facts)
    return len(facts)


def _settle_lessons(module: Module, at: datetime) -> None:
    """Who has read every lesson that is left has completed the lessons."""
    component = Component.objects.filter(
        module=module, kind=Component.Kind.LESSONS, key="lessons", retired_at=None
    ).first()
    lessons = set(Lesson.objects.live().filter(module=module).values_list("pk", flat=True))
    if component is None or not lessons:
        return
    reads: dict[Any, set[int]] = defaultdict(set)
    rows = LessonRead.objects.filter(lesson__in=lessons).exclude(
        enrolment__component_completions__in=ComponentCompletion.objects.current().filter(component=component)
    )
    for enrolment_id, lesson_id in rows.values_list("enrolment_id", "lesson_id"):
        reads[enrolment_id].add(lesson_id)
    ComponentCompletion.objects.bulk_create(
        ComponentCompletion(enrolment_id=enrolment_id, component=component, achieved_at=at)
        for enrolment_id, read in reads.items()
        if read == lessons
    )


def _needed(module: Module) -> list[int]:
    return list(Component.objects.filter(module=module, retired_at=None).values_list("pk", flat=True))


def _locked(enrolment: Enrolment) -> Enrolment:
    """The enrolment as it is now, held until the transaction ends."""
    held = Enrolment.objects.select_for_update(of=("self",)).select_related("track", "cohort")
    return held.get(pk=enrolment.pk)
