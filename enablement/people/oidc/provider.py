"""The organisation's OpenID provider: authorization code, PKCE, nonce, and every answer checked."""

from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from enablement.people.identity import Identity
from enablement.people.oidc.tokens import nonce_of, read_id_token, read_logout_token


class OrganisationAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """Speaks with the provider."""

    _nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description. OAuth2Error where it is that of another provider."""
        config: dict[str, Any] = super().openid_config
        if config.get("issuer") != self.provider_id:
            raise OAuth2Error(f"The provider calls itself {config.get('issuer')!r}.")
        return config

    def get_callback_url(self, request: HttpRequest, app: object) -> str:  # noqa: ARG002 - allauth's signature
        return request.build_absolute_uri(reverse("openid_connect_callback"))

    def get_access_token_data(
        self, request: HttpRequest, app: object, client: object, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        self._nonce = nonce_of(pkce_code_verifier or "")
        data: dict[str, Any] = super().get_access_token_data(request, app, client, pkce_code_verifier)
        return data

    def complete_login(
        self, request: HttpRequest, app: Any, token: Any, *, response: Mapping[str, Any]
    ) -> SocialLogin:
        """The ID token names the person; what it leaves out is asked for, of the same person."""
        if not isinstance(response.get("id_token"), str):
            raise OAuth2Error("The provider sent no ID token.")
        claims = read_id_token(
            response["id_token"],
            keys=self._keys(),
            issuer=self.provider_id,
            client_id=app.client_id,
            nonce=self._nonce,
        )
        told: dict[str, Any] = {}
        if "userinfo_endpoint" in self.openid_config:
            told = self._fetch_user_info(token.token)
            if told.get("sub") != claims["sub"]:
                raise OAuth2Error("The provider speaks of two people.")
        return self.get_provider().sociallogin_from_response(request, _merged(claims, told))

    def subject_of_logout(self, token: str) -> str:
        """Whom the provider signs out. OAuth2Error for anything that it did not sign for us."""
        app = self.get_provider().app
        claims = read_logout_token(token, keys=self._keys(), issuer=self.provider_id, client_id=app.client_id)
        return str(claims["sub"])

    def _keys(self) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            keys: dict[str, Any] = answer.json()
        return keys


def _merged(claims: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The ID token's word first; an address and whether it is verified come from one and the same answer."""
    merged = {**told, **claims}
    if "email" not in claims:
        merged |= {name: told.get(name) for name in ("email", "email_verified")}
    elif "email_verified" not in claims:
        merged["email_verified"] = (
            told.get("email_verified") if told.get("email") == claims["email"] else None
        )
    return merged


class OrganisationProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """Only signs in: it joins no accounts, and what the address of a request says changes nothing."""

    oauth2_adapter_class = OrganisationAdapter
    package = "enablement.people.oidc"

    def get_login_url(self, request: HttpRequest, **query: str) -> str:  # noqa: ARG002 - allauth's signature
        return reverse("openid_connect_login", query=query or None)

    def get_callback_url(self) -> str:
        return reverse("openid_connect_callback")

    def get_pkce_params(self) -> dict[str, str]:
        params: dict[str, str] = super().get_pkce_params()
        return {**params, "nonce": nonce_of(params["code_verifier"])}

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_redirect_from_request_kwargs(request)
        return {**kwargs, "process": AuthProcess.LOGIN}

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:  # noqa: ARG002
        scope: list[str] = self.get_scope()
        return scope

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:  # noqa: ARG002
        params: dict[str, str] = self.get_auth_params()
        return params

    def extract_extra_data(self, data: object) -> dict[str, Any]:  # noqa: ARG002
        """Nothing is kept but who it is."""
        return {}

    def sociallogin_from_response(self, request: HttpRequest, response: dict[str, Any]) -> SocialLogin:
        login = super().sociallogin_from_response(request, response)
        login.identity = identity_of(response, issuer=self.app.provider_id)
        return login


def identity_of(claims: Mapping[str, Any], *, issuer: str) -> Identity:
    """OAuth2Error where the provider has left groups out because there are too many to list."""
    provider = settings.IDENTITY_PROVIDER
    if provider is None or provider.issuer != issuer:
        raise OAuth2Error("This provider is not configured.")
    listed = claims.get(provider.groups)
    elsewhere = claims.get("_claim_names")
    if listed is None and (
        claims.get("hasgroups") or (isinstance(elsewhere, dict) and provider.groups in elsewhere)
    ):
        raise OAuth2Error("The provider lists no groups because there are too many; let it send fewer.")
    if isinstance(listed, str):
        listed = [listed]
    alias, email = claims.get(provider.subject), claims.get("email")
    return Identity(
        issuer=issuer,
        subject=str(claims["sub"]),
        alias=alias if isinstance(alias, str) else "",
        email=email if isinstance(email, str) else "",
        # Some providers write the truth as text.
        email_verified=claims.get("email_verified") in (True, "true"),
        name=str(claims.get("name") or ""),
        groups=frozenset(map(str, listed)) if isinstance(listed, list) else None,
    )


provider_classes = [OrganisationProvider]
