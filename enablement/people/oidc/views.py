"""To the organisation's provider, back from it, and its word that somebody is signed out."""

from typing import cast

import requests
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from enablement.people.oidc.provider import OrganisationAdapter
from enablement.people.services.identities import end_sessions

#: How a provider may fail: unreachable, an answer that is no JSON or lacks a part, a token that is not valid.
FAULTS = (requests.RequestException, OAuth2Error, KeyError, TypeError, ValueError)


@never_cache
@require_GET
@login_not_required
def login(request: HttpRequest) -> HttpResponseBase:
    """A plain link, so that the page may forbid forms to lead elsewhere; it begins a sign-in, no more."""
    adapter = _adapter(request)
    provider = adapter.get_provider()
    try:
        return cast("HttpResponseBase", provider.redirect_from_request(request))
    except FAULTS as error:
        return _failed(request, adapter, error)


@never_cache
@require_GET
@login_not_required
def callback(request: HttpRequest) -> HttpResponseBase:
    adapter = _adapter(request)
    try:
        return cast("HttpResponseBase", OAuth2CallbackView.adapter_view(adapter)(request))
    except FAULTS as error:
        return _failed(request, adapter, error)


@csrf_exempt
@never_cache
@require_POST
@login_not_required
def logout(request: HttpRequest) -> HttpResponse:
    """OpenID Connect Back-Channel Logout 1.0: the provider ends every session of a person here."""
    adapter = _adapter(request)
    try:
        subject = adapter.subject_of_logout(request.POST.get("logout_token", ""))
    except FAULTS:
        return JsonResponse({"error": "invalid_request"}, status=400)
    accounts = SocialAccount.objects.filter(provider=adapter.provider_id, uid=subject)
    for account in accounts.select_related("user"):
        end_sessions(user=account.user, at=timezone.now())
    return HttpResponse()


def _adapter(request: HttpRequest) -> OrganisationAdapter:
    """404 where no provider is configured."""
    if settings.IDENTITY_PROVIDER is None or settings.IDENTITY_PROVIDER.saml:
        raise Http404
    return OrganisationAdapter(request, settings.IDENTITY_PROVIDER.issuer)


def _failed(request: HttpRequest, adapter: OrganisationAdapter, error: Exception) -> HttpResponseBase:
    return cast(
        "HttpResponseBase", render_authentication_error(request, adapter.get_provider(), exception=error)
    )
