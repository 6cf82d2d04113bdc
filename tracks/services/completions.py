"""Completions of one component for many people at once: each step is a few statements and one signal."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tracks import signals
from tracks.models import Component, ComponentCompletion, Enrolment, Module, ModuleCompletion
from tracks.people import Person
from tracks.services.announce import enrolment_fact

_LONGEST_REASON = 500
#: Rows in one statement.
BATCH = 500


@transaction.atomic
def record_completions(
    *,
    module: Module,
    kind: str,
    key: str,
    achieved: Mapping[UUID, datetime],
    actor: Person | None,
    at: datetime,
) -> int:
    """These people, by enrolment, achieved a component at their own moments; `at` is when that was found.

    A completion that stands stays as it is. A module that this completes was completed when the last of its
    components was. Returns how many modules were.
    """
    component = Component.objects.get(module=module, kind=kind, key=key)
    enrolments = _locked(achieved)
    current = ComponentCompletion.objects.current().filter(enrolment__in=list(enrolments))
    there = set(current.filter(component=component).values_list("enrolment_id", flat=True))
    ComponentCompletion.objects.bulk_create(
        [
            ComponentCompletion(enrolment_id=pk, component=component, achieved_at=moment)
            for pk, moment in achieved.items()
            if pk not in there
        ],
        batch_size=BATCH,
    )
    needed = set(Component.objects.filter(module=module, retired_at=None).values_list("pk", flat=True))
    moments: dict[Any, dict[int, datetime]] = defaultdict(dict)
    rows = current.filter(component__in=needed)
    for enrolment_id, component_id, moment in rows.values_list("enrolment_id", "component_id", "achieved_at"):
        moments[enrolment_id][component_id] = moment
    completions = ModuleCompletion.objects.current().filter(module=module, enrolment__in=list(enrolments))
    done = set(completions.values_list("enrolment_id", flat=True))
    new = [pk for pk in enrolments if needed and pk not in done and moments[pk].keys() == needed]
    ModuleCompletion.objects.bulk_create(
        [
            ModuleCompletion(enrolment_id=pk, module=module, achieved_at=max(moments[pk].values()))
            for pk in new
        ],
        batch_size=BATCH,
    )
    facts = [
        enrolment_fact("tracks.module_completed", enrolments[pk], actor, at, module=module.key) for pk in new
    ]
    if facts:
        signals.module_completed.send(sender=ModuleCompletion, facts=facts)
    return len(new)


@transaction.atomic
def withdraw_completions(
    *,
    module: Module,
    kind: str,
    key: str,
    enrolment_ids: Collection[UUID],
    reason: str,
    actor: Person | None,
    at: datetime,
) -> int:
    """The proof of a component no longer stands for these people. Returns how many modules fell with it."""
    if not reason.strip():
        raise ValidationError(_("Say why it is withdrawn."), code="reason_missing")
    component = Component.objects.get(module=module, kind=kind, key=key)
    enrolments = _locked(enrolment_ids)
    withdrawn = {"withdrawn_at": at, "withdrawn_reason": reason.strip()[:_LONGEST_REASON]}
    current = ComponentCompletion.objects.current()
    current.filter(component=component, enrolment__in=enrolment_ids).update(**withdrawn)
    if component.retired_at is not None:
        return 0
    completions = ModuleCompletion.objects.current().filter(module=module, enrolment__in=enrolment_ids)
    lost = list(completions.values_list("enrolment_id", flat=True))
    completions.update(**withdrawn)
    facts = [
        enrolment_fact(
            "tracks.module_completion_withdrawn",
            enrolments[pk],
            actor,
            at,
            module=module.key,
            component=f"{kind}:{key}",
        )
        for pk in lost
    ]
    if facts:
        signals.module_completion_withdrawn.send(sender=ModuleCompletion, facts=facts)
    return len(lost)


def _locked(enrolment_ids: Collection[UUID]) -> dict[UUID, Enrolment]:
    """In one order for everybody, held until the transaction ends."""
    held = Enrolment.objects.select_for_update(of=("self",)).select_related("track", "cohort")
    return {enrolment.pk: enrolment for enrolment in held.filter(pk__in=enrolment_ids).order_by("pk")}
