"""The pages on which compliance and security change access by hand."""

import pytest
from django.urls import reverse

from enablement.access.decisions.verdict import Call
from enablement.access.models import Grant, GrantHold, Microtool, Stop
from enablement.access.services.decisions import Caller, decide_call
from enablement.access.services.grants import reevaluate
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.pages]


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
    assert (lift in shown, "You suspended it; another person" in shown) == (False, True)
    refused = compliance.post(lift, {"reason": "Fine"})
    assert (refused.status_code, "Another person" in refused.content.decode()) == (422, True)
    client.force_login(UserFactory(groups=["security"]))
    shown = client.get(person).content.decode()
    assert (lift in shown, "You suspended it" in shown) == (True, False)
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
        {"what": "microtool:triage", "reason": "Wrong answers"},
        {"what": "region:eu-west-1", "reason": "Outage"},
        {"what": "model:", "model": "m-1", "unseen": "on", "reason": "Drifts"},
    ],
)
def test_stopping_ending_and_reviewing(compliance, client, grant, form):
    page = reverse("access_stops")
    assert compliance.post(page, form).url == page
    stop = Stop.objects.get()
    assert form["reason"] in compliance.get(page).content.decode()
    assert compliance.post(page, form).status_code == 422
    end, review = (reverse(name, args=[stop.pk]) for name in ("access_stop_end", "access_stop_review"))
    shown = compliance.get(page).content.decode()
    assert (end in shown, review in shown, "Another person ends it" in shown) == (False, False, True)
    assert compliance.post(end, {"reason": "Fine"}).status_code == 422
    client.force_login(UserFactory(groups=["security"]))
    shown = client.get(page).content.decode()
    assert (end in shown, review in shown) == (True, False)
    assert client.get(review).status_code == 404
    assert client.post(end, {"reason": "Mended"}).url == page
    assert review not in client.get(page).content.decode()
    assert client.post(review, {"reason": "It was right."}).status_code == 422
    client.force_login(UserFactory(groups=["compliance"]))
    assert review in client.get(page).content.decode()
    assert client.post(review, {"reason": "It was right."}).url == page
    assert "It was right." in client.get(page).content.decode()
    assert client.get(review).status_code == 404


def test_a_stop_is_called_as_people_call_it(compliance, grant):
    Microtool.objects.update(title="Ticket triage")
    compliance.post(reverse("access_stops"), {"what": "microtool:triage", "reason": "Wrong answers"})
    shown = compliance.get(reverse("access_stops")).content.decode()
    assert ("Ticket triage" in shown, "tool triage" in shown) == (True, False)


def test_a_model_that_no_call_has_named_takes_a_second_look(compliance, grant):
    call = Call(subject=str(grant.user_id), microtool="triage", action="invoke", model="gpt-4o-mini")
    decide_call(call=call, caller=Caller(label="tests"), at=NOW)
    page = reverse("access_stops")
    assert "model:gpt-4o-mini" in compliance.get(page).content.decode()
    answer = compliance.post(page, {"what": "model:", "model": "gpt-4o-mimi", "reason": "Drifts"})
    assert (answer.status_code, Stop.objects.count()) == (422, 0)
    assert "No call has named “gpt-4o-mimi” yet." in answer.content.decode()
    # Written as no call writes it, it is still the one that calls name.
    assert (
        compliance.post(page, {"what": "model:", "model": "GPT-4o-mini", "reason": "Drifts"}).status_code
        == 302
    )
    assert Stop.objects.get().value == "gpt-4o-mini"


def test_an_empty_form_complains_about_what_is_missing_and_nothing_else(compliance, grant):
    errors = compliance.post(reverse("access_stops"), {"what": "", "reason": ""}).context["form"].errors
    assert errors == {"what": ["Choose what to stop."], "reason": ["This field is required."]}


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"reason": "x"},
        {"what": "microtool:other", "reason": "x"},
        {"what": "region:mars-1", "reason": "x"},
        {"what": "region:eu-west-1", "model": "m-1", "unseen": "on", "reason": "x"},
        {"what": "model:", "model": "m-1", "unseen": "on", "reason": ""},
        {"what": "model:", "model": "", "reason": "x"},
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
