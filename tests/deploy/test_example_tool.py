"""The example tool that the demo starts: locked, open, and closed while the gate does not answer."""

import http.client
import re
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from django.test import Client

from enablement.access.models import OutcomeReport
from enablement.access.services.grants import reevaluate
from enablement.launch.paths import ROOT
from enablement.launch.services import free_port
from tests.access.conftest import NOW, switch  # noqa: F401  (a fixture)
from tests.access.factories import (
    GateFactory,
    MicrotoolFactory,
    PolicyFactory,
    PromptFactory,
    RoleProfileFactory,
)
from tests.launch.running import wait_until_answers
from tests.people.factories import ApiTokenFactory
from tests.tracks.factories import EnrolmentFactory, RoleAssignmentFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live")]
PROGRAM = ROOT / "deploy" / "example_tool" / "triage_summarizer.py"
TICKET = (
    "Hello. My parcel 4711 was due on Monday. Tracking of the parcel has not moved since Friday. "
    "Where is the parcel now?"
)


@pytest.fixture
def learner(switch):  # noqa: F811
    PolicyFactory(manual_review_required=False)
    track = GateFactory().track
    tool = MicrotoolFactory(
        key="triage_summarizer", track=track, confidence_threshold="0.5", approval_rule=""
    )
    PromptFactory(key="triage_summarize", microtool=tool)
    profile = RoleProfileFactory(
        role=track.role,
        prompts=["triage_summarize"],
        human_in_loop=False,
        rubric={"automate": [{"key": "triage", "text": "…", "why": "…", "prompt": "triage_summarize"}]},
    )
    enrolment = EnrolmentFactory(cohort__track=track)
    RoleAssignmentFactory(user=enrolment.user, role=profile.role)
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
    return enrolment.user


@contextmanager
def tool(gate, tmp_path):
    (tmp_path / "token").write_text("tool")
    port = free_port()
    options = ["--port", str(port), "--gate", gate, "--token-file", str(tmp_path / "token")]
    process = subprocess.Popen([sys.executable, str(PROGRAM), *options])
    try:
        wait_until_answers(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def ask(port, *, cookie="", **fields):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        headers = {"Cookie": f"sessionid={cookie}", "Accept": "text/html"}
        body = urlencode(fields) or None
        connection.request("GET" if body is None else "POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_locked_then_open_then_its_output_judged(live_server, learner, switch, tmp_path):  # noqa: F811
    ApiTokenFactory(secret="tool", scopes=["access:evaluate"], microtools=["triage_summarizer"])
    client = Client()
    client.force_login(learner)
    cookie = client.cookies["sessionid"].value
    with tool(live_server.url, tmp_path) as port:
        assert ask(port)[0] == 401
        status, text = ask(port, cookie=cookie)
        assert (status, "Switch: off (needed: on)" in text) == (403, True)

        switch.on.add(learner.pk)
        reevaluate(user_ids=[learner.pk], cause="tests", actor_id=None, at=NOW)
        assert ask(port, cookie=cookie)[0] == 200
        status, text = ask(port, cookie=cookie, ticket=TICKET)
        assert status == 200
        assert "Tracking of the parcel has not moved since Friday." in text
        assert "You may use it as it is." in text
        assert "&lt;script&gt;" in ask(port, cookie=cookie, ticket="<script>alert(1)</script>")[1]


def test_it_reports_what_became_of_its_output(live_server, learner, switch, tmp_path):  # noqa: F811
    scopes = ["access:evaluate", "records:write"]
    ApiTokenFactory(secret="tool", scopes=scopes, microtools=["triage_summarizer"])
    switch.on.add(learner.pk)
    reevaluate(user_ids=[learner.pk], cause="tests", actor_id=None, at=NOW)
    client = Client()
    client.force_login(learner)
    cookie = client.cookies["sessionid"].value
    with tool(live_server.url, tmp_path) as port:
        page = ask(port, cookie=cookie, ticket=TICKET)[1]
        [decision] = re.findall(r'name="decision" value="([0-9a-f-]{36})"', page)
        for _each in range(2):
            text = ask(port, cookie=cookie, decision=decision, became="reworked")[1]
            assert "Thank you, that is on record." in text
        report = OutcomeReport.objects.get()
        assert (str(report.decision), report.outcome, report.person) == (decision, "reworked", learner)
        for wrong in (str(report.pk), "../evaluation"):
            assert "could not be reported" in ask(port, cookie=cookie, decision=wrong, became="used")[1]
        assert ask(port, decision=decision, became="used")[0] == 401
    assert OutcomeReport.objects.count() == 1


def test_without_the_gate_it_is_closed(tmp_path):
    with tool(f"http://127.0.0.1:{free_port()}", tmp_path) as port:
        status, text = ask(port, cookie="any")
    assert (status, "closed" in text) == (503, True)
