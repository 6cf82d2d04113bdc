"""Webhooks in the browser: who keeps tokens keeps them; compliance looks."""

import pytest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from enablement.ledger.models import LedgerEntry
from enablement.webhooks import services, signing
from enablement.webhooks.models import WebhookEndpoint
from tests.access.conftest import NOW
from tests.access.factories import MicrotoolFactory
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client, keeper):
    client.force_login(keeper)
    return client


def changing(endpoint, delivery):
    return [
        reverse("webhook_new"),
        *(
            reverse(f"webhook_{name}", args=[endpoint.pk])
            for name in ("edit", "secret", "pause", "resume", "end", "test")
        ),
        reverse("webhook_again", args=[delivery.pk]),
    ]


def test_compliance_looks_and_changes_nothing_and_others_see_nothing(client, endpoint, keeper):
    delivery = services.send_test(endpoint=endpoint, actor=keeper, at=NOW)
    seen = [reverse("webhooks"), endpoint.get_absolute_url(), delivery.get_absolute_url()]
    client.force_login(UserFactory(groups=["compliance"]))
    pages = [client.get(url) for url in seen]
    assert [page.status_code for page in pages] == [200, 200, 200]
    # The address may hold a key: its host is all that they see.
    assert "key=k" not in "".join(page.content.decode() for page in pages)
    urls = changing(endpoint, delivery)
    assert {client.post(url).status_code for url in urls} == {403}
    client.force_login(UserFactory(groups=["authors", "legal", "program_managers"]))
    assert {client.get(url).status_code for url in seen} == {403}
    assert {client.post(url).status_code for url in urls} == {403}


def test_the_secret_is_shown_once(admin, receiver):
    MicrotoolFactory(key="triage")
    page = admin.post(
        reverse("webhook_new"), {"name": "gateway", "url": receiver.url, "microtools": ["triage"]}
    )
    endpoint = WebhookEndpoint.objects.get()
    secret = signing.shown(endpoint.salt)
    assert endpoint.microtools == ["triage"]
    assert secret in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert secret not in admin.get(endpoint.get_absolute_url()).content.decode()
    new = admin.post(reverse("webhook_secret", args=[endpoint.pk])).content.decode()
    endpoint.refresh_from_db()
    assert signing.shown(endpoint.salt) in new
    assert secret not in new
    recorded = LedgerEntry.objects.filter(kind__startswith="webhooks.")
    assert [entry.kind for entry in recorded.order_by("at", "kind")] == [
        "webhooks.endpoint_created",
        "webhooks.endpoint_secret_rotated",
    ]
    assert not any("key=k" in entry.payload or "whsec" in entry.payload for entry in recorded)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.com/",
        "https://",
        "https://user:password@example.com/",
        "https://example.com/#part",
        "https://10.0.0.1/",
        "http://93.184.216.34/",
        "https://[::ffff:169.254.169.254]/",
        "https://exämple.com/",
        "https://example.com/a b",
        "https://example.com:99999/",
    ],
)
def test_where_nothing_may_go_is_refused(admin, url):
    page = admin.post(reverse("webhook_new"), {"name": "gateway", "url": url})
    assert page.status_code == 422
    assert page.context["form"].errors["url"]
    assert not WebhookEndpoint.objects.exists()


def test_a_name_is_of_one_live_webhook(admin, endpoint, receiver):
    page = admin.post(reverse("webhook_new"), {"name": endpoint.name, "url": receiver.url})
    assert page.status_code == 422
    admin.post(reverse("webhook_end", args=[endpoint.pk]))
    assert admin.post(reverse("webhook_new"), {"name": endpoint.name, "url": receiver.url}).status_code == 200


def test_change_pause_resume_test_again_and_remove(admin, endpoint, receiver):
    edit = reverse("webhook_edit", args=[endpoint.pk])
    assert admin.post(edit, {"name": "new name", "url": f"{receiver.url}2"}).status_code == 302
    admin.post(reverse("webhook_pause", args=[endpoint.pk]))
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.url, endpoint.pause) == ("new name", f"{receiver.url}2", "by_hand")
    admin.post(reverse("webhook_resume", args=[endpoint.pk]))
    shown = admin.post(reverse("webhook_test", args=[endpoint.pk]), follow=True)
    assert "enablement.webhook.test" in shown.content.decode()
    [delivery] = endpoint.deliveries.all()
    services.send_due(endpoint_id=endpoint.pk)
    assert admin.post(reverse("webhook_again", args=[delivery.pk])).status_code == 302
    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    services.send_due(endpoint_id=endpoint.pk)
    assert len(receiver.requests) == 2
    listed = admin.get(reverse("webhooks")).content.decode()
    assert "new name" in listed
    assert admin.post(reverse("webhook_end", args=[endpoint.pk])).url == reverse("webhooks")
    assert admin.get(endpoint.get_absolute_url()).status_code == 404
    assert admin.get(delivery.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("count", [1, 9])
def test_pages_cost_the_same_queries(admin, keeper, receiver, count, django_assert_num_queries):
    for number in range(count):
        made, _secret = services.create_endpoint(
            name=f"gateway {number}", url=receiver.url, microtools=[], actor=keeper, at=NOW
        )
        for _each in range(count):
            services.send_test(endpoint=made, actor=keeper, at=NOW)
    admin.get(reverse("webhooks"))
    with django_assert_num_queries(5):
        admin.get(reverse("webhooks"))
    with django_assert_num_queries(6):
        admin.get(made.get_absolute_url())


@pytest.mark.parametrize("name", ["edit", "secret", "pause", "resume", "end", "test"])
def test_who_comes_too_late_reads_that_it_was_removed(admin, keeper, endpoint, monkeypatch, name):
    """Another administrator removes it after this page has found it."""

    def found_then_removed(rows, **where):
        found = get_object_or_404(rows, **where)
        services.end_endpoint(endpoint=found, actor=keeper, at=NOW)
        return found

    module = "deliveries" if name == "test" else "endpoints"
    monkeypatch.setattr(f"enablement.webhooks.views.{module}.get_object_or_404", found_then_removed)
    body = {"name": "gateway", "url": endpoint.url}
    response = admin.post(reverse(f"webhook_{name}", args=[endpoint.pk]), body, follow=True)
    assert response.redirect_chain == [(reverse("webhooks"), 302)]
    assert "This webhook has been removed." in response.content.decode()
    assert not endpoint.deliveries.exists()
    assert LedgerEntry.objects.filter(kind__startswith="webhooks.").count() == 2
