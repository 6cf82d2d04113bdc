"""`/access/v1/forward-auth/…` as nginx, Caddy and Traefik meet it."""

import json

import pytest
from django.db import DatabaseError

from enablement.access.services.grants import reevaluate
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import ApiTokenFactory, UserFactory
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db
URL = "/access/v1/forward-auth/triage_summarizer"


@pytest.fixture
def learner(switch):
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(key="triage_summarizer", track=track)
    enrolment = EnrolmentFactory(cohort__track=track, user__email="ada@demo.example")
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
    return enrolment.user


@pytest.fixture
def holder(learner, switch):
    switch.on.add(learner.pk)
    reevaluate(user_ids=[learner.pk], cause="tests", actor_id=None, at=NOW)
    return learner


@pytest.fixture
def proxy():
    return ApiTokenFactory(secret="proxy", scopes=["access:forward"])


def as_proxy(client, subject, *, secret="proxy", url=URL, **headers):
    who = {} if subject is None else {"X-Enablement-Subject": subject}
    return client.get(url, headers={"X-Enablement-Token": secret, **who, **headers})


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete", "options"])
def test_any_method_is_the_same_question(client, holder, method):
    client.force_login(holder)
    response = getattr(client, method)(URL)
    assert response.status_code == 200
    assert response.headers["X-Decision-Reason"] == "granted"
    assert response.headers["X-Enablement-Subject"] == str(holder.pk)
    assert LedgerEntry.objects.filter(pk=response.headers["X-Decision-Id"], kind="access.decided").exists()
    assert response.headers["Cache-Control"] == "no-store"


def test_a_closed_tool_is_403_with_what_is_missing(client, learner):
    client.force_login(learner)
    response = client.get(URL, headers={"Accept": "text/html"})
    assert response.status_code == 403
    assert response.headers["X-Decision-Reason"] == "gate_not_met"
    assert response.headers["X-Decision-Link"] == "http://127.0.0.1:8000/tools/"
    assert "X-Enablement-Subject" not in response.headers
    assert "Switch: off (needed: on)" in response.content.decode()
    assert client.get(URL).content.decode().startswith("Something is still missing")


def test_without_a_session_it_is_401(client, learner):
    response = client.get(URL, headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["X-Decision-Reason"]) == (401, "sign_in")
    assert "http://127.0.0.1:8000/accounts/login/" in response.content.decode()


def test_a_subject_without_a_token_is_not_listened_to(client, holder):
    assert client.get(URL, headers={"X-Enablement-Subject": holder.email}).status_code == 401
    client.force_login(UserFactory())
    assert client.get(URL, headers={"X-Enablement-Subject": holder.email}).status_code == 403


def test_a_proxy_with_a_token_asks_for_its_user(client, holder, proxy):
    assert as_proxy(client, holder.email).status_code == 200
    assert as_proxy(client, "nobody@demo.example").status_code == 403
    assert as_proxy(client, "").status_code == 403
    assert as_proxy(client, None).status_code == 403


def test_with_a_token_the_session_counts_nothing(client, holder, proxy):
    client.force_login(holder)
    assert as_proxy(client, None).status_code == 403


@pytest.mark.parametrize(
    ("token", "status", "reason"),
    [
        ({"scopes": ["access:evaluate"]}, 403, "insufficient_scope"),
        ({"scopes": ["access:forward"], "revoked_at": NOW}, 401, "invalid_token"),
        ({"scopes": ["access:forward"], "microtools": ["kb_lookup"]}, 403, "microtool_not_allowed"),
        ({"scopes": ["access:forward"], "regions": ["ap-south-1"]}, 403, "region_not_allowed"),
    ],
)
def test_a_token_that_may_not(client, holder, token, status, reason):
    ApiTokenFactory(secret="other", **token)
    response = as_proxy(client, holder.email, secret="other")
    assert (response.status_code, response.headers["X-Decision-Reason"]) == (status, reason)


def test_a_token_beyond_its_limit(client, holder):
    ApiTokenFactory(secret="few", scopes=["access:forward"], calls_per_minute=1)
    statuses = [as_proxy(client, holder.email, secret="few").status_code for _call in range(2)]
    assert statuses == [200, 403]


def test_the_address_narrows_the_question(client, holder, proxy):
    assert as_proxy(client, holder.email, url=f"{URL}?region=eu-west-1").status_code == 200
    assert as_proxy(client, holder.email, url=f"{URL}?region=ap-south-1").status_code == 403
    assert as_proxy(client, holder.email, url=f"{URL}?prompt=other").status_code == 403
    assert as_proxy(client, holder.email, url=f"{URL}?confidence=high").status_code == 403
    assert as_proxy(client, holder.email, url=URL.replace("triage", "other")).status_code == 403


def test_what_the_proxy_saw_is_recorded_as_a_hash_and_trusted_for_nothing(client, learner, proxy):
    seen = {"X-Original-URI": "/tool?customer=Doe", "X-Forwarded-Method": "POST"}
    response = as_proxy(client, learner.email, **seen)
    entry = LedgerEntry.objects.get(pk=response.headers["X-Decision-Id"])
    assert set(json.loads(entry.payload)["seen"]) == set(seen)
    assert "Doe" not in entry.payload


def test_a_leaver_is_401_on_the_next_call(client, holder):
    client.force_login(holder)
    holder.is_active = False
    holder.save()
    assert client.get(URL).status_code == 401


def test_a_decision_that_cannot_be_recorded_is_503(client, holder, monkeypatch):
    def refuse(entries):
        raise DatabaseError("disk full")

    client.force_login(holder)
    monkeypatch.setattr("enablement.ledger.services.record_many", refuse)
    assert client.get(URL).status_code == 503


def test_it_changes_nothing_so_it_needs_no_csrf_token(holder):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(holder)
    assert strict.post(URL).status_code == 200
