"""An approver who goes on leave names who decides in their place, and until when."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access import approvers
from enablement.access.models import ApprovalDelegation
from enablement.access.signals import approval_delegation_changed
from enablement.people.models import User
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.zones import local_date

#: Longer leave is a matter for the roster: somebody else gets the role.
LONGEST_DAYS = 90


@transaction.atomic
def name_delegate(
    *, email: str, first_day: date, last_day: date, actor: User, at: datetime
) -> ApprovalDelegation:
    """The actor's delegate from the first to the last day, both included, in the actor's time zone.

    An approver has one at a time: an earlier one ends. The same again changes nothing. Raises ValidationError
    (`email`, `first_day`, `last_day`), and Refused `not_an_approver`, `own_delegate` or `not_staff`.
    """
    if not approvers.is_approver(actor, at=at):
        raise Refused("not_an_approver", _("There is nothing that you could be asked to decide."))
    delegate = User.objects.get_queryset().active().by_email(email).first()
    if delegate is None:
        raise ValidationError({"email": [_("Nobody here has this address.")]}, code="unknown")
    if delegate.pk == actor.pk:
        raise Refused("own_delegate", _("Name somebody else; you cannot stand in for yourself."))
    if not approvers.may_stand_in(delegate, approver=actor):
        message = _(
            "Name somebody of the staff, or who decides on the same things as you. Who learns here, or only "
            "reads the record, does not decide for others."
        )
        raise Refused("not_staff", message)
    _ensure_days(first_day, last_day, local_date(at, actor.timezone))
    starts_at = max(_midnight(first_day, actor.timezone), at)
    ends_at = _midnight(last_day + timedelta(days=1), actor.timezone)
    open_now = ApprovalDelegation.objects.open().select_for_update().filter(approver=actor).first()
    if open_now is not None:
        same = (open_now.delegate_id, open_now.ends_at) == (delegate.pk, ends_at)
        if same and open_now.starts_at <= starts_at:
            return open_now
        _end(open_now, actor=actor, at=at)
    delegation = ApprovalDelegation.objects.create(
        approver=actor, delegate=delegate, starts_at=starts_at, ends_at=ends_at, named_at=at
    )
    _announce("named", delegation, actor, at)
    return delegation


@transaction.atomic
def end_delegation(*, delegation: ApprovalDelegation, actor: User, at: datetime) -> bool:
    """The approver is back early. False where it had ended before. Refused `not_yours`."""
    if delegation.approver_id != actor.pk:
        raise Refused("not_yours", _("Only the person who named this delegate can end it."))
    held = ApprovalDelegation.objects.open().select_for_update().filter(pk=delegation.pk, ends_at__gt=at)
    found = held.first()
    if found is None:
        return False
    _end(found, actor=actor, at=at)
    return True


def _end(delegation: ApprovalDelegation, *, actor: User, at: datetime) -> None:
    delegation.ended_at = at
    delegation.save(update_fields=["ended_at"])
    _announce("ended", delegation, actor, at)


def _ensure_days(first_day: date, last_day: date, today: date) -> None:
    if first_day < today:
        raise ValidationError({"first_day": [_("Choose today or a later day.")]}, code="in_the_past")
    if last_day < first_day:
        raise ValidationError({"last_day": [_("It has to be the first day or later.")]}, code="ends_before")
    if (last_day - first_day).days >= LONGEST_DAYS:
        message = _("At most %(days)d days; for longer, somebody else gets the role.")
        raise ValidationError({"last_day": [message % {"days": LONGEST_DAYS}]}, code="too_long")


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))


def _announce(what: str, delegation: ApprovalDelegation, actor: User, at: datetime) -> None:
    fact = Fact(
        kind=f"access.approval_delegate_{what}",
        subject=("access.ApprovalDelegation", str(delegation.pk)),
        at=at,
        actor_id=actor.pk,
        payload={
            "approver": str(delegation.approver_id),
            "delegate": str(delegation.delegate_id),
            "starts_at": delegation.starts_at,
            "ends_at": delegation.ends_at,
        },
    )
    approval_delegation_changed.send(sender=ApprovalDelegation, facts=[fact])
