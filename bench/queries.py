"""Queries of one request, counted in this process."""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.client import HOST

#: What opens and closes transactions is no query.
BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def of_page(path: str, *, session: str) -> int:
    """How many queries a GET of a page makes, sign-in included."""
    client = _client(session)
    return _count(lambda: client.get(path, secure=True))


def of_form(path: str, fields: Mapping[str, Any], *, session: str) -> int:
    client = _client(session)
    return _count(lambda: client.post(path, fields, secure=True))


def of_first_form(path: str, fields: Mapping[str, Any], *, sessions: tuple[str, str]) -> int:
    """Of a form that does something else the second time.

    The first of two people fills what is filled once per process, the second is counted.
    """
    clients = iter([_client(session) for session in sessions])
    return _count(lambda: next(clients).post(path, fields, secure=True))


def of_json(path: str, body: bytes, *, token: str) -> int:
    client = Client(SERVER_NAME=HOST, headers={"Authorization": f"Bearer {token}"})
    return _count(lambda: client.post(path, body, content_type="application/json", secure=True))


def _client(session: str) -> Client:
    client = Client(SERVER_NAME=HOST)
    client.cookies["sessionid"] = session
    return client


def _count(ask: Any) -> int:
    ask()  # fills what is filled once per process, as content types are
    with CaptureQueriesContext(connection) as captured:
        answer = ask()
    if answer.status_code >= 400:
        raise RuntimeError(f"{answer.status_code}: {answer.content[:500]!r}")
    return sum(not query["sql"].startswith(BRACKETS) for query in captured.captured_queries)
