"""Giving one's own calendar an address, and taking it back."""

import secrets
from datetime import datetime

from django.db import transaction

from enablement.people.models import User
from enablement.people.models.api_token import hash_secret
from enablement.programs.models import CalendarAddress
from enablement.programs.signals import calendar_address_changed
from tracks.facts import Fact

_TOKEN_BYTES = 32


@transaction.atomic
def make_calendar_address(*, actor: User, at: datetime) -> str:
    """The token of 256 random bits, which is stored nowhere: show it once. One made before ends."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    CalendarAddress.objects.update_or_create(
        user=actor, defaults={"sha256": hash_secret(token), "made_at": at}
    )
    _announce("programs.calendar_address_made", actor, at)
    return token


@transaction.atomic
def end_calendar_address(*, actor: User, at: datetime) -> bool:
    """False where there is none. What was read under it stays in the calendars that read it."""
    ended, _of_models = CalendarAddress.objects.filter(user=actor).delete()
    if ended:
        _announce("programs.calendar_address_ended", actor, at)
    return bool(ended)


def _announce(kind: str, user: User, at: datetime) -> None:
    fact = Fact(kind=kind, subject=("people.User", str(user.pk)), at=at, actor_id=user.pk)
    calendar_address_changed.send(sender=CalendarAddress, facts=[fact])
