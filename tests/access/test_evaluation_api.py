"""`POST /access/v1/evaluation` as a gateway meets it."""

import hashlib
import json

import pytest
from django.db import DatabaseError

from enablement.access.models import Grant
from enablement.access.services.grants import reevaluate
from enablement.ledger.models import LedgerEntry
from enablement.people.identity import Identity
from enablement.people.organisation import GroupRules
from enablement.people.services import revoke_token
from enablement.people.services.identities import admit
from tests.access.conftest import NOW
from tests.access.factories import (
    GateFactory,
    MicrotoolFactory,
    PolicyFactory,
    PromptFactory,
    RoleProfileFactory,
)
from tests.people.factories import ApiTokenFactory
from tests.tracks.factories import EnrolmentFactory, RoleAssignmentFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
URL = "/access/v1/evaluation"


@pytest.fixture
def world(switch):
    PolicyFactory()
    track = GateFactory().track
    tool = MicrotoolFactory(key="triage_summarizer", track=track)
    PromptFactory(key="triage_summarize", microtool=tool)
    profile = RoleProfileFactory(role=track.role, prompts=["triage_summarize", "kb_lookup"])
    enrolment = EnrolmentFactory(cohort__track=track, user__email="Engineer1@demo.example")
    RoleAssignmentFactory(user=enrolment.user, role=profile.role)
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
    return enrolment


@pytest.fixture
def gateway():
    return ApiTokenFactory(secret="gateway", scopes=["access:evaluate"])


@pytest.fixture
def opened(world, switch):
    switch.on.add(world.user_id)
    reevaluate(user_ids=[world.user_id], cause="tests", actor_id=None, at=NOW)
    return world


def body(subject="engineer1@demo.example", tool="triage_summarizer", action="invoke", **context):
    return {
        "subject": {"type": "user", "id": subject},
        "resource": {"type": "microtool", "id": tool},
        "action": {"name": action},
        "context": context,
    }


def post(client, content, secret="gateway", **headers):
    content = content if isinstance(content, str | bytes) else json.dumps(content)
    headers = {"Authorization": f"Bearer {secret}", **headers}
    return client.post(URL, content, content_type="application/json", headers=headers)


def test_a_deny_is_an_answer_with_what_is_missing_and_where_to_get_it(client, gateway, world):
    response = post(client, body())
    assert response.status_code == 200
    answer = response.json()
    assert answer["decision"] is False
    context = answer["context"]
    assert (context["outcome"], context["reason"], context["policy_revision"]) == ("deny", "gate_not_met", 1)
    assert context["unmet_gates"] == [
        {
            "type": "switch",
            "label": "Switch",
            "required": "on",
            "actual": "off",
            "link": "http://127.0.0.1:8000/switch/",
        }
    ]
    assert response.headers["Cache-Control"] == "no-store"


def test_allow_then_deny_again_on_the_next_call(client, gateway, opened, switch):
    assert post(client, body()).json()["decision"] is True
    switch.on.clear()
    reevaluate(user_ids=[opened.user_id], cause="tests", actor_id=None, at=NOW)
    assert post(client, body()).json()["decision"] is False


def test_whom_the_organisation_admits_no_longer_is_denied_on_the_next_call(client, gateway, opened):
    def arrives(*groups):
        identity = Identity(
            issuer="https://login.example",
            subject="idp|1",
            alias="idp|1",
            email="engineer1@demo.example",
            email_verified=True,
            name="",
            groups=frozenset(groups),
        )
        return admit(identity=identity, rules=GroupRules(admits=frozenset({"ai"})), at=NOW)

    arrives("ai")
    assert post(client, body("idp|1")).json()["decision"] is True
    with pytest.raises(Refused) as refused:
        arrives("sales")
    assert refused.value.code == "not_admitted"
    for name in ("idp|1", "engineer1@demo.example", str(opened.user_id)):
        answer = post(client, body(name)).json()
        assert (answer["decision"], answer["context"]["reason"]) == (False, "inactive_subject")
    assert Grant.objects.get(user=opened.user).state == Grant.State.REVOKED


@pytest.mark.parametrize("external_id", ["idp-7", "0b6d5c8e-5a8e-4d0b-9a57-0f6f4a9a7c11"])
@pytest.mark.parametrize("key", ["email", "id", "external_id"])
def test_a_person_is_found_by_address_id_or_the_identity_providers_id(
    client, gateway, opened, key, external_id
):
    opened.user.external_id = external_id
    opened.user.save()
    subject = {"email": "ENGINEER1@DEMO.EXAMPLE", "id": str(opened.user_id), "external_id": external_id}[key]
    assert post(client, body(subject)).json()["decision"] is True


@pytest.mark.parametrize(
    ("request_body", "reason"),
    [
        (body(subject="nobody@demo.example"), "unknown_subject"),
        (body(subject="00000000-0000-0000-0000-000000000000"), "unknown_subject"),
        (body(subject="' OR 1=1 --"), "unknown_subject"),
        (body(tool="Triage_Summarizer"), "unknown_microtool"),
        (body(action="delete"), "unknown_action"),
        (body(region="ap-south-1"), "region_not_allowed"),
        (body(prompt="kb_lookup"), "prompt_not_held"),
        (body(prompt="variance_brief"), "prompt_not_held"),
        (body(action="apply"), "confidence_missing"),
        (body(action="apply", confidence=0.69), "confidence_blocked"),
        (body(action="apply", confidence=0.95), "text_missing"),
        (body(tool="x" * 255), "unknown_microtool"),
    ],
)
def test_what_is_not_in_order_is_denied_with_a_reason(client, gateway, opened, request_body, reason):
    response = post(client, request_body)
    assert response.status_code == 200
    assert response.json()["decision"] is False
    assert response.json()["context"]["reason"] == reason
    assert response.json()["context"]["reason_user"]["en"]


