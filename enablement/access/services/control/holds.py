"""Suspending one person's grant, and lifting the suspension."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access.models import Grant, GrantHold
from enablement.access.services import grants
from enablement.access.services.control.rights import ensure_another, ensure_controls
from enablement.access.signals import suspension_kept
from enablement.people.models import User
from tracks.errors import Refused
from tracks.facts import Fact


@transaction.atomic
def suspend(*, grant: Grant, reason: str, actor: User, at: datetime) -> GrantHold:
    """The very next call is denied. Refused `own_access` or `suspended`, ValidationError for no reason."""
    ensure_controls(actor, about=grant.user)
    grant = Grant.objects.select_for_update(of=("self",)).get(pk=grant.pk)
    if grant.holds.live().exists():
        raise Refused("suspended", _("This access is suspended already."))
    hold = GrantHold(
        grant=grant,
        cause=GrantHold.Cause.BY_HAND,
        reason=reason.strip(),
        placed_by=actor,
        placed_at=at,
    )
    place(hold, actor=actor, at=at)
    return hold


def place(hold: GrantHold, *, actor: User | None, at: datetime) -> None:
    """Keeps the hold and suspends its grant, which the caller holds locked."""
    hold.full_clean()
    hold.save()
    grants.set_state(
        hold.grant,
        Grant.State.SUSPENDED,
        cause=f"access.{hold.cause}",
        actor_id=actor.pk if actor else None,
        at=at,
    )


@transaction.atomic
def lift(*, hold: GrantHold, reason: str, actor: User, at: datetime) -> GrantHold:
    """From now on the gate decides again. Another person than who suspended it does this, and says why.

    Raises Refused `own_access`, `same_person` or `lifted`, ValidationError where the reason is empty.
    """
    grant = Grant.objects.select_for_update(of=("self",)).get(pk=hold.grant_id)
    hold = GrantHold.objects.select_for_update(of=("self",)).select_related("placed_by").get(pk=hold.pk)
    ensure_controls(actor, about=grant.user)
    if hold.lifted_at is not None:
        raise Refused("lifted", _("This suspension has been lifted already."))
    ensure_another(actor, hold.placed_by, message=_("Another person than who suspended it has to lift it."))
    ensure_another(actor, hold.kept_by, message=_("Another person than who kept it closed has to lift it."))
    hold.lifted_at, hold.lifted_by, hold.lift_reason = at, actor, reason.strip()
    hold.full_clean()
    hold.save()
    grants.mark_used(grant, at=at)
    grants.reevaluate(user_ids=[grant.user_id], cause="access.hold_lifted", actor_id=actor.pk, at=at)
    return hold


@transaction.atomic
def keep(*, hold: GrantHold, reason: str, actor: User, at: datetime) -> GrantHold:
    """Whoever looks at what the rule on rework closed may leave it closed, and says why.

    Raises Refused `own_access`, `lifted`, `not_by_rule` or `kept`, ValidationError where the reason is empty.
    """
    grant = Grant.objects.select_for_update(of=("self",)).get(pk=hold.grant_id)
    hold = GrantHold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    ensure_controls(actor, about=grant.user)
    if hold.lifted_at is not None:
        raise Refused("lifted", _("This suspension has been lifted already."))
    if hold.cause != GrantHold.Cause.REWORK:
        raise Refused("not_by_rule", _("Only what the rule on rework closed is looked at so."))
    if hold.kept_at is not None:
        raise Refused("kept", _("Somebody has looked at it already; it stays closed."))
    hold.kept_at, hold.kept_by, hold.keep_reason = at, actor, reason.strip()
    hold.full_clean()
    hold.save()
    fact = Fact(
        kind="access.suspension_kept",
        subject=("access.GrantHold", str(hold.pk)),
        at=at,
        actor_id=actor.pk,
        payload={"grant": str(grant.pk), "person": str(grant.user_id), "microtool": grant.microtool.key},
    )
    suspension_kept.send(sender=GrantHold, facts=[fact])
    return hold
