"""My tools: what a person reads of a tool that is closed."""

from datetime import timedelta

import pytest
from django.urls import reverse

from enablement.access.models import Grant
from enablement.access.services import control, emergencies
from enablement.access.services.grants import reevaluate
from tests.access.conftest import NOW, warden
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import UserFactory
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


def test_emergency_access_is_said_to_be_open_until_its_end_and_not_beyond(client, time_machine):
    PolicyFactory()
    gate = GateFactory(tree={"type": "survey", "survey": "readiness"})
    tool = MicrotoolFactory(track=gate.track)
    person = EnrolmentFactory(cohort__track=gate.track).user
    asked = emergencies.ask(user=person, microtool=tool, reason="Outage", hours=1, actor=person, at=NOW)
    emergencies.approve(emergency=asked, actor=warden(), at=NOW)
    compliance = UserFactory(groups=["compliance"])
    looks = ((person, reverse("my_tools")), (compliance, reverse("access_person", args=[person.pk])))

    def said():
        found = []
        for reader, page in looks:
            client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
            text = client.get(page).content.decode()
            found.append(("1 of 1 tool" in text, "Open in an emergency until" in text, "Locked" in text))
        return found

    time_machine.move_to(NOW + timedelta(minutes=59), tick=False)
    assert said() == [(True, True, False)] * 2
    time_machine.move_to(NOW + timedelta(hours=1), tick=False)
    assert said() == [(False, False, True)] * 2


def test_what_also_closes_it_is_not_said_to_be_open_in_an_emergency(client, switch, time_machine):
    time_machine.move_to(NOW, tick=False)
    PolicyFactory()
    tool = MicrotoolFactory(track=GateFactory().track)
    person = EnrolmentFactory(cohort__track=tool.track).user
    reevaluate(user_ids=[person.pk], cause="tests", actor_id=None, at=NOW)
    asked = emergencies.ask(user=person, microtool=tool, reason="Outage", hours=1, actor=person, at=NOW)
    emergencies.approve(emergency=asked, actor=warden(), at=NOW)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")

    def says():
        text = client.get(reverse("my_tools")).content.decode()
        return ("Open in an emergency" in text, "0 of 1 tool" in text)

    assert says() == (True, False)
    control.suspend(grant=Grant.objects.get(), reason="Rework", actor=warden(), at=NOW)
    assert says() == (False, True)


def test_a_stopped_tool_is_not_in_use_on_the_overview(client):
    PolicyFactory()
    stopped = MicrotoolFactory(track=GateFactory().track)
    MicrotoolFactory(track=GateFactory().track)
    client.force_login(UserFactory(groups=["compliance"]))
    page = reverse("access_overview")

    def states():
        text = client.get(page).content.decode()
        return text.count("In use"), text.count("Stopped")

    assert states() == (2, 0)
    control.stop(kind="microtool", value=stopped.key, reason="Wrong answers", actor=warden(), at=NOW)
    assert states() == (1, 1)
