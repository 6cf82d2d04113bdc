"""`manage.py serve` from outside, on PostgreSQL and Redis."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from enablement.launch import services
from enablement.launch.services import free_port
from tests.launch.running import (
    ROOT,
    descendants,
    get,
    running,
    wait_for_descendants,
    wait_until_gone,
    wait_until_ok,
)

pytestmark = [pytest.mark.needs("postgresql", "redis-server"), pytest.mark.timeout(240)]
BEHIND_PROXY = {"Host": "enablement.example", "X_Forwarded_Proto": "https"}


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with services.postgres() as url:
        yield url


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests here: compressing the static files takes its time."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture
def env(production_env: dict[str, str], database_url: str, redis_url: str, var: Path) -> dict[str, str]:
    return production_env | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PORT": str(free_port()),
        "ENABLEMENT_VAR": str(var),
    }


def listening(port: int) -> int:
    """How many sockets wait for connections there (Linux)."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def test_serve_runs_all_parts_and_leaves_nothing_behind(env: dict[str, str]) -> None:
    port = int(env["PORT"])
    with running("serve", env=env) as serve:
        ready = wait_until_ok(serve, port, "/readyz", **BEHIND_PROXY)
        plain = get(port, "/healthz", Host="enablement.example")
        redirected, _ = get(port, "/", Host="enablement.example")
        foreign, _ = get(port, "/", Host="elsewhere.example", X_Forwarded_Proto="https")
        # granian and its worker twice, Celery's worker and its two, beat.
        processes = wait_for_descendants(serve.process.pid, 8)
        sockets = listening(port)

        code = serve.stop(signal.SIGTERM)

    assert code == 0, serve.lines
    assert '"ledger": "ok"' in ready
    assert plain == (200, "ok\n")
    assert redirected == 301
    assert foreign == 400
    assert sockets == 2, "web processes that share one are woken unevenly"
    wait_until_gone(processes)


def test_one_part_alone(env: dict[str, str]) -> None:
    with running("serve", "--only", "web", env=env) as serve:
        # Alive; whether the database is migrated is another command's business here.
        wait_until_ok(serve, int(env["PORT"]), "/healthz", Host="enablement.example")
        commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in descendants(serve.process.pid)]

    assert all("granian" in command for command in commands)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "WEB_CONCURRENCY",
            "many",
            "CommandError: WEB_CONCURRENCY is 'many'; it has to be a whole number from 1 up",
        ),
        (
            "DATABASE_URL",
            "postgresql://test@127.0.0.1:1/nothing",
            "CommandError: the database does not answer: connection failed",
        ),
    ],
)
def test_a_fault_at_the_start_is_one_line(env: dict[str, str], name: str, value: str, message: str) -> None:
    refused = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=env | {name: value},
        capture_output=True,
        text=True,
    )

    assert refused.returncode == 2
    assert refused.stderr.startswith(message)
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["demo", "serve", "verify"])
def test_help_needs_no_settings(command: str, production_env: dict[str, str]) -> None:
    env = {name: production_env[name] for name in ("PATH", "ENABLEMENT_VAR")}

    shown = subprocess.run(
        [sys.executable, "manage.py", command, "--help"], cwd=ROOT, env=env, capture_output=True, text=True
    )

    assert shown.returncode == 0, shown.stderr
    assert f"manage.py {command}" in shown.stdout
