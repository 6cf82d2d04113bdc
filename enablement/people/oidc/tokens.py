"""What an OpenID provider signed: checked by its own published keys, always.

allauth trusts an ID token that came over TLS unread. Here signature, issuer, audience, times, nonce and the
authorised party are checked (OpenID Connect Core 1.0, 3.1.3.7; Back-Channel Logout 1.0, 2.6).
"""

import hashlib
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.core.cache import cache

#: Signatures by a key pair only: a shared secret or "none" would let others than the provider sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
#: How far two machines' clocks may be apart, and how old a word on a logout may be.
LEEWAY, LOGOUT_AGE = timedelta(seconds=60), timedelta(minutes=5)


def nonce_of(code_verifier: str) -> str:
    """A nonce that only this session can know: made from the secret that it keeps for PKCE."""
    digest = hashlib.sha256(f"nonce:{code_verifier}".encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def read_id_token(
    token: str, *, keys: Mapping[str, Any], issuer: str, client_id: str, nonce: str
) -> dict[str, Any]:
    """Its claims. OAuth2Error says what is wrong with it."""
    claims = _read(token, keys=keys, issuer=issuer, client_id=client_id, need=["exp", "iat", "sub"])
    if claims.get("nonce") != nonce:
        raise OAuth2Error("The ID token was made for another sign-in.")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != client_id:
        raise OAuth2Error("The ID token was made for another application.")
    return claims


def read_logout_token(token: str, *, keys: Mapping[str, Any], issuer: str, client_id: str) -> dict[str, Any]:
    """Its claims, with "sub". OAuth2Error says what is wrong with it."""
    claims = _read(token, keys=keys, issuer=issuer, client_id=client_id, need=["iat", "jti", "sub"])
    events = claims.get("events")
    if not isinstance(events, dict) or LOGOUT_EVENT not in events or "nonce" in claims:
        raise OAuth2Error("This is no logout token.")
    if time.time() - claims["iat"] > LOGOUT_AGE.total_seconds():
        raise OAuth2Error("The logout token is too old.")
    if not cache.add(f"logout:{issuer}:{claims['jti']}", True, LOGOUT_AGE.total_seconds() * 2):
        raise OAuth2Error("The logout token was used before.")
    return claims


def _read(
    token: str, *, keys: Mapping[str, Any], issuer: str, client_id: str, need: list[str]
) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key=_key(token, keys),
            algorithms=ALGORITHMS,
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY,
            options={"require": ["iss", "aud", *need]},
        )
    except jwt.PyJWTError as error:
        raise OAuth2Error(f"The token is not valid: {error}") from error
    if not claims["sub"]:
        raise OAuth2Error("The token names nobody.")
    return claims


def _key(token: str, keys: Mapping[str, Any]) -> jwt.PyJWK:
    """The key that the token names; where it names none, the only one for signing."""
    found = [key for key in jwt.PyJWKSet.from_dict(dict(keys)).keys if key.public_key_use in {None, "sig"}]
    kid = jwt.get_unverified_header(token).get("kid")
    if kid is not None:
        found = [key for key in found if key.key_id == kid]
    if len(found) != 1:
        raise OAuth2Error("The provider has published no such key.")
    return found[0]
