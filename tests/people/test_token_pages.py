"""Tokens in the browser: an administrator's page."""

import pytest
from django.urls import reverse
from django.utils import timezone

from enablement.people.models import ApiToken
from tests.people.factories import ApiTokenFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
NEW = {"name": "zendesk", "scopes": ["access:evaluate"], "microtools": "triage_summarizer, kb_lookup"}


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(groups=["administrators"]))
    return client


def test_only_administrators_and_security_see_tokens(client):
    token = ApiTokenFactory()
    client.force_login(UserFactory(groups=["authors", "compliance"]))
    for url in (
        reverse("tokens"),
        reverse("token_new"),
        reverse("token_rotate", args=[token.pk]),
        reverse("token_revoke", args=[token.pk]),
    ):
        assert client.get(url).status_code == 403
        assert client.post(url).status_code in {403, 405}


def test_the_secret_is_shown_once(admin):
    page = admin.post(reverse("token_new"), NEW)
    token = ApiToken.objects.get()
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert ApiToken.objects.for_secret(secret, at=timezone.now()).get() == token
    assert token.microtools == ["kb_lookup", "triage_summarizer"]
    listed = admin.get(reverse("tokens")).content.decode()
    assert "zendesk" in listed
    assert secret not in listed


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"scopes": ["everything"]}, {"scopes": []}, {"regions": "EU!"}, {"calls_per_minute": "0"}],
)
def test_what_is_not_in_order_is_said_and_nothing_is_made(admin, changes):
    page = admin.post(reverse("token_new"), NEW | changes)
    assert page.status_code == 422
    assert page.context["form"].errors
    assert not ApiToken.objects.exists()


def test_a_new_secret_and_the_end(admin):
    token = ApiTokenFactory(secret="first")
    page = admin.post(reverse("token_rotate", args=[token.pk]), {"overlap_hours": "0"})
    assert not ApiToken.objects.for_secret("first", at=timezone.now()).exists()
    assert ApiToken.objects.for_secret(page.context["secret"], at=timezone.now()).exists()
    url = reverse("token_revoke", args=[token.pk])
    assert admin.get(url).status_code == 200
    assert admin.post(url).url == reverse("tokens")
    assert not ApiToken.objects.live().exists()
    assert admin.get(url).status_code == 404
    assert str(token) in admin.get(reverse("tokens") + "?revoked=1").content.decode()
