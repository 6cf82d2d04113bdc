"""A person with an open tool, a gateway that asks, and those who look at the record."""

from decimal import Decimal

import pytest

from enablement.access.decisions.verdict import Call
from enablement.access.services import decision_log
from enablement.access.services.decisions import Caller, decide_call
from enablement.access.services.grants import reevaluate
from enablement.ledger.services import link
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory, PromptFactory
from tests.people.factories import ApiTokenFactory, UserFactory
from tests.tracks.factories import EnrolmentFactory


@pytest.fixture
def tool():
    PolicyFactory()
    made = MicrotoolFactory(key="triage", title="Triage", track=GateFactory().track)
    PromptFactory(key="triage_prompt", microtool=made)
    return made


@pytest.fixture
def amara(tool, switch):
    """The tool is open to her since NOW."""
    enrolment = EnrolmentFactory(
        cohort__track=tool.track, user__name="Amara Okafor", user__email="amara@example.com"
    )
    switch.on.add(enrolment.user_id)
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
    return enrolment.user


@pytest.fixture
def gateway(db):
    return Caller.of_token(ApiTokenFactory(name="gateway-eu", scopes=["access:evaluate"]))


@pytest.fixture
def ask(gateway):
    """Asks as the gateway does; the decision's id."""

    def asks(person, *, tool="triage", at=NOW, **context):
        known = {"action": "invoke", "region": "eu-west-1", "model": "small", "model_version": "2", **context}
        subject = person if isinstance(person, str) else person.email
        return decide_call(call=Call(subject=subject, microtool=tool, **known), caller=gateway, at=at).id

    return asks


@pytest.fixture
def liaison(client):
    user = UserFactory(groups=["compliance"], timezone="UTC")
    client.force_login(user)
    return user


def index():
    """What beat does: link, then make searchable."""
    link(at=NOW)
    return decision_log.project()


SURE = Decimal("0.95")
