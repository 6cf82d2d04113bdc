"""LiteLLM's generic guardrail contract: every reply is `BLOCKED` or `NONE`, and errors are `BLOCKED`."""

import json

import pytest
from django.db import DatabaseError

from enablement.access.services.grants import reevaluate
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import ApiTokenFactory
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db
URL = "/access/v1/litellm/beta/litellm_basic_guardrail_api"


@pytest.fixture
def learner(switch):
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(key="triage_summarizer", track=track)
    MicrotoolFactory(key="other")
    enrolment = EnrolmentFactory(cohort__track=track, user__email="ada@demo.example")
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
    return enrolment.user


@pytest.fixture
def holder(learner, switch):
    switch.on.add(learner.pk)
    reevaluate(user_ids=[learner.pk], cause="tests", actor_id=None, at=NOW)
    return learner


@pytest.fixture(autouse=True)
def proxy():
    return ApiTokenFactory(secret="litellm", scopes=["access:evaluate"], microtools=["triage_summarizer"])


def body(email="ada@demo.example", input_type="request", **changes):
    return {
        "texts": ["Summarise this ticket."],
        "images": None,
        "request_data": {"user_api_key_user_email": email, "user_api_key_end_user_id": "ada@demo.example"},
        "input_type": input_type,
        "litellm_call_id": "call-1",
        "additional_provider_specific_params": {},
    } | changes


def ask(client, content, secret="litellm"):
    content = content if isinstance(content, str) else json.dumps(content)
    return client.post(URL, content, content_type="application/json", headers={"X-API-Key": secret})


def test_who_holds_the_tool_goes_on(client, holder):
    assert ask(client, body()).json() == {"action": "NONE"}
    by_id = {"user_api_key_user_email": None, "user_api_key_user_id": str(holder.pk)}
    assert ask(client, body(request_data=by_id)).json() == {"action": "NONE"}
    entry = LedgerEntry.objects.filter(kind="access.decided").first()
    assert json.loads(entry.payload)["request_id"] == "call-1"


def test_a_bearer_token_will_do_as_well(client, holder):
    headers = {"Authorization": "Bearer litellm"}
    answer = client.post(URL, json.dumps(body()), content_type="application/json", headers=headers)
    assert answer.json() == {"action": "NONE"}


def test_who_lacks_something_is_blocked_and_hears_why(client, learner):
    assert ask(client, body()).json() == {
        "action": "BLOCKED",
        "blocked_reason": "Something is still missing before this tool opens; the list says what.",
    }


@pytest.mark.parametrize(
    "content",
    [
        body(email="nobody@demo.example"),
        body(email=""),
        body(request_data={}),
        body(request_data={"user_api_key_end_user_id": "ada@demo.example"}),
        body(additional_provider_specific_params={"region": "ap-south-1"}),
        body(additional_provider_specific_params={"prompt": 5}),
        body(input_type="response"),
        body(input_type="response", additional_provider_specific_params={"confidence": 0.99}),
        body(input_type="response", texts=["x" * 20_001]),
        body(input_type="both"),
        body(texts="one"),
        {},
        [],
        "{",
        "",
    ],
)
def test_everything_else_is_blocked(client, holder, content):
    assert ask(client, content).json()["action"] == "BLOCKED"


@pytest.mark.parametrize("microtools", [[], ["other"], ["other", "triage_summarizer"]])
def test_the_tool_is_the_tokens_whatever_a_request_names(client, holder, microtools):
    ApiTokenFactory(secret="loose", scopes=["access:evaluate"], microtools=microtools)
    named = body(additional_provider_specific_params={"microtool": "triage_summarizer"})
    assert ask(client, named, secret="loose").json()["action"] == "BLOCKED"


def test_errors_are_blocked_too(client, holder, monkeypatch):
    ApiTokenFactory(secret="reader", scopes=["read"], microtools=["triage_summarizer"])
    unknown, unscoped = ask(client, body(), secret="wrong"), ask(client, body(), secret="reader")
    assert (unknown.status_code, unknown.json()["action"]) == (401, "BLOCKED")
    assert (unscoped.status_code, unscoped.json()["action"]) == (403, "BLOCKED")

    def refuse(entries):
        raise DatabaseError("disk full")

    monkeypatch.setattr("enablement.ledger.services.record_many", refuse)
    failed = ask(client, body())
    assert (failed.status_code, failed.json()["action"]) == (503, "BLOCKED")
