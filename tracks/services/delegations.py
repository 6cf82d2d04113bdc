"""A mentor who goes on leave names who signs in their place, and until when."""

import zoneinfo
from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tracks import signals
from tracks.errors import Refused
from tracks.models import Delegation
from tracks.people import Person
from tracks.services.announce import delegation_fact
from tracks.services.cohorts import ensure_may_mentor
from tracks.zones import local_date

#: Longer leave is a matter for the program manager, who can give the learners another mentor.
LONGEST_DAYS = 90


@transaction.atomic
def name_delegate(
    *, delegate: Person, first_day: date, last_day: date, actor: Person, at: datetime
) -> Delegation:
    """The actor's delegate from the first to the last day, both included, in the actor's time zone.

    A mentor has one at a time: an earlier one ends. The same again changes nothing. Raises ValidationError
    (`first_day`, `last_day`), and Refused `own_delegate`, `person_left` or `not_a_mentor`.
    """
    ensure_may_mentor(actor)
    ensure_may_mentor(delegate)
    if delegate.pk == actor.pk:
        raise Refused("own_delegate", _("Name somebody else; you cannot stand in for yourself."))
    _ensure_days(first_day, last_day, local_date(at, actor.timezone))
    starts_at = max(_midnight(first_day, actor.timezone), at)
    ends_at = _midnight(last_day + timedelta(days=1), actor.timezone)
    open_now = Delegation.objects.open().select_for_update().filter(mentor=actor).first()
    if open_now is not None:
        same = (open_now.delegate_id, open_now.ends_at) == (delegate.pk, ends_at)
        if same and open_now.starts_at <= starts_at:
            return open_now
        _end(open_now, actor=actor, at=at)
    delegation = Delegation.objects.create(
        mentor=actor, delegate=delegate, starts_at=starts_at, ends_at=ends_at, named_at=at
    )
    _announce("tracks.delegate_named", delegation, actor, at)
    return delegation


@transaction.atomic
def end_delegation(*, delegation: Delegation, actor: Person, at: datetime) -> bool:
    """The mentor is back early. False where it had ended before. Refused `not_yours`."""
    if delegation.mentor_id != actor.pk:
        raise Refused("not_yours", _("Only the mentor who named this delegate can end it."))
    held = Delegation.objects.open().select_for_update().filter(pk=delegation.pk, ends_at__gt=at).first()
    if held is None:
        return False
    _end(held, actor=actor, at=at)
    return True


def _end(delegation: Delegation, *, actor: Person, at: datetime) -> None:
    delegation.ended_at = at
    delegation.save(update_fields=["ended_at"])
    _announce("tracks.delegate_ended", delegation, actor, at)


def _ensure_days(first_day: date, last_day: date, today: date) -> None:
    if first_day < today:
        raise ValidationError({"first_day": _("Choose today or a later day.")}, code="in_the_past")
    if last_day < first_day:
        raise ValidationError({"last_day": _("It has to be the first day or later.")}, code="ends_before")
    if (last_day - first_day).days >= LONGEST_DAYS:
        raise ValidationError(
            {
                "last_day": _(
                    "At most %(days)d days; for a longer time your program manager assigns another mentor."
                )
                % {"days": LONGEST_DAYS}
            },
            code="too_long",
        )


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zoneinfo.ZoneInfo(zone))


def _announce(kind: str, delegation: Delegation, actor: Person, at: datetime) -> None:
    facts = [delegation_fact(kind, delegation, actor, at)]
    signals.delegation_changed.send(sender=Delegation, facts=facts)
