"""Webhooks: which there are, a new one, what it was sent, a new secret, a pause, the end of one."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from enablement.people.requests import PersonRequest
from enablement.webhooks import selectors, services
from enablement.webhooks.forms import EndpointForm
from enablement.webhooks.models import WebhookEndpoint
from enablement.webhooks.rules import KEEPS
from tracks.errors import Refused

PAGE_SIZE = 25
sees_webhooks = permission_required("webhooks.view_webhookendpoint", raise_exception=True)
keeps_webhooks = permission_required(KEEPS, raise_exception=True)


@require_safe
@sees_webhooks
def webhooks(request: PersonRequest) -> HttpResponse:
    context = {"lines": selectors.endpoint_lines(), "keeps": request.user.has_perm(KEEPS)}
    return render(request, "webhooks/webhooks.html", context)


@require_safe
@never_cache
@sees_webhooks
def webhook(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What it hears of, and the log of the last month."""
    endpoint = get_object_or_404(WebhookEndpoint.objects.live().select_related("created_by"), pk=pk)
    failed = request.GET.get("failed") == "1"
    rows = selectors.log(endpoint, failed=failed)
    url = endpoint.get_absolute_url()
    context = {
        "endpoint": endpoint,
        "health": selectors.health(endpoint),
        "tools": selectors.tool_titles(endpoint),
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "failed": failed,
        "keeps": request.user.has_perm(KEEPS),
        "tabs": [
            {"label": _("All"), "url": url, "current": not failed},
            {"label": _("Not taken"), "url": f"{url}?failed=1", "current": failed},
        ],
    }
    return render(request, "webhooks/webhook.html", context)


@require_http_methods(["GET", "POST"])
@keeps_webhooks
@never_cache
def create(request: PersonRequest) -> HttpResponse:
    """The answer to a sound form holds the secret: it is shown on this page, this once, and nowhere else."""
    form = EndpointForm(request.POST or None)
    if form.is_valid():
        try:
            endpoint, secret = services.create_endpoint(
                actor=request.user, at=timezone.now(), **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _secret(request, endpoint, secret)
    return render(request, "webhooks/edit.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@keeps_webhooks
def edit(request: PersonRequest, pk: UUID) -> HttpResponse:
    endpoint = get_object_or_404(WebhookEndpoint.objects.live(), pk=pk)
    values = {"name": endpoint.name, "url": endpoint.url, "microtools": endpoint.microtools}
    form = EndpointForm(request.POST or None, initial=values, kept=endpoint.microtools)
    if form.is_valid():
        try:
            services.change_endpoint(
                endpoint=endpoint, actor=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refused as refused:
            return gone(request, refused)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved. The next event goes there."))
            return redirect(endpoint)
    context = {"form": form, "endpoint": endpoint}
    return render(request, "webhooks/edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@keeps_webhooks
@never_cache
def rotate(request: PersonRequest, pk: UUID) -> HttpResponse:
    endpoint = get_object_or_404(WebhookEndpoint.objects.live(), pk=pk)
    if request.method == "POST":
        try:
            secret = services.rotate_secret(endpoint=endpoint, actor=request.user, at=timezone.now())
        except Refused as refused:
            return gone(request, refused)
        endpoint.refresh_from_db()
        return _secret(request, endpoint, secret)
    context = {
        "title": _("Make a new secret for %(name)s?") % {"name": endpoint},
        "text": _(
            "It is shown once, on the next page. For a day every message carries both signatures, "
            "so that the program can take over the new secret in its time."
        ),
        "submit": _("Make a new secret"),
        "back": endpoint.get_absolute_url(),
    }
    return render(request, "tracks/confirm.html", context)


@require_POST
@keeps_webhooks
def pause(request: PersonRequest, pk: UUID) -> HttpResponse:
    endpoint = get_object_or_404(WebhookEndpoint.objects.live(), pk=pk)
    try:
        services.pause_endpoint(endpoint=endpoint, actor=request.user, at=timezone.now())
    except Refused as refused:
        return gone(request, refused)
    messages.success(request, _("Nothing is sent to %(name)s for now. Events are kept.") % {"name": endpoint})
    return redirect(endpoint)


@require_POST
@keeps_webhooks
def resume(request: PersonRequest, pk: UUID) -> HttpResponse:
    endpoint = get_object_or_404(WebhookEndpoint.objects.live(), pk=pk)
    try:
        services.resume_endpoint(endpoint=endpoint, actor=request.user, at=timezone.now())
    except Refused as refused:
        return gone(request, refused)
    messages.success(
        request, _("%(name)s gets its events again, those that waited first.") % {"name": endpoint}
    )
    return redirect(endpoint)


@require_http_methods(["GET", "POST"])
@keeps_webhooks
def end(request: PersonRequest, pk: UUID) -> HttpResponse:
    endpoint = get_object_or_404(WebhookEndpoint.objects.live(), pk=pk)
    if request.method == "POST":
        try:
            services.end_endpoint(endpoint=endpoint, actor=request.user, at=timezone.now())
        except Refused as refused:
            return gone(request, refused)
        messages.success(request, _("Nothing is sent to %(name)s any more.") % {"name": endpoint})
        return redirect("webhooks")
    context = {
        "title": _("Remove the webhook %(name)s?") % {"name": endpoint},
        "text": _("Nothing is sent to it any more, and what waits is given up. This cannot be undone."),
        "submit": _("Remove"),
        "back": reverse("webhook", args=[endpoint.pk]),
    }
    return render(request, "tracks/confirm.html", context)


def gone(request: PersonRequest, refused: Refused) -> HttpResponse:
    """Somebody removed it since it was looked up: its own page is no more."""
    messages.error(request, refused.message)
    return redirect("webhooks")


def _secret(request: PersonRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
    return render(request, "webhooks/secret.html", {"endpoint": endpoint, "secret": secret})
