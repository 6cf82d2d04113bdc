"""Pages of allauth that do less here."""

from allauth.account import views as allauth
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods


@require_http_methods(["GET", "HEAD", "POST"])
def addresses(request: HttpRequest) -> HttpResponseBase:
    """One's addresses, read only: the roster vouches for them, and decisions know people by them.

    Sending the link to confirm one again is all that a person may do; 403 for anything else.
    """
    asked = {name for name in request.POST if name.startswith("action_")}
    if request.method == "POST" and asked != {"action_send"}:
        raise PermissionDenied(_("Addresses come from the roster; ask your program manager to change one."))
    response: HttpResponseBase = allauth.email(request)
    return response


def not_here(request: HttpRequest) -> HttpResponseBase:
    """A page of allauth that this product does not have."""
    raise Http404(request.path)
