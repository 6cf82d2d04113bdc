"""What the database itself refuses."""

import uuid

import pytest
from django.db import IntegrityError, transaction

from enablement.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from tests.access.conftest import NOW

pytestmark = pytest.mark.django_db


def refused(name, make):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        make()
    # SQLite names the columns of a broken unique constraint, and its expression's index.
    assert name in str(caught.value) or "UNIQUE" in str(caught.value)


def delivery(endpoint, **changes):
    row = {"event": uuid.uuid4(), "type": "t", "body": "{}", "created_at": NOW, "next_at": NOW}
    return WebhookDelivery.objects.create(endpoint=endpoint, **row | changes)


def test_endpoints(endpoint):
    rows = WebhookEndpoint.objects
    refused(
        "webhook_live_name_unique", lambda: rows.create(name=endpoint.name, url="u", salt="s", created_at=NOW)
    )
    refused("webhook_paused_says_why", lambda: rows.update(paused_at=NOW))
    refused("webhook_paused_says_why", lambda: rows.update(pause="gone"))
    refused("webhook_former_secret_ends", lambda: rows.update(former_salt="s"))


def test_deliveries(endpoint):
    first = delivery(endpoint)
    refused("webhook_event_once_an_endpoint", lambda: delivery(endpoint, event=first.event))
    refused("webhook_delivery_waiting_has_next", lambda: delivery(endpoint, next_at=None))
    refused("webhook_delivery_waiting_has_next", lambda: delivery(endpoint, state="delivered"))
    refused("webhook_delivery_waiting_has_next", lambda: delivery(endpoint, state="lost", next_at=None))
    refused("webhook_delivery_attempts_count_up", lambda: delivery(endpoint, attempts_before=1))


def test_attempts(endpoint):
    def attempt(**row):
        return WebhookAttempt.objects.create(delivery=made, at=NOW, took_ms=1, **{"number": 1} | row)

    made = delivery(endpoint)
    attempt(status=204)
    refused("webhook_attempt_number_unique", lambda: attempt(status=204))
    refused("webhook_attempt_answer_or_error", lambda: attempt(number=2))
    refused("webhook_attempt_answer_or_error", lambda: attempt(number=2, status=204, error="tls"))
