"""Bearer tokens (RFC 6750) of gateways and microtools."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from enablement.people.models import ApiToken
from enablement.people.models.api_token import hash_secret
from tracks.prepared import PreparedObjects

_LONGEST = 200
#: How exactly we know when a token was last used: a write for every call would cost more than it tells.
USE_STEP = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """`request.auth` is the live `ApiToken`, `request.user` nobody: a token is a program, not a person. One
    query, and once a minute a second one that notes the use.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiToken] | None:
        header: str = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _space, secret = header.partition(" ")
        if not header or scheme.lower() != "bearer":
            return None
        return _authenticated(secret.strip())

    def authenticate_header(self, request: Request) -> str:
        if request.META.get("HTTP_AUTHORIZATION"):
            return 'Bearer realm="enablement", error="invalid_token"'
        return 'Bearer realm="enablement"'


class ApiKeyAuthentication(BaseAuthentication):
    """The same token in `X-API-Key`, for callers that know no other header."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiToken] | None:
        secret: str | None = request.META.get("HTTP_X_API_KEY")
        return None if secret is None else _authenticated(secret.strip())


def _authenticated(secret: str) -> tuple[AnonymousUser, ApiToken]:
    if not secret or len(secret) > _LONGEST or not secret.isascii():
        raise AuthenticationFailed(_("The bearer token is malformed."), "invalid_token")
    token = find_token(secret, at=timezone.now())
    if token is None:
        raise AuthenticationFailed(_("The bearer token is unknown or revoked."), "invalid_token")
    return AnonymousUser(), token


def find_token(secret: str, *, at: datetime) -> ApiToken | None:
    """The live token of this secret; notes that it is used."""
    token = next(iter(_tokens(digest=hash_secret(secret), at=at)), None)
    if token is not None and (token.last_used_at is None or token.last_used_at <= at - USE_STEP):
        stale = Q(last_used_at=None) | Q(last_used_at__lte=at - USE_STEP)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)
    return token


_tokens: PreparedObjects[ApiToken] = PreparedObjects(
    lambda digest, at: ApiToken.objects.for_digest(digest, at=at),
    digest="\0digest",
    at=datetime.min.replace(tzinfo=UTC),
)
