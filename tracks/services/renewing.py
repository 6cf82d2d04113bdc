"""Going through a completed module again: what was completed stays on record, with its own date."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from tracks import rules, signals
from tracks.errors import Refused
from tracks.models import Enrolment, Lesson, Module, ModuleCompletion, ModuleRenewal
from tracks.people import Person
from tracks.rounds import Holding
from tracks.services.announce import enrolment_fact


def holding_of(*, enrolment: Enrolment, module: Module, at: datetime) -> Holding | None:
    """At most two queries; none where completions of this module hold for good."""
    if module.valid_months is None:
        return None
    mine = {"enrolment": enrolment, "module": module}
    completed = ModuleCompletion.objects.current().filter(**mine).values_list("achieved_at", flat=True)
    renewed = ModuleRenewal.objects.filter(**mine).aggregate(last=Max("achieved_at"))
    return Holding.of(
        completed_at=completed.first(), renewed_at=renewed["last"], valid_months=module.valid_months, at=at
    )


@transaction.atomic
def renew_module(*, enrolment: Enrolment, module: Module, actor: Person, at: datetime) -> ModuleRenewal:
    """The person says that they have gone through the whole module again; a second time changes nothing.

    For a module without lessons, and where the last lesson that was missing has been retired: else reading
    the last one says it. Refused for anybody else, outside the track, while the enrolment is closed, before
    its time, and while a lesson is missing.
    """
    held = Enrolment.objects.select_for_update(of=("self",)).select_related("track", "cohort")
    enrolment = held.get(pk=enrolment.pk)
    if actor.pk != enrolment.user_id:
        raise Refused("not_yours", _("Only the person who learns can say so."))
    if module.track_id != enrolment.track_id or module.retired_at is not None:
        raise Refused("module_not_on_track", _("This module is not part of your track."))
    holding = holding_of(enrolment=enrolment, module=module, at=at)
    rules.ensure_open(enrolment, renewing=holding is not None)
    if holding is None:
        raise Refused("no_round", _("This module is not to be gone through again."))
    if not holding.open:
        latest = ModuleRenewal.objects.filter(enrolment=enrolment, module=module).last()
        if latest is not None:
            return latest
        day = {"day": date_format(localtime(holding.opens_at))}
        raise Refused("round_not_open", _("You can go through this module again from %(day)s.") % day)
    renewal = record_renewal(enrolment=enrolment, module=module, holding=holding, actor=actor, at=at)
    if renewal is None:
        raise Refused("lessons_missing", _("Read every lesson of this module again first."))
    return renewal


def record_renewal(
    *, enrolment: Enrolment, module: Module, holding: Holding, actor: Person, at: datetime
) -> ModuleRenewal | None:
    """None while a lesson is missing in the open round. The caller holds the enrolment's lock."""
    lessons = Lesson.objects.live().filter(module=module)
    read = lessons.filter(reads__enrolment=enrolment, reads__read_at__gte=holding.opens_at)
    if lessons.exclude(pk__in=read.order_by().values("pk")).exists():
        return None
    made = ModuleRenewal.objects.filter(enrolment=enrolment, module=module).aggregate(last=Max("number"))
    renewal = ModuleRenewal.objects.create(
        enrolment=enrolment, module=module, number=(made["last"] or 1) + 1, achieved_at=at
    )
    fact = enrolment_fact(
        "tracks.module_renewed", enrolment, actor, at, module=module.key, round=renewal.number
    )
    signals.module_renewed.send(sender=ModuleRenewal, facts=[fact])
    return renewal