def test_the_prompt_of_the_role_and_tool_is_allowed(client, gateway, opened):
    assert post(client, body(prompt="triage_summarize", region="eu-west-1")).json()["decision"] is True


def test_roles_sent_by_the_caller_are_not_listened_to(client, gateway, world):
    request = body()
    request["subject"]["properties"] = {"roles": ["administrator"], "grants": ["triage_summarizer"]}
    assert post(client, request).json()["decision"] is False


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "[]",
        "null",
        '{"subject": {"type": "user", "id": 5}}',
        json.dumps(body() | {"subject": {"type": "user"}}),
        json.dumps(body() | {"action": "invoke"}),
        json.dumps(body() | {"context": []}),
        json.dumps(body(confidence="0.9")),
        json.dumps(body(confidence=True)),
        json.dumps(body(confidence=1.5)),
        json.dumps(body(confidence=-1)),
        json.dumps(body()).replace('"context": {}', '"context": {"confidence": NaN}'),
        json.dumps(body()).replace('"context": {}', '"context": {"confidence": Infinity}'),
        json.dumps(body()).replace('"context": {}', '"context": {"confidence": 1e999}'),
        json.dumps(body(region=["eu-west-1"])),
        json.dumps(body(text="x" * 20_001)),
        json.dumps(body(subject="x" * 300)),
        json.dumps(body(subject="a\x00b")),
        pytest.param('{"subject":' * 100_000, id="nested too deeply"),
        b"\xff\xfe",
    ],
)
def test_a_malformed_request_is_400_as_problem_details(client, gateway, opened, broken):
    response = post(client, broken)
    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert response.json()["status"] == 400
    assert response.headers["Cache-Control"] == "no-store"


def test_without_a_valid_token_there_is_no_answer(client, gateway, opened):
    assert client.post(URL, body(), content_type="application/json").status_code == 401
    assert post(client, body(), secret="wrong").status_code == 401
    revoke_token(token=gateway, actor=None, at=NOW)
    assert post(client, body()).status_code == 401


def test_a_token_of_another_scope_is_refused(client, opened):
    ApiTokenFactory(secret="reader", scopes=["read"])
    assert post(client, body(), secret="reader").status_code == 403


def test_only_post(client, gateway):
    assert client.get(URL, headers={"Authorization": "Bearer gateway"}).status_code == 405


def test_a_token_reaches_only_its_regions(client, opened):
    ApiTokenFactory(secret="eu", scopes=["access:evaluate"], regions=["eu-west-1"])
    assert post(client, body(), secret="eu").json()["decision"] is True
    assert post(client, body(region="eu-west-1"), secret="eu").json()["decision"] is True
    assert post(client, body(region="us-east-1"), secret="eu").json()["decision"] is False


def test_the_request_id_comes_back(client, gateway, opened):
    response = post(client, body(), **{"X-Request-ID": "abc-1"})
    assert response.headers["X-Request-ID"] == "abc-1"


def test_every_decision_is_recorded_without_its_text(client, gateway, opened):
    answer = post(client, body(action="apply", confidence=0.95, text="Card 4111 of Ms Doe")).json()
    entry = LedgerEntry.objects.get(pk=answer["context"]["id"])
    payload = json.loads(entry.payload)
    assert entry.kind == "access.decided"
    assert (payload["user"], payload["confidence"]) == (str(opened.user_id), "0.95")
    assert payload["outcome"] == answer["context"]["outcome"]
    assert "4111" not in entry.payload


def test_an_unknown_subject_is_recorded_as_a_hash_only(client, gateway, world):
    answer = post(client, body(subject="someone@elsewhere.example")).json()
    entry = LedgerEntry.objects.get(pk=answer["context"]["id"])
    assert "someone@elsewhere.example" not in entry.payload
    assert hashlib.sha256(b"someone@elsewhere.example").hexdigest() not in entry.payload


def test_an_unknown_tool_is_not_recorded_by_the_callers_words(client, gateway, world):
    answer = post(client, body(tool="ask ms.doe@elsewhere.example")).json()
    entry = LedgerEntry.objects.get(pk=answer["context"]["id"])
    assert (entry.subject_type, entry.subject_id) == ("access.microtool", "unknown")
    assert "elsewhere" not in entry.payload


def test_a_request_that_is_too_large_is_refused_before_it_is_read(client, gateway, opened):
    response = post(client, json.dumps(body(text="x" * 3_500_000)))
    assert response.status_code == 413
    assert response.headers["Content-Type"].startswith("application/problem+json")


def test_a_decision_that_cannot_be_recorded_is_no_decision(client, gateway, opened, monkeypatch):
    def refuse(entries):
        raise DatabaseError("disk full")

    monkeypatch.setattr("enablement.ledger.services.record_many", refuse)
    response = post(client, body())
    assert response.status_code == 503
    assert "decision" not in response.json()


@pytest.mark.parametrize("tools", [1, 8])
def test_a_decision_costs_a_token_look_up_two_reads_and_one_insert(
    client, gateway, opened, tools, django_assert_num_queries
):
    MicrotoolFactory.create_batch(tools, track=opened.track)
    reevaluate(user_ids=[opened.user_id], cause="tests", actor_id=None, at=NOW)
    post(client, body())  # the day's first call notes that the tool is used
    with django_assert_num_queries(6):  # the four, and the savepoint that a test turns a transaction into
        post(client, body())
