"""An engineer with an open tool whose outputs need people, and the people."""

import json
from decimal import Decimal
from types import SimpleNamespace

import pytest

from enablement.access.decisions.verdict import Call
from enablement.access.services import approvals
from enablement.access.services.decisions import Caller, decide_call
from enablement.access.services.grants import reevaluate
from tests.access.conftest import NOW
from tests.access.factories import (
    GateFactory,
    MicrotoolFactory,
    PolicyFactory,
    PromptFactory,
    RoleProfileFactory,
)
from tests.people.factories import ApiTokenFactory, UserFactory
from tests.standing import lay_down
from tests.tracks.factories import EnrolmentFactory, RoleAssignmentFactory, RoleFactory

RULE = "if confidence < 0.9 or contains: refund, escalation => manager_approve"


@pytest.fixture(autouse=True)
def monday_morning(time_machine):
    """Doors and pages read the clock: it stands at NOW, a Monday, 09:00 UTC."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def world(switch):
    """`engineer` needs an approval below 0.9, and one of the two managers may give it."""
    found = lay_down("approvals", lambda: _build(switch))
    switch.on.add(found.engineer.pk)
    return found


def _build(switch):
    PolicyFactory(yellow_zone_terms=[])
    track = GateFactory().track
    tool = MicrotoolFactory(key="triage_summarizer", title="Triage", track=track, approval_rule=RULE)
    PromptFactory(key="triage_summarize", microtool=tool)
    rubric = {"automate": [{"key": "triage", "text": "…", "why": "…", "prompt": "triage_summarize"}]}
    profile = RoleProfileFactory(
        role=track.role, prompts=["triage_summarize"], approvals=["refund_credits"], rubric=rubric
    )
    engineer = EnrolmentFactory(cohort__track=track, user__email="engineer@example.com").user
    RoleAssignmentFactory(user=engineer, role=profile.role)
    managers = RoleFactory(key="ops_manager", title="Operations managers")
    people = {name: UserFactory(name=name.title(), email=f"{name}@example.com") for name in ("otto", "dagny")}
    for person in people.values():
        RoleAssignmentFactory(user=person, role=managers)
    switch.on.add(engineer.pk)
    reevaluate(user_ids=[engineer.pk], cause="tests", actor_id=None, at=NOW)
    return SimpleNamespace(
        engineer=engineer,
        **people,
        priya=UserFactory(name="Priya", groups=["program_managers"]),
        outsider=UserFactory(name="Charlie"),
        deputy=UserFactory(name="Della", email="deputy@example.com", groups=["quality"]),
        tool=tool,
        profile=profile,
        managers=managers,
        gateway=ApiTokenFactory(name="gateway", secret="gateway", scopes=["access:evaluate"]),
        asker=ApiTokenFactory(name="asker", secret="asker", scopes=["access:request"]),
    )


@pytest.fixture
def output(world):
    """What the engineer wants to use: it needs a manager's approval, and nothing else."""
    return Call(
        subject=str(world.engineer.pk),
        microtool="triage_summarizer",
        action="apply",
        prompt="triage_summarize",
        confidence=Decimal("0.85"),
        text="The parcel is late.",
    )


@pytest.fixture
def ask(world, output):
    """Opens a request for a call, by default that output."""

    def opened(call=output, at=NOW, **said):
        caller = Caller.of_token(world.asker)
        return approvals.open_request(call=call, caller=caller, token=world.asker, at=at, **said)

    return opened


@pytest.fixture
def decided(world):
    """The decision on a call, as the gateway gets it."""

    def decide(call, at=NOW, request_id="", token=None):
        caller = Caller.of_token(token or world.gateway)
        return decide_call(call=call, caller=caller, at=at, request_id=request_id)

    return decide


@pytest.fixture
def post(client):
    """POSTs JSON to a door of the API with a token's secret."""

    def sent(url, body, secret="gateway", **headers):
        return client.post(
            url,
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}", **headers},
        )

    return sent


def evaluation(subject="engineer@example.com", tool="triage_summarizer", action="apply", **context):
    """The body of a call; without more, that of `output`."""
    said = {"prompt": "triage_summarize", "confidence": 0.85, "text": "The parcel is late."} | context
    return {
        "subject": {"type": "user", "id": subject},
        "resource": {"type": "microtool", "id": tool},
        "action": {"name": action},
        "context": {name: value for name, value in said.items() if value is not None},
    }
