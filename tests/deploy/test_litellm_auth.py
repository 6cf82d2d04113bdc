"""deploy/litellm_auth.py against a live gate and a live identity provider.

LiteLLM itself weighs 580 MB, so its three names stand here with the signatures that it documents.
docs/operations.md says with which version the file was tried for real.
"""

import asyncio
import importlib.util
import json
import socket
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType, SimpleNamespace

import pytest

from enablement.access.models import Microtool
from enablement.access.services.grants import reevaluate
from enablement.launch.paths import ROOT
from enablement.launch.services import free_port
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW, switch  # noqa: F401  (a fixture)
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import ApiTokenFactory
from tests.people.openid import OpenIdProvider
from tests.tracks.factories import EnrolmentFactory

pytestmark = [
    pytest.mark.sqlite,  # what is asked here is asked of PostgreSQL by the tests of the door itself
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("live"),
]
SUBJECT = "idp|ada"
CHAT = {"model": "triage-model", "messages": [{"role": "user", "content": "Summarise this ticket."}]}
UNCLEAR = "The gate does not answer; this model is closed meanwhile."
NOT_PLAIN = "Only plain chat completions with a governed model pass this door."
WHO = "Sign in again: this token does not say who you are."


class ProxyException(Exception):
    def __init__(self, message, code=None, **named):
        super().__init__(message)
        self.message, self.code, self.named = message, str(code), named


class UserAPIKeyAuth(SimpleNamespace):
    pass


class Request:
    """What the hook reads of Starlette's."""

    def __init__(self, body, *, path="/v1/chat/completions", query=b"", method="POST", headers=()):
        self.scope = {"method": method, "path": path, "query_string": query}
        self.headers = {"content-type": "application/json", **dict(headers)}
        self._body = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def body(self):
        return self._body


@pytest.fixture(scope="module")
def provider():
    provider = OpenIdProvider()
    yield provider
    provider.stop()


@pytest.fixture
def learner(switch):  # noqa: F811
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(key="triage_summarizer", track=track)
    enrolment = EnrolmentFactory(cohort__track=track, user__external_id=SUBJECT)
    evaluate(enrolment.user)
    ApiTokenFactory(secret="litellm", scopes=["access:evaluate"], microtools=["triage_summarizer"])
    return enrolment.user


@pytest.fixture
def holder(learner, switch):  # noqa: F811
    switch.on.add(learner.pk)
    evaluate(learner)
    return learner


@pytest.fixture
def door(monkeypatch, provider, live_server):
    return hook(monkeypatch, provider, gate=live_server.url)


def evaluate(user):
    reevaluate(user_ids=[user.pk], cause="tests", actor_id=None, at=NOW)


