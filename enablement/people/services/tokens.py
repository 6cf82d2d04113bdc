"""Tokens for gateways and microtools."""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enablement.people import reach
from enablement.people.models import ApiToken, User
from enablement.people.models.api_token import MAX_CALLS_PER_MINUTE, Scope, hash_secret
from enablement.people.rules import ensure_manages_tokens
from enablement.people.signals import token_changed
from tracks.errors import Refused
from tracks.facts import Fact

#: How long the old secret counts on after a rotation.
OVERLAP, MAX_OVERLAP = timedelta(hours=24), timedelta(days=7)
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_MICROTOOL = re.compile(r"[\w.-]{1,100}", re.ASCII)
_SECRET_BYTES = 32


@transaction.atomic
def create_token(
    *,
    name: str,
    scopes: Iterable[str],
    regions: Iterable[str],
    actor: User | None,
    at: datetime,
    microtools: Iterable[str] = (),
    calls_per_minute: int | None = None,
) -> tuple[ApiToken, str]:
    """The token and its secret of 256 random bits, which is stored nowhere: show it once.

    `regions` and `microtools` (by key): how far it reaches, everything where none is named.
    ValidationError for a name in use by a live token, no or an unknown scope, no or more than a million
    calls a minute, a region or tool that is malformed or, once a playbook is in force, not there: such a
    token would never allow anything.
    """
    ensure_manages_tokens(actor)
    scopes, regions, microtools = sorted(set(scopes)), sorted(set(regions)), sorted(set(microtools))
    _validate(name.strip(), scopes, regions)
    _validate_microtools(microtools)
    _validate_rate(calls_per_minute)
    _ensure_there(regions=regions, microtools=microtools)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    try:
        with transaction.atomic():
            token = ApiToken.objects.create(
                name=name.strip(),
                sha256=hash_secret(secret),
                scopes=scopes,
                regions=regions,
                microtools=microtools,
                calls_per_minute=calls_per_minute,
                created_at=at,
                created_by=actor,
            )
    except IntegrityError as error:
        # Somebody took the name since it was looked up.
        raise _name_taken(name.strip()) from error
    _announce("people.token_created", token, actor, at)
    return token, secret


@transaction.atomic
def rotate_token(*, token: ApiToken, actor: User | None, at: datetime, overlap: timedelta = OVERLAP) -> str:
    """A new secret, shown once; the one in use until now counts on for `overlap` (at most 7 days).

    A secret from before the last rotation is refused at once. Refused `revoked`.
    """
    ensure_manages_tokens(actor)
    if not timedelta(0) <= overlap <= MAX_OVERLAP:
        raise ValidationError({"overlap": _("The old secret may count for at most seven days more.")})
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if token.revoked_at is not None:
        raise Refused("revoked", _("This token is revoked; create another one."))
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    token.former_sha256, token.former_until = (token.sha256, at + overlap) if overlap else ("", None)
    token.sha256 = hash_secret(secret)
    token.save(update_fields=["sha256", "former_sha256", "former_until"])
    _announce("people.token_rotated", token, actor, at)
    return secret


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: User | None, at: datetime) -> bool:
    """The next call with it is refused. False where it was revoked before."""
    ensure_manages_tokens(actor)
    if not ApiToken.objects.live().filter(pk=token.pk).update(revoked_at=at):
        return False
    _announce("people.token_revoked", token, actor, at)
    return True


def _validate(name: str, scopes: list[str], regions: list[str]) -> None:
    if not name or len(name) > 100:  # noqa: PLR2004 - the column's width
        raise ValidationError({"name": _("Give the token a name of at most 100 characters.")})
    if ApiToken.objects.live().filter(name=name).exists():
        raise _name_taken(name)
    unknown = [scope for scope in scopes if scope not in Scope.values]
    known = ", ".join(Scope.values)
    if not scopes:
        raise ValidationError({"scopes": _("Give the token a scope; expected %(known)s.") % {"known": known}})
    if unknown:
        message = _("Unknown scope: %(unknown)s; expected %(known)s.")
        raise ValidationError({"scopes": message % {"unknown": ", ".join(unknown), "known": known}})
    malformed = [region for region in regions if not _REGION.fullmatch(region)]
    if malformed:
        message = _("Not a region: %(regions)s; expected a name such as eu-west-1.")
        raise ValidationError({"regions": message % {"regions": ", ".join(malformed)}})


def _validate_rate(calls_per_minute: int | None) -> None:
    if calls_per_minute is not None and not 1 <= calls_per_minute <= MAX_CALLS_PER_MINUTE:
        message = _("Between 1 and %(most)d calls a minute.") % {"most": MAX_CALLS_PER_MINUTE}
        raise ValidationError({"calls_per_minute": message})


def _validate_microtools(microtools: list[str]) -> None:
    malformed = [key for key in microtools if not _MICROTOOL.fullmatch(key)]
    if malformed:
        message = _("Not a tool: %(tools)s; expected a name such as triage_summarizer.")
        raise ValidationError({"microtools": message % {"tools": ", ".join(malformed)}})


def _ensure_there(*, regions: list[str], microtools: list[str]) -> None:
    known = reach.known() if regions or microtools else None
    if known is None:
        return
    missing = [key for key in microtools if key not in known.microtools]
    if missing:
        message = _("No tool of the playbook in force has the name %(missing)s; it has %(known)s.")
        raise ValidationError({"microtools": message % _there(missing, known.microtools)})
    missing = [region for region in regions if region not in known.regions]
    if missing:
        message = _("The playbook in force does not allow the region %(missing)s; it allows %(known)s.")
        raise ValidationError({"regions": message % _there(missing, known.regions)})


def _there(missing: list[str], known: frozenset[str]) -> dict[str, str]:
    return {"missing": ", ".join(missing), "known": ", ".join(sorted(known)) or _("none")}


def _name_taken(name: str) -> ValidationError:
    return ValidationError({"name": _("A live token has the name “%(name)s”.") % {"name": name}})


def _announce(kind: str, token: ApiToken, actor: User | None, at: datetime) -> None:
    fact = Fact(
        kind=kind,
        subject=("people.ApiToken", str(token.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload={
            "name": token.name,
            "scopes": token.scopes,
            "regions": token.regions,
            "microtools": token.microtools,
        },
    )
    token_changed.send(sender=ApiToken, facts=[fact])
