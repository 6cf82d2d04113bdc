"""My tools: what a person reads of a tool that is closed."""

import pytest
from django.urls import reverse

from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.services import cohorts

pytestmark = pytest.mark.django_db


def test_leave_is_said_and_no_step_is_offered_until_it_ends(client):
    PolicyFactory()
    gate = GateFactory(tree={"type": "survey", "survey": "readiness"})
    MicrotoolFactory(track=gate.track)
    enrolment = EnrolmentFactory(cohort__track=gate.track)
    client.force_login(enrolment.user, backend="django.contrib.auth.backends.ModelBackend")
    said = []
    for change in (None, cohorts.pause, cohorts.resume):
        if change:
            change(enrolment=enrolment, actor=None, at=NOW)
            enrolment.refresh_from_db()
        page = client.get(reverse("my_tools")).content.decode()
        said.append(("You are on leave" in page, "requirement is not met yet" in page))
    assert said == [(False, True), (True, False), (False, True)]
