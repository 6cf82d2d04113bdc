"""The history of a person's access: newest first, with the title of the tool and the cause in words."""

import pytest

from enablement.access.selectors import grant_history
from enablement.access.services.grants import reevaluate
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
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
