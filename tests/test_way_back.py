"""What is lost again: a completed track reopens, and who comes back begins anew."""

import pytest

from enablement.access import registry
from enablement.access.models import Grant
from enablement.access.services.grants import reevaluate
from enablement.people.services import deactivate, reactivate
from tests.access.conftest import NOW, Switch
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def switch(monkeypatch):
    requirement = Switch()
    monkeypatch.setitem(registry._registry, "switch", requirement)
    return requirement


@pytest.fixture
def complete(switch):
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(track=track)
    enrolment = EnrolmentFactory(cohort__track=track)
    switch.on.add(enrolment.user_id)
    again(enrolment)
    assert enrolment.state == "completed"
    return enrolment


def again(enrolment):
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
    enrolment.refresh_from_db()


def opened(enrolment):
    return Grant.objects.live(at=NOW).filter(user=enrolment.user_id).exists()


def test_a_track_whose_gate_is_lost_is_open_again_and_can_be_completed_again(switch, complete):
    switch.on.clear()
    again(complete)
    assert (complete.state, complete.completed_at, opened(complete)) == ("active", None, False)
    switch.on.add(complete.user_id)
    again(complete)
    assert (complete.state, opened(complete)) == ("completed", True)


def test_who_comes_back_has_no_tool_until_the_skill_is_shown_anew(complete):
    deactivate(user=complete.user, actor=None, at=NOW)
    complete.refresh_from_db()
    assert (complete.state, opened(complete)) == ("withdrawn", False)
    complete.user.refresh_from_db()
    reactivate(user=complete.user, actor=None, at=NOW)
    assert not opened(complete)
