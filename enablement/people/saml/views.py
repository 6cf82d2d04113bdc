"""To the organisation's SAML provider, and back with what it has signed."""

from typing import Any, cast

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.saml import views
from allauth.socialaccount.providers.saml.utils import get_app_or_404
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from lxml.etree import LxmlError
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError

from enablement.people.saml.provider import Untrusted

#: A response that cannot be read, or says what it may not.
FAULTS = (
    Untrusted,
    PermissionDenied,
    OneLogin_Saml2_Error,
    OneLogin_Saml2_ValidationError,
    LxmlError,
    KeyError,
    TypeError,
    ValueError,
)

#: The provider's browser posts here, from its own page: what it carries is checked by the next step.
acs = csrf_exempt(never_cache(require_POST(views.acs)))
metadata = require_GET(views.metadata)


@never_cache
@require_GET
@login_not_required
def login(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """A plain link, as with OpenID Connect; the request is sent by redirect."""
    provider = _provider(request, organization_slug)
    try:
        return cast("HttpResponseBase", provider.redirect_from_request(request))
    except FAULTS as error:
        return cast("HttpResponseBase", render_authentication_error(request, provider, exception=error))


@never_cache
@require_GET
@login_not_required
def finish_acs(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    try:
        return cast("HttpResponseBase", views.finish_acs(request, organization_slug=organization_slug))
    except FAULTS as error:
        provider = _provider(request, organization_slug)
        return cast("HttpResponseBase", render_authentication_error(request, provider, exception=error))


@login_not_required
def sls(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Named in allauth's metadata; single logout is not offered."""
    raise Http404(f"{request.path} {organization_slug}")


def _provider(request: HttpRequest, slug: str) -> Any:
    return get_app_or_404(request, slug).get_provider(request)
