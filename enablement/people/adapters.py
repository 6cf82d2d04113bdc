"""How sign-in behaves here, on top of allauth."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


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
