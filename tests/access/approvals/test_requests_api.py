"""`/access/v1/requests` as a gateway meets it."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from enablement.access.models import ApprovalRequest, RequestKey
from enablement.access.services import approvals
from enablement.access.services.approvals import idempotency
from enablement.access.services.grants import reevaluate
from tests.access.approvals.conftest import evaluation
from tests.access.conftest import NOW
from tests.people.factories import ApiTokenFactory

pytestmark = pytest.mark.django_db
URL = "/access/v1/requests"


@pytest.fixture
def request_(post, world):
    """POSTs a request for what `evaluation` says, by the token that asks."""

    def sent(key="", secret="asker", **said):
        extra = {name: said.pop(name) for name in ("kind", "purpose") if name in said}
        headers = {"Idempotency-Key": key} if key else {}
        return post(URL, evaluation(**said) | extra, secret=secret, **headers)

    return sent


def read(client, made, secret="asker"):
    return client.get(f"{URL}/{made['id']}", headers={"Authorization": f"Bearer {secret}"})


def test_a_gateway_asks_waits_and_passes_the_approval_on(client, world, post, request_):
    assert post("/access/v1/evaluation", evaluation()).json()["context"]["outcome"] == "approval_required"

    response = request_(purpose="Order 7")

    assert response.status_code == 201
    made = response.json()
    assert (made["kind"], made["state"], made["due_at"]) == (
        "approval",
        "pending",
        "2026-11-09T13:00:00+00:00",
    )
    assert made["approvers"] == [
        {
            "step": 1,
            "approver": "manager_approve",
            "title": "Operations managers",
            "escalated_to": "",
            "decision": "",
        }
    ]
    assert made["links"] == {
        "human": f"http://127.0.0.1:8000/approvals/{made['id']}/",
        "self": f"http://127.0.0.1:8000{URL}/{made['id']}",
    }
    assert response.headers["Location"] == made["links"]["self"]
    assert response.headers["Cache-Control"] == "no-store"
    assert read(client, made).json() == made

    approvals.approve(request=ApprovalRequest.objects.get(), actor=world.otto, at=NOW)
    assert read(client, made).json()["state"] == "approved"
    assert post("/access/v1/evaluation", evaluation(approval=made["id"])).json()["decision"] is True
    assert read(client, made).json()["state"] == "spent"


def test_what_still_has_to_be_reviewed_is_asked_for_next(client, world, post, request_):
    world.profile.human_in_loop = True
    world.profile.save()
    first = request_().json()
    approvals.approve(request=ApprovalRequest.objects.get(), actor=world.otto, at=NOW)

    second = request_(approval=first["id"]).json()

    assert (second["kind"], second["approvers"][0]["approver"]) == ("review", "subject")
    review = ApprovalRequest.objects.get(pk=second["id"])
    approvals.confirm(request=review, actor=world.engineer, usable=True, at=NOW)
    both = evaluation(approval=[first["id"], second["id"]])
    assert post("/access/v1/evaluation", both).json()["decision"] is True


def test_the_review_can_be_asked_for_first(world, request_):
    world.profile.human_in_loop = True
    world.profile.save()
    assert request_(kind="review").json()["kind"] == "review"


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"confidence": 0.95}, 409, "nothing_required"),
        ({"action": "invoke", "confidence": None, "text": None}, 409, "nothing_required"),
        ({"kind": "review"}, 409, "nothing_required"),
        ({"confidence": 0.5}, 422, "confidence_blocked"),
        ({"subject": "nobody@example.com"}, 422, "unknown_subject"),
        ({"tool": "other"}, 422, "unknown_microtool"),
        ({"action": "delete"}, 422, "unknown_action"),
        ({"prompt": "kb_lookup"}, 422, "prompt_not_held"),
        ({"region": "ap-south-1"}, 422, "region_not_allowed"),
    ],
)
def test_what_needs_nobody_or_is_denied_cannot_be_asked_for(request_, said, status, code):
    response = request_(**said)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert response.json()["detail"]
    assert not ApprovalRequest.objects.exists()


def test_a_closed_tool_cannot_be_asked_for(world, switch, request_):
    switch.on.clear()
    reevaluate(user_ids=[world.engineer.pk], cause="tests", actor_id=None, at=NOW)
    assert (request_().status_code, request_().json()["code"]) == (422, "gate_not_met")


def test_a_token_asks_only_as_far_as_it_reaches(world, post):
    for secret, reach in (("a", {"microtools": ["other"]}), ("b", {"regions": ["ap-south-1"]})):
        ApiTokenFactory(secret=secret, scopes=["access:request"], **reach)
    codes = [post(URL, evaluation(), secret=secret).json()["code"] for secret in ("a", "b")]
    assert codes == ["microtool_not_allowed", "region_not_allowed"]


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[]",
        json.dumps({"kind": "approval"}),
        json.dumps(evaluation() | {"kind": "waiver"}),
        json.dumps(evaluation() | {"purpose": "x" * 501}),
        json.dumps(evaluation() | {"purpose": 5}),
        json.dumps(evaluation(text="\ud800")),
        json.dumps(evaluation(confidence="0.85")),
    ],
)
def test_a_malformed_request_is_400(client, world, broken):
    headers = {"Authorization": "Bearer asker", "Idempotency-Key": "k"}
    response = client.post(URL, broken, content_type="application/json", headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "invalid") or response.json()[
        "code"
    ] == "parse_error"
    assert response.status_code == 400
    assert not RequestKey.objects.exists()


def test_only_a_token_with_the_scope_asks_and_reads(client, world, request_):
    made = request_().json()
    assert request_(secret="gateway").status_code == 403
    assert request_(secret="wrong").status_code == 401
    assert read(client, made, secret="gateway").status_code == 403
    assert client.get(f"{URL}/{made['id']}").status_code == 401


def test_to_another_token_and_a_person_there_is_no_such_request(client, world, request_):
    made = request_().json()
    ApiTokenFactory(secret="other", scopes=["access:request"])
    assert read(client, made, secret="other").status_code == 404
    assert read(client, made | {"id": "00000000-0000-0000-0000-000000000000"}).status_code == 404
    client.force_login(world.engineer)
    assert client.get(f"{URL}/{made['id']}").status_code == 401


def test_no_token_decides(client, world, request_):
    made = request_().json()
    for door in ("decide", "look", "comment", "withdraw"):
        url = f"/approvals/{made['id']}/{door}/"
        body = {"decision": "approve", "usable": "yes", "looked": "on", "text": "x"}
        assert client.post(url, body, headers={"Authorization": "Bearer asker"}).status_code == 302
    assert ApprovalRequest.objects.get().state == "pending"


class TestIdempotencyKey:
    def test_the_same_again_makes_one_request(self, request_):
        first, second = request_(key="k"), request_(key="k")
        assert (first.status_code, second.status_code) == (201, 200)
        assert second.json() == first.json()
        assert ApprovalRequest.objects.count() == 1

    def test_without_a_key_each_is_its_own(self, request_):
        assert request_().json()["id"] != request_().json()["id"]

    def test_another_body_is_refused(self, request_):
        request_(key="k")
        response = request_(key="k", text="Another parcel.")
        assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
        assert ApprovalRequest.objects.count() == 1

    def test_another_token_has_its_own_keys(self, world, request_):
        ApiTokenFactory(secret="other", scopes=["access:request"])
        assert request_(key="k").json()["id"] != request_(key="k", secret="other").json()["id"]

    def test_a_day_later_the_key_is_free(self, world, request_, time_machine):
        first = request_(key="k").json()
        time_machine.move_to(NOW + timedelta(hours=23, minutes=59))
        assert request_(key="k").json()["id"] == first["id"]
        time_machine.move_to(NOW + timedelta(hours=24))
        response = request_(key="k", text="Another parcel.")
        assert response.status_code == 201
        assert response.json()["id"] != first["id"]

    def test_while_the_first_is_under_way_the_second_waits(self, world, request_, time_machine):
        request_(key="k")
        RequestKey.objects.update(request=None)
        response = request_(key="k")
        assert (response.status_code, response.json()["code"]) == (409, "in_progress")
        assert response.headers["Retry-After"] == "1"
        time_machine.move_to(NOW + timedelta(seconds=60))
        assert request_(key="k").status_code == 201

    def test_what_is_refused_leaves_the_key_free(self, request_):
        assert request_(key="k", confidence=0.95).status_code == 409
        assert request_(key="k").status_code == 201

    def test_a_key_that_is_too_long_is_malformed(self, request_):
        assert request_(key="k" * 256).status_code == 400
        assert request_(key="k" * 255).status_code == 201

    def test_who_was_taken_for_dead_makes_nothing(self, world, ask):
        claim = RequestKey.objects.create(token=world.asker, key="k", body_sha256="0" * 64, started_at=NOW)
        RequestKey.objects.update(started_at=NOW + timedelta(seconds=90))
        with pytest.raises(approvals.InProgress):
            idempotency.work_on(claim, ask)
        assert not ApprovalRequest.objects.exists()
        assert RequestKey.objects.count() == 1

    def test_the_database_itself_keeps_a_key_to_one_request(self, world, request_):
        request_(key="k")
        with pytest.raises(IntegrityError), transaction.atomic():
            RequestKey.objects.create(token=world.asker, key="k", body_sha256="0" * 64, started_at=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            RequestKey.objects.create(token=world.asker, key="", body_sha256="0" * 64, started_at=NOW)


def test_the_doors_are_described(client):
    paths = client.get("/api/schema/?format=json").json()["paths"]
    assert {"post"} <= paths[URL].keys()
    names = {parameter["name"] for parameter in paths[URL]["post"]["parameters"]}
    assert "Idempotency-Key" in names
    assert {"get"} <= paths[URL + "/{id}"].keys()
