"""The organisation's SAML provider. What python3-saml lets pass where a provider says too little is refused:
an assertion for no audience, and one that was used before.
"""

import time
from base64 import b64encode
from typing import Any

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from onelogin.saml2.response import OneLogin_Saml2_Response

from enablement.people.identity import Identity

#: An assertion without an end is not accepted for longer, nor remembered for less.
_REMEMBERED = 24 * 60 * 60


class Untrusted(Exception):
    """Signed, and still not for this sign-in."""


class OrganisationProvider(SAMLProvider):  # type: ignore[misc]  # allauth has no types
    package = "enablement.people.saml"

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_redirect_from_request_kwargs(request)
        return {**kwargs, "process": AuthProcess.LOGIN}

    def extract_extra_data(self, data: object) -> dict[str, Any]:  # noqa: ARG002 - allauth's signature
        """Nothing is kept but who it is."""
        return {}

    def sociallogin_from_response(self, request: HttpRequest, response: Any) -> SocialLogin:
        _ensure_for_us_and_new(response)
        login = super().sociallogin_from_response(request, response)
        login.identity = self._identity(login, response)
        return login

    def _identity(self, login: SocialLogin, response: Any) -> Identity:
        provider = settings.IDENTITY_PROVIDER
        if provider is None or provider.issuer != self.app.provider_id:
            raise Untrusted("This provider is not configured.")
        told: dict[str, list[str]] = response.get_attributes()
        address = login.email_addresses[0] if login.email_addresses else None
        names = [told[name][0] for name in _NAMES if told.get(name)]
        groups = told.get(provider.groups)
        alias = login.account.uid if provider.subject == "sub" else (told.get(provider.subject) or [""])[0]
        return Identity(
            issuer=provider.issuer,
            subject=login.account.uid,
            alias=alias,
            email=address.email if address else "",
            email_verified=bool(address and address.verified),
            name=names[0] if names else "",
            groups=None if groups is None else frozenset(groups),
        )


_NAMES = (
    "urn:oid:2.16.840.1.113730.3.1.241",
    "displayName",
    "http://schemas.microsoft.com/identity/claims/displayname",
)


def _ensure_for_us_and_new(auth: Any) -> None:
    """python3-saml has checked signature, times, recipient and, if there is one, the audience."""
    text = b64encode(auth.get_last_response_xml().encode())
    if not OneLogin_Saml2_Response(auth.get_settings(), text).get_audiences():
        raise Untrusted("The assertion names no audience.")
    until = auth.get_last_assertion_not_on_or_after()
    lasts = min(until - time.time() if until else _REMEMBERED, _REMEMBERED) + 600
    if not cache.add(f"saml:{auth.get_last_assertion_id()}", True, lasts):
        raise Untrusted("The assertion was used before.")


provider_classes = [OrganisationProvider]