def hook(monkeypatch, provider, *, gate, **env):
    """The file as LiteLLM loads it, with this test's addresses in its environment."""
    types = ModuleType("litellm.proxy._types")
    types.ProxyException, types.UserAPIKeyAuth = ProxyException, UserAPIKeyAuth
    types.LitellmUserRoles = SimpleNamespace(INTERNAL_USER="internal_user")
    fastapi = ModuleType("fastapi")
    fastapi.Request = Request
    for name in ("litellm", "litellm.proxy"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "litellm.proxy._types", types)
    monkeypatch.setitem(sys.modules, "fastapi", fastapi)
    settings = {
        "ENABLEMENT_URL": gate,
        "ENABLEMENT_TOKEN": "litellm",
        "ENABLEMENT_TOOLS": "triage-model=triage_summarizer, other-model = other",
        "SIGN_IN_ISSUER": provider.issuer,
        "SIGN_IN_AUDIENCE": "litellm",
        "SIGN_IN_KEYS": f"{provider.issuer}/keys",
    }
    for name, value in (settings | env).items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("litellm_auth", ROOT / "deploy" / "litellm_auth.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def token(provider, *, signs=None, **changes):
    now = int(time.time())
    claims = {"iss": provider.issuer, "aud": "litellm", "sub": SUBJECT, "iat": now, "exp": now + 60} | changes
    return (signs or provider.sign)({name: value for name, value in claims.items() if value is not None})


def ask(door, key, request=None):
    """The person for whom the door opens, or the refusal's code and words."""
    try:
        return asyncio.run(door.user_api_key_auth(request or Request(CHAT), key))
    except ProxyException as error:
        refusal = error
    # LiteLLM lets requests pass for some causes (see the hook), so a refusal has none.
    assert (refusal.__cause__, refusal.__context__) == (None, None)
    assert refusal.named == {"type": "auth_error", "param": "None"}
    return int(refusal.code), refusal.message


def test_who_holds_the_tool_comes_in_and_is_asked_about_each_time(door, provider, holder, switch):  # noqa: F811
    key = token(provider)
    came_in = ask(door, key)
    assert (came_in.user_id, came_in.user_role, came_in.models) == (
        SUBJECT,
        "internal_user",
        ["triage-model"],
    )
    assert key not in repr(came_in)

    switch.on.clear()
    evaluate(holder)
    code, words = ask(door, key)
    assert (code, words.splitlines()[0]) == (
        403,
        "Something is still missing before this tool opens; the list says what.",
    )
    assert words.splitlines()[1].startswith("Switch: http")

    decided = LedgerEntry.objects.filter(kind="access.decided").order_by("recorded_at")
    said = [json.loads(entry.payload) for entry in decided]
    assert [(one["outcome"], one["model"]) for one in said] == [
        ("allow", "triage-model"),
        ("deny", "triage-model"),
    ]


def test_a_retired_tool_a_tool_outside_the_token_and_a_spent_token(door, provider, holder):
    other = Request(CHAT | {"model": "other-model"})
    assert ask(door, token(provider), other)[0] == 403
    Microtool.objects.update(retired_at=NOW)
    assert ask(door, token(provider))[0] == 403
    door._TOKEN = "revoked"
    assert ask(door, token(provider)) == (503, UNCLEAR)


SPOOFED = {
    "X-Enablement-Subject": SUBJECT,
    "X-Enablement-Token": "litellm",
    "x-litellm-end-user-id": SUBJECT,
    "x-litellm-customer-id": SUBJECT,
    "X-Request-ID": "again",
}


def test_headers_and_fields_name_nobody(door, provider, holder):
    stranger = token(provider, sub="idp|eve")
    spoofed = Request(CHAT | {"user": SUBJECT}, headers=SPOOFED)
    assert ask(door, stranger, spoofed) == (403, "This person is not known here.")
    # The same id for the next person does not give them the last one's answer, nor the other way round.
    assert ask(door, token(provider), Request(CHAT | {"user": "eve"}, headers=SPOOFED)).user_id == SUBJECT


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": timedelta(minutes=-1)},
        {"exp": None},
        {"aud": "another client"},
        {"aud": None},
        {"iss": "http://another.example"},
        {"nbf": timedelta(minutes=10)},
        {"sub": None},
        {"sub": " "},
        {"sub": 5},
        {"signs": "stranger"},
        {"signs": "unsigned"},
        {"signs": "shared_secret"},
    ],
    ids=str,
)
def test_whom_the_provider_does_not_vouch_for(door, provider, holder, changes):
    signs = {
        "stranger": lambda claims: provider.sign(claims, key=provider.stranger),
        "unsigned": provider.unsigned,
        "shared_secret": provider.shared_secret,
    }
    # By now: workers that collect in different seconds have to find the same tests.
    spoilt = {
        name: int(time.time() + value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in changes.items()
    }
    if "signs" in changes:
        spoilt["signs"] = signs[changes["signs"]]
    assert ask(door, token(provider, **spoilt)) == (401, WHO)


@pytest.mark.parametrize("key", ["", "sk-1234", "a.b.c", "litellm", SUBJECT, None])
def test_keys_that_are_no_tokens(door, holder, key):
    assert ask(door, key) == (401, WHO)


@pytest.mark.parametrize(
    "request_",
    [
        Request(CHAT, path="/key/generate"),
        Request(CHAT, path="/v1/embeddings"),
        Request(CHAT, path="/engines/other-model/chat/completions"),
        Request(CHAT, path="/v1/chat/completions/"),
        Request(CHAT, query=b"model=gpt-4o"),
        Request(CHAT, method="GET"),
        Request(CHAT, headers={"content-type": "multipart/form-data"}),
        Request(CHAT | {"model": "gpt-4o"}),
        Request(CHAT | {"model": "triage-model,gpt-4o"}),
        Request(CHAT | {"model": ["triage-model"]}),
        Request(CHAT | {"fallbacks": ["gpt-4o"]}),
        Request(CHAT | {"api_base": "http://evil.example"}),
        Request(CHAT | {"metadata": {"tags": ["x"]}}),
        Request({"messages": []}),
        Request([CHAT]),
        Request(b"{"),
        Request(b""),
        Request(json.dumps(CHAT).encode("utf-16")),
    ],
    ids=lambda request: f"{request.scope['path']} {request._body[:60]}",
)
def test_requests_that_ask_for_something_else(door, provider, holder, request_):
    assert ask(door, token(provider), request_) == (403, NOT_PLAIN)


@contextmanager
def gate_that_says(status, body):
    class Gate(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


YES = b'{"decision": true, "context": {"outcome": "allow"}}'


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, YES, 200),
        (200, YES.replace(b"allow", b"review_required"), 403),
        (200, b'{"decision": true}', 403),
        (200, b'{"decision": false}', 403),
        (200, b'{"decision": "true", "context": {"outcome": "allow"}}', 503),
        (200, b'{"decision": 1, "context": {"outcome": "allow"}}', 503),
        (200, b"[true]", 503),
        (200, b"{", 503),
        (200, b"", 503),
        (201, YES, 503),
        (302, YES, 503),
        (401, YES, 503),
        (429, YES, 503),
        (500, YES, 503),
        (503, YES, 503),
    ],
)
def test_only_a_plain_yes_opens(monkeypatch, provider, status, body, code):
    with gate_that_says(status, body) as gate:
        found = ask(hook(monkeypatch, provider, gate=gate), token(provider))
    assert (found[0] if isinstance(found, tuple) else 200) == code


