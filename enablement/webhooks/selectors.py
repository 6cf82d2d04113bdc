"""Reads for the webhook pages."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from enablement.access.models import Microtool
from enablement.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint


@dataclass(frozen=True, slots=True)
class Health:
    """`tone`: one of the five states of the design system."""

    tone: str
    word: str | Promise


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """An endpoint in the list. `waiting`: how many events were not taken yet; `last`: of the newest one."""

    endpoint: WebhookEndpoint
    health: Health
    waiting: int
    last: datetime | None


def health(endpoint: WebhookEndpoint) -> Health:
    if endpoint.paused_at is not None:
        by_hand = endpoint.pause == WebhookEndpoint.Pause.BY_HAND
        return Health("waiting", _("Paused")) if by_hand else Health("not-met", _("Paused after failures"))
    if endpoint.failing_since is not None:
        return Health("at-risk", _("Failing"))
    return Health("met", _("Sending"))


def endpoint_lines() -> list[EndpointLine]:
    """All that are kept, in two queries."""
    waiting = Count("pk", filter=Q(state=WebhookDelivery.State.WAITING))
    rows = WebhookDelivery.objects.filter(endpoint__ended_at=None).order_by().values("endpoint")
    found = {
        endpoint_id: (count, last)
        for endpoint_id, count, last in rows.annotate(waiting=waiting, last=Max("created_at")).values_list(
            "endpoint", "waiting", "last"
        )
    }
    endpoints = WebhookEndpoint.objects.live().order_by("name")
    return [EndpointLine(each, health(each), *found.get(each.pk, (0, None))) for each in endpoints]


def log(endpoint: WebhookEndpoint, *, failed: bool) -> QuerySet[WebhookDelivery]:
    """The newest first, each with what came of its last attempt (`last_status`, `last_error`)."""
    last = WebhookAttempt.objects.filter(delivery=OuterRef("pk")).order_by("-number")
    rows = endpoint.deliveries.all()
    if failed:
        rows = rows.exclude(state=WebhookDelivery.State.DELIVERED).filter(attempts__gt=0)
    return rows.annotate(
        last_status=Subquery(last.values("status")[:1]), last_error=Subquery(last.values("error")[:1])
    )


def tool_titles(endpoint: WebhookEndpoint) -> list[str]:
    """Of the tools that it hears of; none where it hears of all."""
    found = {tool.key: str(tool) for tool in Microtool.objects.filter(key__in=endpoint.microtools)}
    return [found.get(key, key) for key in endpoint.microtools]
