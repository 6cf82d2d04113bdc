"""Bearer tokens (RFC 6750) of gateways and microtools."""

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from enablement.people.models import ApiToken

_LONGEST = 200


class TokenAuthentication(BaseAuthentication):
    """`request.auth` is the live `ApiToken`, `request.user` nobody: a token is a program, not a person. One
    query.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiToken] | None:
        header: str = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _space, secret = header.partition(" ")
        if not header or scheme.lower() != "bearer":
            return None
        secret = secret.strip()
        if not secret or len(secret) > _LONGEST or not secret.isascii():
            raise AuthenticationFailed(_("The bearer token is malformed."), "invalid_token")
        token = ApiToken.objects.for_secret(secret).first()
        if token is None:
            raise AuthenticationFailed(_("The bearer token is unknown or revoked."), "invalid_token")
        return AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:
        if request.META.get("HTTP_AUTHORIZATION"):
            return 'Bearer realm="enablement", error="invalid_token"'
        return 'Bearer realm="enablement"'
