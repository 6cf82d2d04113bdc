"""`/access/v1/decisions/{id}/outcome` as a gateway or a tool meets it."""

import json
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from enablement.access.decisions.verdict import Call
from enablement.access.models import OutcomeReport
from enablement.access.services.decisions import Caller, decide_call
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW
from tests.access.factories import MicrotoolFactory
from tests.ledger.unlocked import ledger_unlocked
from tests.people.factories import ApiTokenFactory

pytestmark = pytest.mark.django_db
OWN_ID = "0b6f7f4e-6a55-4f0e-8d8c-5f5f0a3f1d11"


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


def history(decision):
    rows = OutcomeReport.objects.filter(decision=decision).order_by("number")
    return [(row.number, row.outcome, row.minutes_claimed, row.corrected_at) for row in rows]


def test_a_report_is_kept_with_what_the_decision_knew_and_is_in_the_ledger(amara, tool, ask, send, reporter):
    decision = ask(amara)
    response = send(decision, {"outcome": "reworked", "minutes": 12})
    kept = OutcomeReport.objects.get()
    assert (response.status_code, response.json()) == (
        201,
        {
            "id": str(kept.pk),
            "decision": str(decision),
            "number": 1,
            "outcome": "reworked",
            "minutes": 12,
            "reported_at": "2026-11-09T09:00:00Z",
        },
    )
    assert response.headers["Cache-Control"] == "no-store"
    assert (kept.person, kept.microtool, kept.decided_at) == (amara, tool, NOW)
    entry = LedgerEntry.objects.get(kind="access.outcome_reported")
    assert (entry.subject_type, entry.subject_id) == ("access.decision", str(decision))
    assert (entry.actor_id, entry.actor_label) == (None, "token triage-tool")
    assert json.loads(entry.payload) == {
        "report": str(kept.pk),
        "number": 1,
        "outcome": "reworked",
        "corrects": "",
        "minutes_claimed": 12,
        "microtool": "triage",
        "region": "eu-west-1",
        "token": str(reporter.pk),
        "learner": str(amara.pk),
    }


def test_a_later_report_corrects_and_the_earlier_one_stays(amara, ask, send):
    decision = ask(amara)
    send(decision, {"outcome": "used"})
    second = send(decision, {"outcome": "overturned", "minutes": 0})
    assert (second.status_code, second.json()["number"]) == (201, 2)
    assert history(decision) == [(1, "used", None, NOW), (2, "overturned", 0, None)]
    corrects = [
        json.loads(e.payload)["corrects"] for e in LedgerEntry.objects.filter(kind__endswith="reported")
    ]
    assert sorted(corrects) == ["", "used"]


@pytest.mark.parametrize(("key", "own"), [("", {}), ("k1", {}), ("", {"id": OWN_ID}), ("k1", {"id": OWN_ID})])
def test_the_same_report_again_is_the_same_report(amara, ask, send, key, own):
    decision = ask(amara)
    first = send(decision, {"outcome": "edited", "minutes": 3} | own, key=key)
    again = send(decision, {"outcome": "edited", "minutes": 3} | own, key=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert history(decision) == [(1, "edited", 3, None)]


def test_a_report_that_comes_again_late_does_not_undo_its_correction(amara, ask, send):
    decision = ask(amara)
    send(decision, {"outcome": "used"}, key="first")
    send(decision, {"outcome": "reworked"}, key="second")
    again = send(decision, {"outcome": "used"}, key="first")
    assert (again.status_code, again.json()["number"]) == (200, 1)
    assert history(decision) == [(1, "used", None, NOW), (2, "reworked", None, None)]


def test_a_key_or_an_id_stands_for_one_report(amara, ask, send):
    first, other = ask(amara), ask(amara)
    send(first, {"outcome": "used", "id": OWN_ID}, key="k1")
    ApiTokenFactory(secret="second", scopes=["records:write"])
    reused = [
        send(first, {"outcome": "edited"}, key="k1"),
        send(first, {"outcome": "used", "minutes": 1}, key="k1"),
        send(first, {"outcome": "used", "id": str(uuid.uuid4())}, key="k1"),
        send(first, {"outcome": "edited", "id": OWN_ID}),
        send(other, {"outcome": "used", "id": OWN_ID}),
        send(first, {"outcome": "used", "id": OWN_ID}, key="k2"),
        send(first, {"outcome": "used", "id": OWN_ID}, secret="second"),
    ]
    assert {(each.status_code, each.json()["code"]) for each in reused} == {(422, "report_reused")}
    assert history(first) == [(1, "used", None, None)]
    # A key is the token's own, and of one decision.
    assert send(other, {"outcome": "edited"}, key="k1").status_code == 201
    assert send(first, {"outcome": "edited"}, secret="second", key="k1").status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/outcome"),
        ({"outcome": "great"}, "/outcome"),
        ({"outcome": "used", "minutes": -1}, "/minutes"),
        ({"outcome": "used", "minutes": "5"}, "/minutes"),
        ({"outcome": "used", "minutes": True}, "/minutes"),
        ({"outcome": "used", "minutes": 1.5}, "/minutes"),
        ({"outcome": "used", "minutes": 10_081}, "/minutes"),
        ({"outcome": "used", "id": "x"}, "/id"),
        ([], ""),
    ],
)
def test_what_is_malformed_says_where(amara, ask, send, body, pointer):
    response = send(ask(amara), body)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert not OutcomeReport.objects.exists()


