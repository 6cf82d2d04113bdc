from datetime import timedelta
from unittest.mock import patch

import pytest
import time_machine
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from django.utils import timezone

from enablement import health
from enablement.ledger.services import record

pytestmark = pytest.mark.django_db


def test_healthz_asks_nothing(client: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.content == b"ok\n"
    assert "no-store" in answer.headers["Cache-Control"]


def test_readyz_says_that_everything_is_well(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "ledger": "ok"},
    }
    assert "no-store" in answer.headers["Cache-Control"]


def test_readyz_looks_at_migrations_only_until_they_are_applied(
    client: Client, django_assert_max_num_queries
) -> None:
    client.get("/readyz")

    with django_assert_max_num_queries(4):
        client.get("/readyz")


def test_readyz_names_pending_migrations(client: Client) -> None:
    health._are_migrations_applied.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'tracks'")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["checks"]["migrations"] == "migrations are pending"
    assert health._are_migrations_applied.cache_info().currsize == 0


@pytest.mark.parametrize(("seconds", "status"), [(55, 200), (65, 503)])
def test_readyz_names_a_ledger_that_nobody_links(client: Client, seconds: int, status: int) -> None:
    now = timezone.now()
    then = now - timedelta(seconds=seconds)
    with time_machine.travel(then, tick=False):
        record(kind="tests.waited", subject=("tests.Thing", "1"), actor=None, at=then, payload={})

    with time_machine.travel(now, tick=False):
        answer = client.get("/readyz")

    assert answer.status_code == status
    assert answer.json()["checks"]["ledger"] == (
        "ok" if status == 200 else "the oldest unlinked entry has waited 65 s"
    )


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_readyz_hides_why_the_database_is_gone(client: Client, error: type[Exception]) -> None:
    with patch.object(connection, "cursor", side_effect=error("host db-7 refused")):
        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "the database does not answer"
    assert b"db-7" not in answer.content


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_nobody_has_to_sign_in_and_nobody_may_post(client: Client, path: str) -> None:
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405
