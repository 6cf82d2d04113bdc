"""The pages on which compliance and security change access by hand."""

import pytest
from django.urls import reverse

from enablement.access.models import Grant, GrantHold, Stop
from enablement.access.services.grants import reevaluate
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant(switch):
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(key="triage", track=track)
    enrolment = EnrolmentFactory(cohort__track=track)
    switch.on.add(enrolment.user_id)
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
    return Grant.objects.get()


@pytest.fixture
def compliance(client):
    client.force_login(UserFactory(groups=["compliance"]))
    return client


def test_suspending_and_lifting(compliance, client, grant):
    person = reverse("access_person", args=[grant.user_id])
    page = reverse("grant_suspend", args=[grant.pk])
    assert page in compliance.get(person).content.decode()
    assert compliance.post(page, {"reason": " "}).status_code == 422
    assert compliance.post(page, {"reason": "Too much rework"}).url == person
    assert compliance.post(page, {"reason": "Again"}).status_code == 422
    shown = compliance.get(person).content.decode()
    assert "Too much rework" in shown
    lift = reverse("grant_lift", args=[GrantHold.objects.get().pk])
    assert lift in shown
    refused = compliance.post(lift, {"reason": "Fine"})
    assert (refused.status_code, "Another person" in refused.content.decode()) == (422, True)
    client.force_login(UserFactory(groups=["security"]))
    assert client.post(lift, {"reason": "Fine"}).url == person
    assert client.get(lift).status_code == 404
    grant.refresh_from_db()
    assert grant.state == "granted"


def test_opening(compliance, grant):
    Grant.objects.update(state="eligible")
    grant.microtool.manual_grant = True
    grant.microtool.save()
    page = reverse("grant_open", args=[grant.pk])
    assert page in compliance.get(reverse("access_person", args=[grant.user_id])).content.decode()
    assert compliance.get(page).status_code == 405
    compliance.post(page)
    grant.refresh_from_db()
    assert grant.state == "granted"


@pytest.mark.parametrize(
    "form",
    [
        {"kind": "microtool", "microtool": "triage", "reason": "Wrong answers"},
        {"kind": "region", "value": "eu-west-1", "reason": "Outage"},
    ],
)
def test_stopping_ending_and_reviewing(compliance, client, grant, form):
    page = reverse("access_stops")
    assert compliance.post(page, form).url == page
    stop = Stop.objects.get()
    assert form["reason"] in compliance.get(page).content.decode()
    assert compliance.post(page, form).status_code == 422
    end, review = (reverse(name, args=[stop.pk]) for name in ("access_stop_end", "access_stop_review"))
    assert compliance.post(end, {"reason": "Fine"}).status_code == 422
    client.force_login(UserFactory(groups=["security"]))
    assert client.post(end, {"reason": "Mended"}).url == page
    assert client.post(review, {"reason": "It was right."}).url == page
    assert "It was right." in client.get(page).content.decode()
    assert client.get(review).status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"kind": "microtool", "reason": "x"},
        {"kind": "microtool", "microtool": "other", "reason": "x"},
        {"kind": "region", "reason": "x"},
        {"kind": "everything", "value": "x", "reason": "x"},
        {"kind": "model", "value": "m-1", "reason": ""},
    ],
)
def test_what_is_not_in_order_stops_nothing(compliance, grant, form):
    answer = compliance.post(reverse("access_stops"), form or {"reason": ""})
    assert answer.status_code == 422
    assert not Stop.objects.exists()


def test_nobody_else(client, grant):
    client.force_login(UserFactory(groups=["sponsors", "authors", "mentors"]))
    for name, args in (("grant_suspend", [grant.pk]), ("access_stops", [])):
        assert client.get(reverse(name, args=args)).status_code == 403
    assert client.post(reverse("grant_open", args=[grant.pk])).status_code == 403
    assert "grant_suspend" not in client.get(reverse("access_person", args=[grant.user_id])).content.decode()
