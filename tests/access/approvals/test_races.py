"""Eight processes and one approval; four processes and one key."""

import json
import subprocess
import sys

import pytest
from django.conf import settings

from enablement.access.models import ApprovalRequest, RequestKey
from enablement.access.services import approvals
from enablement.ledger.models import LedgerEntry
from tests.access.approvals.conftest import evaluation
from tests.access.conftest import NOW

ASKERS = 4
SPEND = """
import sys
import django
django.setup()
from datetime import datetime
from decimal import Decimal
from enablement.access.decisions.verdict import Call
from enablement.access.services.decisions import Caller, decide_call
from enablement.people.models import ApiToken
token = ApiToken.objects.get(name="gateway")
call = Call(
    subject=sys.argv[1], microtool="triage_summarizer", action="apply", prompt="triage_summarize",
    confidence=Decimal("0.85"), text="The parcel is late.", approvals=(sys.argv[2],),
)
at = datetime.fromisoformat(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
decision = decide_call(call=call, caller=Caller.of_token(token), at=at, request_id=sys.argv[4])
print(decision.verdict.reason, decision.id)
"""
ASK = """
import json, sys
import django
django.setup()
from django.test import Client
client = Client()
print("ready", flush=True)
sys.stdin.readline()
response = client.post(
    "/access/v1/requests", sys.argv[1], content_type="application/json",
    headers={"Authorization": "Bearer asker", "Idempotency-Key": "one"},
)
print(response.status_code, response.json().get("id", response.json().get("code")))
"""


def race(script, arguments, env):
    """What each process printed, after all of them were let go at once."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script, *own],
            cwd=settings.BASE_DIR,
            env={"DJANGO_SETTINGS_MODULE": "enablement.settings", **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for own in arguments
    ]
    for child in children:
        assert child.stdout.readline() == "ready\n", child.stderr.read()
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    printed = []
    for child in children:
        output, errors = child.communicate(timeout=60)
        assert child.returncode == 0, errors
        printed.append(output.split())
    return printed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("processes", "same_call"), [(8, False), (3, True)])
def test_of_many_processes_one_spends_it(world, ask, child_env, processes, same_call):
    request = approvals.approve(request=ask(), actor=world.otto, at=NOW)
    common = [str(world.engineer.pk), str(request.pk), NOW.isoformat()]
    arguments = [[*common, "call" if same_call else f"call-{number}"] for number in range(processes)]

    printed = race(SPEND, arguments, child_env)

    allowed = [decision for reason, decision in printed if reason == "granted"]
    request.refresh_from_db()
    assert set(allowed) == {str(request.spent_decision)}
    assert len(allowed) == (processes if same_call else 1)
    assert {reason for reason, _decision in printed} <= {"granted", "approval_spent"}
    used = [json.loads(entry.payload) for entry in LedgerEntry.objects.filter(kind="access.decided")]
    assert [payload["approvals_used"] for payload in used].count([str(request.pk)]) == 1


@pytest.mark.django_db(transaction=True)
def test_of_four_processes_with_one_key_one_asks(world, child_env):
    printed = race(ASK, [[json.dumps(evaluation())]] * ASKERS, child_env)

    request = ApprovalRequest.objects.get()
    assert RequestKey.objects.get().request == request
    answers = sorted(printed)
    assert ["201", str(request.pk)] in answers
    for answer in answers:
        assert answer in (["201", str(request.pk)], ["200", str(request.pk)], ["409", "in_progress"])
    assert [status for status, _what in answers].count("201") == 1