@pytest.mark.parametrize("what", ["dead gate", "slow gate", "dead provider"])
def test_what_does_not_answer_is_a_no(monkeypatch, provider, what):
    with socket.socket() as silent, gate_that_says(200, YES) as gate:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1] if what == "slow gate" else free_port()
        nobody = f"http://127.0.0.1:{port}"
        env = {"SIGN_IN_KEYS": nobody} if what == "dead provider" else {}
        door = hook(monkeypatch, provider, gate=gate if env else nobody, **env)
        door.SECONDS = 0.3
        assert ask(door, token(provider)) == (503, UNCLEAR)


@pytest.mark.parametrize(
    ("verified", "code"), [({"email_verified": True}, 200), ({}, 401), ({"email_verified": "true"}, 401)]
)
def test_an_address_names_somebody_only_where_it_is_verified(monkeypatch, provider, verified, code):
    with gate_that_says(200, YES) as gate:
        door = hook(monkeypatch, provider, gate=gate, SIGN_IN_SUBJECT="email")
        found = ask(door, token(provider, email="ada@demo.example", **verified))
    assert (found[0] if isinstance(found, tuple) else 200) == code


@pytest.mark.parametrize(
    "name", ["ENABLEMENT_URL", "ENABLEMENT_TOKEN", "ENABLEMENT_TOOLS", "SIGN_IN_AUDIENCE"]
)
def test_without_a_setting_it_does_not_start(monkeypatch, provider, name):
    with pytest.raises(RuntimeError, match="a setting is empty"):
        hook(monkeypatch, provider, gate="http://127.0.0.1:1", **{name: ""})
