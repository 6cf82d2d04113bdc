"""Tokens of gateways and tools: which there are, a new one, a new secret, the end of one."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from enablement.people.forms import RotateForm, TokenForm
from enablement.people.models import ApiToken
from enablement.people.models.api_token import Scope
from enablement.people.requests import PersonRequest
from enablement.people.services import create_token, revoke_token, rotate_token
from tracks.errors import Refused

_keeps_tokens = permission_required("people.add_apitoken", raise_exception=True)


@require_GET
@_keeps_tokens
def tokens(request: HttpRequest) -> HttpResponse:
    revoked = request.GET.get("revoked") == "1"
    rows = ApiToken.objects.exclude(revoked_at=None) if revoked else ApiToken.objects.live()
    labels = dict(Scope.choices)
    url = reverse("tokens")
    context = {
        "tokens": [(token, [labels.get(scope, scope) for scope in token.scopes]) for token in rows],
        "revoked": revoked,
        "tabs": [
            {"label": _("In use"), "url": url, "current": not revoked},
            {"label": _("Revoked"), "url": f"{url}?revoked=1", "current": revoked},
        ],
    }
    return render(request, "people/tokens.html", context)


@require_http_methods(["GET", "POST"])
@_keeps_tokens
@never_cache
def create(request: PersonRequest) -> HttpResponse:
    """The answer to a sound form holds the secret: it is shown on this page, this once, and nowhere else."""
    form = TokenForm(request.POST or None)
    if form.is_valid():
        try:
            token, secret = create_token(actor=request.user, at=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return render(request, "people/token_secret.html", {"token": token, "secret": secret})
    return render(request, "people/token_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@_keeps_tokens
@never_cache
def rotate(request: PersonRequest, pk: UUID) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.live(), pk=pk)
    form = RotateForm(request.POST or None)
    if form.is_valid():
        overlap = timedelta(hours=form.cleaned_data["overlap_hours"])
        try:
            secret = rotate_token(token=token, actor=request.user, at=timezone.now(), overlap=overlap)
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            token.refresh_from_db()
            return render(request, "people/token_secret.html", {"token": token, "secret": secret})
    context = {"form": form, "token": token}
    return render(request, "people/token_rotate.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@_keeps_tokens
def revoke(request: PersonRequest, pk: UUID) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.live(), pk=pk)
    if request.method == "POST":
        revoke_token(token=token, actor=request.user, at=timezone.now())
        messages.success(request, _("The token %(name)s is refused from now on.") % {"name": token})
        return redirect("tokens")
    context = {
        "title": _("Revoke the token %(name)s?") % {"name": token},
        "text": _("The next call with it is refused. This cannot be undone: create another token instead."),
        "submit": _("Revoke"),
        "back": reverse("tokens"),
    }
    return render(request, "tracks/confirm.html", context)
