"""Somebody may read the record for a time."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.people.models import AuditorAccess, User
from enablement.people.signals import auditor_access_changed
from tracks.errors import Refused
from tracks.facts import Fact

#: Nobody audits longer without being asked for again.
LONGEST = timedelta(days=90)


@transaction.atomic
def give_auditor_access(
    *, person: User, reason: str, ends_at: datetime, actor: User, at: datetime
) -> AuditorAccess:
    """They read the record from now until `ends_at`.

    Raises PermissionDenied; Refused `too_long`, `has_left` or `has_it`; ValidationError without a reason, for
    an end that is over, or for oneself.
    """
    _ensure_gives(actor)
    person = User.objects.select_for_update().get(pk=person.pk)
    if not person.is_active:
        raise Refused("has_left", _("This account is closed."))
    if ends_at > at + LONGEST:
        message = _("At most %(days)d days; it can be given again.")
        raise Refused("too_long", message % {"days": LONGEST.days})
    if AuditorAccess.objects.live(at=at).filter(person=person).exists():
        raise Refused("has_it", _("This person may read the record already; end that first."))
    made = AuditorAccess(person=person, reason=reason.strip(), starts_at=at, ends_at=ends_at, given_by=actor)
    made.full_clean()
    made.save(force_insert=True)
    _announce("given", made, actor=actor, at=at)
    return made


@transaction.atomic
def end_auditor_access(*, access: AuditorAccess, actor: User, at: datetime) -> AuditorAccess:
    """The very next page is refused. Refused `ended` where it is over already."""
    _ensure_gives(actor)
    access = AuditorAccess.objects.select_for_update(of=("self",)).get(pk=access.pk)
    if access.ended_at is not None or access.ends_at <= at:
        raise Refused("ended", _("This has ended already."))
    access.ended_at, access.ended_by = at, actor
    access.save(update_fields=["ended_at", "ended_by"])
    _announce("ended", access, actor=actor, at=at)
    return access


def end_for_leaver(*, person: User, actor: User | None, at: datetime) -> None:
    """Whoever leaves reads nothing more, nor if they come back: it has to be given anew."""
    for access in AuditorAccess.objects.live(at=at).select_for_update(of=("self",)).filter(person=person):
        # Nobody need have ended it: its time is cut short instead.
        access.ends_at = max(at, access.starts_at + timedelta.resolution)
        access.save(update_fields=["ends_at"])
        _announce("ended", access, actor=actor, at=at)


def _ensure_gives(actor: User) -> None:
    if not actor.has_perm("people.give_auditor_access"):
        raise PermissionDenied(_("You may not let auditors in."))


def _announce(what: str, access: AuditorAccess, *, actor: User | None, at: datetime) -> None:
    fact = Fact(
        kind=f"people.auditor_access_{what}",
        subject=("people.AuditorAccess", str(access.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload={"person": str(access.person_id), "ends_at": access.ends_at},
    )
    auditor_access_changed.send(sender=AuditorAccess, facts=[fact])
