"""Eight processes and one approval; four processes and one key."""

import json
import sys
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client

from enablement.access.decisions.verdict import Call
from enablement.access.models import ApprovalRequest, RequestKey
from enablement.access.services import approvals
from enablement.access.services.decisions import Caller, decide_call
from enablement.ledger.models import LedgerEntry
from enablement.people.models import ApiToken
from tests.access.approvals.conftest import evaluation
from tests.access.conftest import NOW
from tests.racing import race

ASKERS = 4


def spend(subject, approval, request_id):
    call = Call(
        subject=subject,
        microtool="triage_summarizer",
        action="apply",
        prompt="triage_summarize",
        confidence=Decimal("0.85"),
        text="The parcel is late.",
        approvals=(approval,),
    )
    caller = Caller.of_token(ApiToken.objects.get(name="gateway"))
    decision = decide_call(call=call, caller=caller, at=NOW, request_id=request_id)
    return decision.verdict.reason, str(decision.id)


def begun(subject):
    """Whether all views were imported: when this new process began, and when it took the write lock."""
    known = ["enablement.urls" in sys.modules]

    def look(execute, sql, *rest):
        if sql.startswith("BEGIN"):
            known.append("enablement.urls" in sys.modules)
        return execute(sql, *rest)

    call = Call(subject=subject, microtool="triage_summarizer", action="invoke", prompt="triage_summarize")
    with connection.execute_wrapper(look):
        decide_call(call=call, caller=Caller(label="tests"), at=NOW)
    return known


def ask_for_one(body):
    response = Client().post(
        "/access/v1/requests",
        body,
        content_type="application/json",
        headers={"Authorization": "Bearer asker", "Idempotency-Key": "one"},
    )
    answer = response.json()
    return response.status_code, answer.get("id", answer.get("code"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("processes", "same_call"), [(8, False), (3, True)])
def test_of_many_processes_one_spends_it(world, ask, processes, same_call):
    request = approvals.approve(request=ask(), actor=world.otto, at=NOW)
    common = [str(world.engineer.pk), str(request.pk)]
    arguments = [[*common, "call" if same_call else f"call-{number}"] for number in range(processes)]

    answers = race(spend, arguments)

    allowed = [decision for reason, decision in answers if reason == "granted"]
    request.refresh_from_db()
    assert set(allowed) == {str(request.spent_decision)}
    assert len(allowed) == (processes if same_call else 1)
    assert {reason for reason, _decision in answers} <= {"granted", "approval_spent"}
    used = [json.loads(entry.payload) for entry in LedgerEntry.objects.filter(kind="access.decided")]
    assert [payload["approvals_used"] for payload in used].count([str(request.pk)]) == 1


@pytest.mark.django_db(transaction=True)
def test_of_four_processes_with_one_key_one_asks(world):
    answers = race(ask_for_one, [[json.dumps(evaluation())]] * ASKERS)

    request = ApprovalRequest.objects.get()
    assert RequestKey.objects.get().request == request
    assert set(answers) <= {(201, str(request.pk)), (200, str(request.pk)), (409, "in_progress")}
    assert [status for status, _what in answers].count(201) == 1


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_a_new_process_imports_its_views_before_it_takes_the_write_lock(world):
    assert race(begun, [[str(world.engineer.pk)]]) == [[False, True]]
