"""How sign-in behaves here, on top of allauth."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse, SignupClosedException
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enablement.people.models import User
from enablement.people.services.identities import admit
from tracks.errors import Refused

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from the roster or the identity provider; nobody signs up by themselves.

    The client's address is allauth's: REMOTE_ADDR, or what `ALLAUTH_TRUSTED_PROXY_COUNT` proxies say.
    """

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The e-mail address or the password is wrong."),
        "too_many_login_attempts": _("Too many attempts to sign in. Wait a few minutes, then try again."),
    }

    def format_email_subject(self, subject: str) -> str:
        """Subjects name the product themselves; allauth would put the host before them."""
        return subject

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address for rate limits. A server on a Unix socket names none: its callers then share one
        limit.
        """
        if not request.META.get("REMOTE_ADDR"):
            return "0.0.0.0"  # noqa: S104 - a label, nothing is bound to it
        ip: str = super().get_client_ip(request)
        return ip

    def pre_login(self, request: HttpRequest, user: User, **login: Any) -> HttpResponse | None:
        """Whom the organisation signs in, it alone signs in: a password that is left would outlive it."""
        provider = settings.IDENTITY_PROVIDER
        by_provider = "sociallogin" in (login.get("signal_kwargs") or {})
        if provider is not None and not by_provider:
            known = SocialAccount.objects.filter(user=user, provider=provider.issuer)
            if user.is_active and known.exists():
                message = gettext("Your account is signed in by %(provider)s, not by a password.")
                messages.error(request, message % {"provider": provider.name})
                return redirect("account_login")
        response: HttpResponse | None = super().pre_login(request, user, **login)
        return response


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """One provider, from the environment. Whom it sends is found, added or refused by `admit`."""

    def list_apps(
        self,
        request: HttpRequest,  # noqa: ARG002 - allauth's signature
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[SocialApp]:
        """Allauth would take providers from the database too."""
        apps = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for of_kind in apps.values() for app in of_kind]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Between the provider's word and the session: here it is decided who that is."""
        identity = sociallogin.identity
        provider = settings.IDENTITY_PROVIDER
        if provider is None:
            raise SignupClosedException
        try:
            account = admit(identity=identity, rules=provider.rules, at=timezone.now())
        except Refused as refused:
            logger.warning("sign-in of %s refused: %s", identity.subject, refused.code)
            context = {"refused": refused, "provider": provider}
            page = render(request, "socialaccount/refused.html", context, status=403)
            raise ImmediateHttpResponse(page) from refused
        sociallogin.account, sociallogin.user = account, account.user

    def on_authentication_error(self, request: HttpRequest, provider: Any, **reasons: Any) -> None:  # noqa: ARG002
        logger.warning("sign-in at %s failed: %s", provider, reasons.get("exception") or reasons.get("error"))
