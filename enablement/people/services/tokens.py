"""Tokens for gateways and microtools."""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enablement.people.models import ApiToken, User
from enablement.people.models.api_token import Scope, hash_secret
from enablement.people.rules import ensure_manages_tokens
from enablement.people.signals import token_changed
from tracks.facts import Fact

_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_SECRET_BYTES = 32


@transaction.atomic
def create_token(
    *, name: str, scopes: Iterable[str], regions: Iterable[str], actor: User | None, at: datetime
) -> tuple[ApiToken, str]:
    """The token and its secret of 256 random bits, which is stored nowhere: show it once.

    ValidationError for a name in use by a live token, no or an unknown scope, a malformed region.
    """
    ensure_manages_tokens(actor)
    scopes, regions = sorted(set(scopes)), sorted(set(regions))
    _validate(name.strip(), scopes, regions)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    try:
        with transaction.atomic():
            token = ApiToken.objects.create(
                name=name.strip(),
                sha256=hash_secret(secret),
                scopes=scopes,
                regions=regions,
                created_at=at,
                created_by=actor,
            )
    except IntegrityError as error:
        # Somebody took the name since it was looked up.
        raise _name_taken(name.strip()) from error
    _announce("people.token_created", token, actor, at)
    return token, secret


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


def _name_taken(name: str) -> ValidationError:
    return ValidationError({"name": _("A live token has the name “%(name)s”.") % {"name": name}})


def _announce(kind: str, token: ApiToken, actor: User | None, at: datetime) -> None:
    fact = Fact(
        kind=kind,
        subject=("people.ApiToken", str(token.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload={"name": token.name, "scopes": token.scopes, "regions": token.regions},
    )
    token_changed.send(sender=ApiToken, facts=[fact])
