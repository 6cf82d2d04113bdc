"""The kill switch: for a tool, a model or a region."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access import stopping
from enablement.access.models import Microtool, Policy, Stop
from enablement.access.services.control.rights import ensure_another, ensure_controls
from enablement.access.signals import stop_changed
from enablement.people.models import User
from tracks.errors import Refused
from tracks.facts import Fact


@transaction.atomic
def stop(*, kind: str, value: str, reason: str, actor: User, at: datetime) -> Stop:
    """From the next call on everything with it is denied, for everybody, in every process.

    A region is one that the playbook or a token knows, however its letters are written: what nobody knows
    would stop nothing. A model is whatever gateways call it.

    Raises Refused `no_policy`, `unknown_microtool`, `unknown_region` or `stopped`, ValidationError for no
    value or reason.
    """
    ensure_controls(actor)
    policy = _locked_policy()
    value = value.strip()
    if kind == Stop.Kind.REGION and value:
        value = _region(value)
    if kind == Stop.Kind.MICROTOOL and not Microtool.objects.filter(key=value).exists():
        raise Refused("unknown_microtool", _("There is no tool of the name “%(name)s”.") % {"name": value})
    if Stop.objects.live().filter(kind=kind, value=value).exists():
        raise Refused("stopped", _("It is stopped already."))
    made = Stop(kind=kind, value=value, reason=reason.strip(), started_by=actor, started_at=at)
    made.full_clean()
    made.save()
    _into_force(policy)
    _announce("access.stop_started", made, actor=actor, at=at)
    return made


@transaction.atomic
def end_stop(*, stop: Stop, reason: str, actor: User, at: datetime) -> Stop:
    """Another person than who stopped ends it, and says why. Refused `same_person` or `ended`."""
    ensure_controls(actor)
    policy = _locked_policy()
    stop = Stop.objects.select_for_update(of=("self",)).get(pk=stop.pk)
    if stop.ended_at is not None:
        raise Refused("ended", _("This stop has ended already."))
    ensure_another(actor, stop.started_by, message=_("Another person than who stopped it has to end it."))
    stop.ended_at, stop.ended_by, stop.end_reason = at, actor, reason.strip()
    stop.full_clean()
    stop.save()
    _into_force(policy)
    _announce("access.stop_ended", stop, actor=actor, at=at)
    return stop


@transaction.atomic
def review_stop(*, stop: Stop, review: str, actor: User, at: datetime) -> Stop:
    """What somebody who neither placed nor ended it found afterwards.

    Refused `not_over`, `same_person` or `reviewed`.
    """
    ensure_controls(actor)
    stop = Stop.objects.select_for_update(of=("self",)).get(pk=stop.pk)
    if stop.reviewed_at is not None:
        raise Refused("reviewed", _("This stop has been reviewed already."))
    if stop.ended_at is None:
        raise Refused("not_over", _("It is in force; it can be reviewed once it has ended."))
    if not stop.may_review(actor):
        raise Refused("same_person", _("Somebody who neither stopped nor ended it has to review it."))
    stop.reviewed_at, stop.reviewed_by, stop.review = at, actor, review.strip()
    stop.full_clean()
    stop.save()
    _announce("access.stop_reviewed", stop, actor=actor, at=at)
    return stop


def _region(value: str) -> str:
    known = {region.casefold(): region for region in stopping.known_regions()}
    found = known.get(value.casefold())
    if found is None:
        message = _("No playbook and no token knows the region “%(name)s”; nothing would be stopped.")
        raise Refused("unknown_region", message % {"name": value})
    return found


def _locked_policy() -> Policy:
    policy = Policy.objects.select_for_update().first()
    if policy is None:
        raise Refused("no_policy", _("No playbook is in force yet, so every tool is closed already."))
    return policy


def _into_force(policy: Policy) -> None:
    """What is live, where decisions read it: on the row of the policy."""
    stops: dict[str, list[str]] = {}
    for kind, value in Stop.objects.live().order_by("kind", "value").values_list("kind", "value"):
        stops.setdefault(kind, []).append(value)
    policy.stops = stops
    policy.save(update_fields=["stops"])


def _announce(kind: str, stop: Stop, *, actor: User, at: datetime) -> None:
    fact = Fact(
        kind=kind,
        subject=("access.Stop", str(stop.pk)),
        at=at,
        actor_id=actor.pk,
        payload={"of": stop.kind, "value": stop.value},
    )
    stop_changed.send(sender=Stop, facts=[fact])
