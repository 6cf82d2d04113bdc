"""How sign-in behaves here, on top of allauth."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from the roster or the identity provider; nobody signs up by themselves.

    The client's address is allauth's: REMOTE_ADDR, or what `ALLAUTH_TRUSTED_PROXY_COUNT` proxies say.
    """

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
