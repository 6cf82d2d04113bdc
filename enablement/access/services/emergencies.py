"""Emergency access: asked for, approved by another person, ended early, looked at afterwards."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access.models import EmergencyAccess, Grant, Microtool, Policy
from enablement.access.services.control.rights import ensure_another, ensure_controls
from enablement.access.signals import emergency_changed
from enablement.people.models import User
from tracks.errors import Refused
from tracks.facts import Fact

CONTROL = "access.control_access"


def may_ask(actor: User, *, user: User) -> bool:
    """For oneself, or for anybody by who holds access in hand."""
    return actor == user or actor.has_perm(CONTROL)


@transaction.atomic
def ask(
    *, user: User, microtool: Microtool, reason: str, hours: int, actor: User, at: datetime
) -> EmergencyAccess:
    """Nothing opens yet. Raises Refused `no_policy`, `closed_for_all` or `asked`, ValidationError."""
    if not may_ask(actor, user=user):
        raise PermissionDenied(_("You may ask for emergency access for yourself only."))
    grant = _grant(user, microtool, at=at)
    rows = EmergencyAccess.objects.filter(grant=grant)
    if (rows.waiting(at=at) | rows.live(at=at)).exists():
        raise Refused("asked", _("Emergency access to this tool has been asked for, or is open, already."))
    made = EmergencyAccess(
        grant=grant, user=user, reason=reason.strip(), hours=hours, asked_by=actor, asked_at=at
    )
    made.full_clean()
    made.save()
    _announce("asked", made, actor=actor, at=at)
    return made


def _grant(user: User, microtool: Microtool, *, at: datetime) -> Grant:
    """The person's grant for this tool, which decisions read; a locked one where there is none."""
    policy = Policy.objects.first()
    if policy is None:
        raise Refused("no_policy", _("No playbook is in force, so every tool is closed."))
    if microtool.retired_at is not None or not user.is_active:
        raise Refused("closed_for_all", _("The tool is retired, or the account is closed."))
    Grant.objects.get_or_create(
        user=user, microtool=microtool, defaults={"since": at, "policy_revision": policy.revision}
    )
    return Grant.objects.select_for_update(of=("self",)).get(user=user, microtool=microtool)


@transaction.atomic
def approve(*, emergency: EmergencyAccess, actor: User, at: datetime) -> EmergencyAccess:
    """Opens the tool at once, for the hours that were asked. Refused `own_access`, `same_person`, `over`."""
    emergency = _locked(emergency)
    ensure_controls(actor, about=emergency.user)
    if emergency.state(at=at) != "waiting":
        raise Refused("over", _("This does not wait any more: it was decided, or hours have passed."))
    ensure_another(actor, emergency.asked_by, message=_("Another person than who asked has to approve."))
    emergency.approved_by, emergency.starts_at = actor, at
    emergency.ends_at = at + timedelta(hours=emergency.hours)
    emergency.full_clean()
    emergency.save()
    _announce("approved", emergency, actor=actor, at=at)
    return emergency


@transaction.atomic
def end(*, emergency: EmergencyAccess, actor: User, at: datetime, reason: str = "") -> EmergencyAccess:
    """Turned down or withdrawn before it opened, or given back: one person is enough to close.

    Raises Refused `over`, ValidationError (`reason`) where another's request is turned down without one.
    """
    emergency = _locked(emergency)
    if not may_ask(actor, user=emergency.user):
        raise PermissionDenied(_("You may not end this."))
    if emergency.state(at=at) not in {"waiting", "live"}:
        raise Refused("over", _("This is over already."))
    reason = reason.strip()
    if emergency.is_turned_down_by(actor) and not reason:
        raise ValidationError({"reason": [_("Say why, so that they know what to do now.")]}, code="required")
    emergency.ended_by, emergency.ended_at, emergency.end_reason = actor, at, reason
    emergency.full_clean()
    emergency.save()
    _announce("ended", emergency, actor=actor, at=at)
    return emergency


@transaction.atomic
def review(*, emergency: EmergencyAccess, review: str, actor: User, at: datetime) -> EmergencyAccess:
    """What a third one found, who neither asked nor approved.

    Refused `own_access`, `same_person` or `not_over`.
    """
    emergency = _locked(emergency)
    ensure_controls(actor, about=emergency.user)
    if emergency.state(at=at) != "over" or emergency.reviewed_at is not None:
        raise Refused("not_over", _("Only what is over, and was not looked at yet, can be reviewed."))
    if not emergency.may_review(actor):
        raise Refused("same_person", _("Somebody who neither asked nor approved has to review it."))
    emergency.reviewed_by, emergency.reviewed_at, emergency.review = actor, at, review.strip()
    emergency.full_clean()
    emergency.save()
    _announce("reviewed", emergency, actor=actor, at=at)
    return emergency


def _locked(emergency: EmergencyAccess) -> EmergencyAccess:
    rows = EmergencyAccess.objects.select_for_update(of=("self",))
    related = ("user", "asked_by", "approved_by", "grant__microtool")
    return rows.select_related(*related).get(pk=emergency.pk)


def _announce(what: str, emergency: EmergencyAccess, *, actor: User, at: datetime) -> None:
    fact = Fact(
        kind=f"access.emergency_{what}",
        subject=("access.EmergencyAccess", str(emergency.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=emergency.user_id,
        payload={
            "microtool": emergency.grant.microtool.key,
            "hours": emergency.hours,
            "ends_at": emergency.ends_at or "",
        },
    )
    emergency_changed.send(sender=EmergencyAccess, facts=[fact])
