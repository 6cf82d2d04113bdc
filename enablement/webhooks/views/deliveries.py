"""One event for one endpoint: what was sent, what was answered; once more; a test."""

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from enablement.people.requests import PersonRequest
from enablement.webhooks import services
from enablement.webhooks.models import WebhookDelivery, WebhookEndpoint
from enablement.webhooks.rules import KEEPS
from enablement.webhooks.views.endpoints import gone, keeps_webhooks, sees_webhooks
from tracks.errors import Refused

_WITH_ENDPOINT = WebhookDelivery.objects.select_related("endpoint").filter(endpoint__ended_at=None)


@require_safe
@never_cache
@sees_webhooks
def delivery(request: PersonRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(_WITH_ENDPOINT.all(), pk=pk)
    context = {
        "delivery": found,
        "body": json.dumps(json.loads(found.body), indent=2, ensure_ascii=False),
        "attempts": found.log.all(),
        "keeps": request.user.has_perm(KEEPS),
    }
    return render(request, "webhooks/delivery.html", context)


@require_POST
@keeps_webhooks
def again(request: PersonRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(_WITH_ENDPOINT.all(), pk=pk)
    try:
        services.send_again(delivery=found, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("It is sent again, with the same id."))
    return redirect(found)


@require_POST
@keeps_webhooks
def test(request: PersonRequest, pk: UUID) -> HttpResponse:
    endpoint = get_object_or_404(WebhookEndpoint.objects.live(), pk=pk)
    try:
        made = services.send_test(endpoint=endpoint, actor=request.user, at=timezone.now())
    except Refused as refused:
        return gone(request, refused)
    messages.success(request, _("A test is on its way; load this page again to see what came of it."))
    return redirect(made)
