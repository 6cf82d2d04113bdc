import pytest

from tests.certificates.factories import meet_gate, put_gate
from tests.tracks.factories import EnrolmentFactory, ModuleFactory


@pytest.fixture
def enrolment(db):
    """Somebody on a track of two modules, whose gate is not met yet."""
    enrolment = EnrolmentFactory(user__name="Amara Okafor", cohort__track__title="Front line")
    ModuleFactory(track=enrolment.track, title="Automate-vs-Avoid 101", outcomes=["use_governed_gateway"])
    ModuleFactory(track=enrolment.track, title="Copilot", outcomes=["Tell a draft from a fact."])
    put_gate(enrolment.track)
    return enrolment


@pytest.fixture
def achieved(enrolment):
    meet_gate(enrolment)
    return enrolment
