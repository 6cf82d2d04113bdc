"""What is to be sent: a row for each event and endpoint, in the transaction of the change."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from enablement.people.models import User
from enablement.webhooks import events
from enablement.webhooks.models import WebhookDelivery, WebhookEndpoint
from enablement.webhooks.rules import ensure_keeps_webhooks
from enablement.webhooks.services.delivering import ask_for_sending
from enablement.webhooks.services.endpoints import locked
from tracks.errors import Refused
from tracks.facts import Fact


def tell(facts: Sequence[Fact], *, as_events: Callable[[Sequence[Fact]], list[events.Event]]) -> None:
    """One query where nobody listens; otherwise a constant number, and one job for each endpoint."""
    endpoints = list(WebhookEndpoint.objects.live())
    if not endpoints:
        return
    made = as_events(facts)
    at = facts[0].at
    rows = [
        _delivery(endpoint, event, at=at)
        for endpoint in endpoints
        for event in made
        if endpoint.wants(event.microtool)
    ]
    WebhookDelivery.objects.bulk_create(rows, batch_size=500)
    told = {row.endpoint_id for row in rows}
    ask_for_sending([each.pk for each in endpoints if each.pk in told and each.paused_at is None], at=at)


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, actor: User, at: datetime) -> WebhookDelivery:
    """An event that means nothing, sent to a paused endpoint as well. Refused `ended`."""
    ensure_keeps_webhooks(actor)
    endpoint = locked(endpoint)
    delivery = _delivery(endpoint, events.test_event(name=endpoint.name, at=at), at=at)
    delivery.save()
    ask_for_sending([endpoint.pk], at=at)
    return delivery


@transaction.atomic
def send_again(*, delivery: WebhookDelivery, actor: User, at: datetime) -> None:
    """Once more from the first attempt on, with the same id. Refused `waiting` or `ended`."""
    ensure_keeps_webhooks(actor)
    locked = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("endpoint")
    delivery = locked.get(pk=delivery.pk)
    if delivery.endpoint.ended_at is not None:
        raise Refused("ended", _("This webhook has been removed."))
    if delivery.state == WebhookDelivery.State.WAITING:
        raise Refused("waiting", _("It waits to be sent already."))
    delivery.state, delivery.next_at = WebhookDelivery.State.WAITING, at
    delivery.attempts_before = delivery.attempts
    delivery.save(update_fields=["state", "next_at", "attempts_before"])
    ask_for_sending([delivery.endpoint_id], at=at)


def _delivery(endpoint: WebhookEndpoint, event: events.Event, *, at: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        endpoint=endpoint, event=event.id, type=event.type, body=event.body, created_at=at, next_at=at
    )
