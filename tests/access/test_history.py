"""The history of a person's access: newest first, with the title of the tool and the cause in words."""

from datetime import timedelta

import pytest
from django.urls import reverse

from enablement.access.history import grant_history
from enablement.access.services.grants import reevaluate
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db


def test_a_change_names_the_tool_by_its_title(switch):
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(track=track, key="triage_summarizer", title="Triage summariser")
    user = EnrolmentFactory(cohort__track=track).user
    switch.on.add(user.pk)
    reevaluate(user_ids=[user.pk], cause="tracks.enrolment", actor_id=None, at=NOW)
    (change,) = grant_history(user=user)
    assert (change.microtool, change.at) == ("Triage summariser", NOW)


def test_a_renewal_says_until_when_it_stays_open(switch, client):
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(track=track)
    user = EnrolmentFactory(cohort__track=track).user
    switch.on.add(user.pk)
    for switch.lapses in (NOW + timedelta(days=30), NOW + timedelta(days=60), None):
        reevaluate(user_ids=[user.pk], cause="tracks.enrolment", actor_id=None, at=NOW)
    told = {(change.renewed, change.until) for change in grant_history(user=user)}
    assert told == {(False, None), (True, NOW + timedelta(days=60)), (True, None)}
    client.force_login(UserFactory(groups=["compliance"], timezone="UTC"))
    page = " ".join(client.get(reverse("access_person", args=[user.pk])).content.decode().split())
    assert all(words in page for words in ("8 Jan 2027, 09:00 UTC", "open without an end", "none → open"))
