"""Keeping endpoints: a new one, its address, its secret, its pauses, its end."""

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enablement.people.models import User
from enablement.webhooks import posting, signing
from enablement.webhooks.models import WebhookDelivery, WebhookEndpoint
from enablement.webhooks.models.endpoint import URL_MAX
from enablement.webhooks.rules import ensure_keeps_webhooks
from enablement.webhooks.services.announcing import announce
from enablement.webhooks.services.delivering import ask_for_sending
from tracks.errors import Refused

#: How long the secret before signs too after a rotation.
OVERLAP = timedelta(hours=24)
Pause = WebhookEndpoint.Pause


@transaction.atomic
def create_endpoint(
    *, name: str, url: str, microtools: Iterable[str], actor: User | None, at: datetime
) -> tuple[WebhookEndpoint, str]:
    """The endpoint and its secret, which is stored nowhere: show it once.

    `microtools`: keys of the tools that it hears of, every tool where none is named.
    ValidationError for a name in use or an address that nothing would be sent to.
    """
    ensure_keeps_webhooks(actor)
    endpoint = WebhookEndpoint(
        name=name.strip(),
        url=_sound(url),
        microtools=sorted(set(microtools)),
        salt=signing.new_salt(),
        created_at=at,
        created_by=actor,
    )
    _save(endpoint)
    announce("created", endpoint, actor=actor, at=at)
    return endpoint, signing.shown(endpoint.salt)


@transaction.atomic
def change_endpoint(
    *,
    endpoint: WebhookEndpoint,
    name: str,
    url: str,
    microtools: Iterable[str],
    actor: User | None,
    at: datetime,
) -> WebhookEndpoint:
    """What waits goes to the new address. Raises as `create_endpoint` does."""
    ensure_keeps_webhooks(actor)
    endpoint = locked(endpoint)
    endpoint.name, endpoint.url = name.strip(), _sound(url)
    endpoint.microtools = sorted(set(microtools))
    _save(endpoint)
    announce("changed", endpoint, actor=actor, at=at)
    return endpoint


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, actor: User | None, at: datetime) -> str:
    """A new secret, shown once. For a day every message carries both signatures."""
    ensure_keeps_webhooks(actor)
    endpoint = locked(endpoint)
    endpoint.former_salt, endpoint.former_until = endpoint.salt, at + OVERLAP
    endpoint.salt = signing.new_salt()
    endpoint.save(update_fields=["salt", "former_salt", "former_until"])
    announce("secret_rotated", endpoint, actor=actor, at=at)
    return signing.shown(endpoint.salt)


@transaction.atomic
def pause_endpoint(*, endpoint: WebhookEndpoint, actor: User | None, at: datetime) -> bool:
    """What happens meanwhile is kept and sent later. False where it was paused before."""
    ensure_keeps_webhooks(actor)
    endpoint = locked(endpoint)
    if endpoint.paused_at is not None:
        return False
    endpoint.paused_at, endpoint.pause = at, Pause.BY_HAND
    endpoint.save(update_fields=["paused_at", "pause"])
    announce("paused", endpoint, actor=actor, at=at)
    return True


@transaction.atomic
def resume_endpoint(*, endpoint: WebhookEndpoint, actor: User | None, at: datetime) -> bool:
    """All that waits is sent now. False where it was not paused."""
    ensure_keeps_webhooks(actor)
    endpoint = locked(endpoint)
    if endpoint.paused_at is None:
        return False
    endpoint.paused_at, endpoint.pause, endpoint.failing_since = None, "", None
    endpoint.save(update_fields=["paused_at", "pause", "failing_since"])
    endpoint.deliveries.filter(state=WebhookDelivery.State.WAITING).update(next_at=at)
    announce("resumed", endpoint, actor=actor, at=at)
    ask_for_sending([endpoint.pk], at=at)
    return True


@transaction.atomic
def end_endpoint(*, endpoint: WebhookEndpoint, actor: User | None, at: datetime) -> None:
    """Nothing is sent to it any more; what waits is given up."""
    ensure_keeps_webhooks(actor)
    endpoint = locked(endpoint)
    endpoint.ended_at = at
    endpoint.save(update_fields=["ended_at"])
    endpoint.deliveries.filter(state=WebhookDelivery.State.WAITING).update(
        state=WebhookDelivery.State.FAILED, next_at=None
    )
    announce("ended", endpoint, actor=actor, at=at)


def locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """As it is now; facts that are told meanwhile do not wait for it. Refused `ended`."""
    live = WebhookEndpoint.objects.live().select_for_update(of=("self",), no_key=True)
    found = live.filter(pk=endpoint.pk).first()
    if found is None:
        raise Refused("ended", _("This webhook has been removed."))
    return found


def _save(endpoint: WebhookEndpoint) -> None:
    endpoint.full_clean()
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError as error:
        # Somebody took the name since it was looked up.
        raise ValidationError({"name": _("A webhook has this name already.")}) from error


def _sound(url: str) -> str:
    """The address, if something could be sent there; a name is looked up when something is sent."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"https", "http"} or not parts.hostname or port == 0 or len(url) > URL_MAX:
        raise _not_sound(_("Give an address that begins with https://."))
    if parts.username is not None or parts.fragment or any(not c.isprintable() or c == " " for c in url):
        raise _not_sound(_("Give the address without user name, fragment and spaces."))
    if not url.isascii():
        raise _not_sound(_("Give the address in ASCII: a name as xn--…, a path with %-signs."))
    _refuse_private(parts)
    return url


def _refuse_private(parts: SplitResult) -> None:
    encrypted = parts.scheme == "https"
    try:
        address = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        if not encrypted and not posting.plain_is_allowed():
            raise _not_sound(_("Give an address that begins with https://.")) from None
        return
    if not posting.allowed(address, encrypted=encrypted):
        raise _not_sound(_("This installation sends nothing to this address."))


def _not_sound(message: str) -> ValidationError:
    return ValidationError({"url": message})
