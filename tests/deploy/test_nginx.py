"""A tool behind Debian's nginx by deploy/nginx.conf: allow, deny, revoke, and a gate that is dead or slow."""

import json
import socket

import pytest
from django.test import Client

from enablement.access.models import Microtool
from enablement.access.services.grants import reevaluate
from enablement.launch.services import free_port
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW, switch  # noqa: F401  (a fixture)
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.deploy.gated import echo, front
from tests.tracks.factories import EnrolmentFactory

pytestmark = [
    pytest.mark.postgresql,  # what stands behind nginx in production
    pytest.mark.needs("nginx"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("live"),
]
TOOL = "/governed/triage-summarizer/"


@pytest.fixture
def learner(switch):  # noqa: F811
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(key="triage_summarizer", track=track)
    enrolment = EnrolmentFactory(cohort__track=track)
    evaluate(enrolment.user)
    return enrolment.user


@pytest.fixture
def site(live_server, tmp_path):
    with echo() as tool, front(gate=live_server.thread.port, tool=tool, folder=tmp_path / "nginx") as found:
        yield found


def evaluate(user):
    reevaluate(user_ids=[user.pk], cause="tests", actor_id=None, at=NOW)


def session(user):
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def test_allow_revoke_then_call(site, learner, switch):  # noqa: F811
    cookie = session(learner)
    status, headers, _text = site.get(TOOL, cookie=cookie)
    assert (status, headers["Location"]) == (303, "http://127.0.0.1:8000/tools/")

    switch.on.add(learner.pk)
    evaluate(learner)
    spoofed = {"X-Enablement-Subject": "somebody-else", "X-Enablement-Token": "stolen"}
    status, _headers, text = site.get(f"{TOOL}summary?n=1", cookie=cookie, **spoofed)
    assert status == 200
    asked = json.loads(text)
    assert asked["path"] == "/summary?n=1"
    assert asked["headers"]["X-Enablement-Subject"] == str(learner.pk)
    assert not {"X-Enablement-Token", "Cookie"} & set(asked["headers"])

    switch.on.clear()
    evaluate(learner)
    assert site.get(TOOL, cookie=cookie)[0] == 303
    outcomes = [json.loads(entry.payload)["outcome"] for entry in decided()]
    assert outcomes == ["deny", "allow", "deny"]


def test_without_a_session_to_the_sign_in(site, learner):
    status, headers, _text = site.get(TOOL, **{"X-Enablement-Subject": learner.email})
    assert status == 302
    assert headers["Location"].endswith(f"/accounts/login/?next={TOOL}")


def test_the_proxies_door_is_not_for_the_world(site, learner):
    assert site.get("/access/v1/forward-auth/triage_summarizer", cookie=session(learner))[0] == 404
    assert site.get("/_gate/triage_summarizer", cookie=session(learner))[0] == 404


def test_a_tool_that_is_retired_or_a_region_that_is_closed(site, learner, switch):  # noqa: F811
    switch.on.add(learner.pk)
    evaluate(learner)
    Microtool.objects.update(retired_at=NOW)
    assert site.get(TOOL, cookie=session(learner))[0] == 303


@pytest.mark.parametrize("gate", ["dead", "slow"])
def test_a_gate_that_does_not_answer_keeps_the_tool_closed(tmp_path, gate):
    with socket.socket() as silent, echo() as tool:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1] if gate == "slow" else free_port()
        with front(gate=port, tool=tool, folder=tmp_path / "nginx") as site:
            status, _headers, text = site.get(TOOL, cookie="any")
    assert (status, "closed" in text) == (503, True)


def decided():
    return LedgerEntry.objects.filter(kind="access.decided").order_by("recorded_at")