def test_a_key_is_short(amara, ask, send):
    decision = ask(amara)
    assert send(decision, {"outcome": "used"}, key="k" * 256).status_code == 400
    assert send(decision, {"outcome": "used"}, key="k" * 255).status_code == 201


def test_what_is_no_decision_is_not_found(amara, ask, send, grant):
    opened = LedgerEntry.objects.get(kind="access.grant_granted").pk
    for other in (uuid.uuid4(), opened):
        response = send(other, {"outcome": "used"})
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    altered = ask(amara)
    with ledger_unlocked():
        LedgerEntry.objects.filter(pk=altered).update(payload="{")
    assert send(altered, {"outcome": "used"}).status_code == 404


@pytest.mark.parametrize(
    ("bound", "status"),
    [
        ({"microtools": ["triage"]}, 201),
        ({"microtools": ["other"]}, 404),
        ({"regions": ["eu-west-1"]}, 201),
        ({"regions": ["us-east-1"]}, 404),
        ({"regions": ["eu-west-1"], "microtools": ["other"]}, 404),
    ],
)
def test_a_token_reports_as_far_as_it_reaches(amara, ask, send, bound, status):
    MicrotoolFactory(key="other")
    ApiTokenFactory(secret="bound", scopes=["records:write"], **bound)
    assert send(ask(amara), {"outcome": "used"}, secret="bound").status_code == status


@pytest.mark.parametrize(("asked_by", "status"), [([], 404), (["eu-west-1"], 201), (["us-east-1"], 404)])
def test_a_call_without_a_region_was_anywhere_that_its_token_reaches(amara, send, asked_by, status):
    caller = Caller.of_token(ApiTokenFactory(regions=asked_by, scopes=["access:evaluate"]))
    call = Call(subject=str(amara.pk), microtool="triage", action="invoke")
    decision = decide_call(call=call, caller=caller, at=NOW).id
    ApiTokenFactory(secret="bound", scopes=["records:write"], regions=["eu-west-1"])
    assert send(decision, {"outcome": "used"}, secret="bound").status_code == status


def test_only_who_may_report(client, amara, ask, send):
    ApiTokenFactory(secret="asks", scopes=["access:evaluate", "access:request", "read"])
    decision = ask(amara)
    assert send(decision, {"outcome": "used"}, secret="asks").status_code == 403
    assert send(decision, {"outcome": "used"}, secret="nobody's").status_code == 401
    client.force_login(amara)
    assert client.post(f"/access/v1/decisions/{decision}/outcome", {"outcome": "used"}).status_code == 401
    assert not OutcomeReport.objects.exists()


def test_what_was_not_allowed_has_no_outcome_but_an_incident(ask, send, tool):
    denied, stranger = ask("nobody@example.com"), ask("nobody@example.com", tool="what_is_this")
    for outcome in ("used", "edited", "reworked", "overturned"):
        response = send(denied, {"outcome": outcome})
        assert (response.status_code, response.json()["code"]) == (409, "nothing_was_allowed")
    assert send(denied, {"outcome": "incident"}).status_code == 201
    assert send(stranger, {"outcome": "incident"}).status_code == 201
    known = OutcomeReport.objects.order_by("microtool").values_list("person", "microtool__key")
    assert set(known) == {(None, "triage"), (None, None)}


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("outcome_report_number_from_1", {"number": 0}),
        ("outcome_report_outcome_is_known", {"outcome": "great"}),
        ("outcome_report_minutes_of_a_week", {"minutes_claimed": 10_081}),
    ],
)
def test_no_row_contradicts_itself(amara, ask, report, constraint, changes):
    made = report(ask(amara))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        OutcomeReport.objects.filter(pk=made.pk).update(**changes)


def test_a_decision_has_one_latest_report_and_each_number_and_key_once(amara, ask, report):
    decision = ask(amara)
    report(decision, key="k")
    report(decision, "edited", at=NOW + timedelta(seconds=1))
    rows = OutcomeReport.objects.filter(decision=decision)
    for changes in ({"corrected_at": None}, {"number": 1}, {"key": "k"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**changes)


def test_the_door_is_described(client):
    described = client.get("/api/schema/", headers={"Accept": "application/json"}).json()
    post = described["paths"]["/access/v1/decisions/{id}/outcome"]["post"]
    assert [each["name"] for each in post["parameters"]] == ["Idempotency-Key", "id"]
    assert sorted(post["responses"]) == ["200", "201"]
