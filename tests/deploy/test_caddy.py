"""A tool behind Debian's Caddy by deploy/Caddyfile: allow, deny, revoke, and a gate that is dead or slow."""

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import httpx
import pytest

from enablement.launch.paths import ROOT
from enablement.launch.services import free_port
from tests.access.conftest import switch  # noqa: F401  (a fixture)
from tests.deploy.gated import echo
from tests.deploy.test_nginx import TOOL, evaluate, learner, session

__all__ = ["learner"]
pytestmark = [
    pytest.mark.sqlite,  # nginx, beside it, has PostgreSQL
    pytest.mark.needs("caddy"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("live"),
]
#: Neither certificates nor an administrator's door, which a test has no use for.
OPTIONS = "{\n\tadmin off\n\tauto_https off\n}\n"


@contextmanager
def front(*, gate, tool, folder):
    """deploy/Caddyfile as it is shipped, with this test's addresses in it."""
    port = free_port()
    site = (ROOT / "deploy" / "Caddyfile").read_text()
    for shipped, here in (
        ("127.0.0.1:8000", f"127.0.0.1:{gate}"),
        ("127.0.0.1:8001", f"127.0.0.1:{tool}"),
        ("enablement.example.com", f"http://127.0.0.1:{port}"),
    ):
        assert shipped in site, shipped
        site = site.replace(shipped, here)
    folder.mkdir()
    (folder / "Caddyfile").write_text(OPTIONS + site)
    with (folder / "log").open("wb") as log:
        caddy = subprocess.Popen(
            [shutil.which("caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"],
            env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)},
            stderr=log,
        )
    try:
        _await(port, caddy, folder / "log")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            yield client
    finally:
        caddy.terminate()
        caddy.wait(timeout=10)


def _await(port, caddy, log):
    until = time.monotonic() + 20
    while time.monotonic() < until and caddy.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())


@pytest.fixture
def site(live_server, tmp_path):
    with echo() as tool, front(gate=live_server.thread.port, tool=tool, folder=tmp_path / "caddy") as found:
        yield found


def test_allow_revoke_then_call(site, learner, switch):  # noqa: F811
    cookie = {"Cookie": f"sessionid={session(learner)}"}
    denied = site.get(TOOL, headers=cookie)
    assert (denied.status_code, denied.headers["X-Decision-Reason"]) == (403, "gate_not_met")

    switch.on.add(learner.pk)
    evaluate(learner)
    spoofed = {"X-Enablement-Subject": "somebody-else", "X-Enablement-Token": "stolen"}
    spoofed |= {"X_Enablement_Subject": "somebody-else", "x-enablement_subject": "somebody-else"}
    allowed = site.get(f"{TOOL}summary?n=1", headers=cookie | spoofed)
    assert allowed.status_code == 200
    asked = json.loads(allowed.text)
    assert asked["path"] == "/summary?n=1"
    assert asked["headers"]["X-Enablement-Subject"] == str(learner.pk)
    ours = {name for name in asked["headers"] if "ENABLEMENT" in name.upper() or name == "Cookie"}
    assert ours == {"X-Enablement-Subject"}

    switch.on.clear()
    evaluate(learner)
    assert site.get(TOOL, headers=cookie).status_code == 403

    # Somebody who names another person is nobody; and the door of proxies is not for the world.
    assert site.get(TOOL, headers={"X-Enablement-Subject": learner.email}).status_code == 401
    for door in ("/access/v1/forward-auth/triage_summarizer", "/access/v1//forward-auth/triage_summarizer"):
        assert site.get(door, headers=cookie).status_code == 404
    assert "Sign in" in site.get("/accounts/login/").text


@pytest.mark.parametrize("gate", ["dead", "slow"])
def test_a_gate_that_does_not_answer_keeps_the_tool_closed(tmp_path, gate):
    with socket.socket() as silent, echo() as tool:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1] if gate == "slow" else free_port()
        with front(gate=port, tool=tool, folder=tmp_path / "caddy") as site:
            answer = site.get(TOOL, headers={"Cookie": "sessionid=any"})
    assert (answer.status_code, "headers" in answer.text) == (502 if gate == "dead" else 504, False)
