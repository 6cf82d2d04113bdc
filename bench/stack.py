"""The servers of one run: PostgreSQL, Redis, the product and the floor under granian. All end with it."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from bench.client import HOST
from enablement.launch import processes, services
from enablement.launch.orphans import adopt_orphans, dying_with_parent
from enablement.launch.paths import ROOT

START_SECONDS = 60.0
FLOOR_DATABASE = "floor"
FLOOR_APPLICATION = "bench.floor.wsgi:application"


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running web server: where it listens, and the process that all of it belongs to."""

    port: int
    pid: int


@contextmanager
def environment() -> Iterator[Path]:
    """PostgreSQL, Redis and what production settings want to know, in this process's environment too.

    Yields the folder that takes the run's files.
    """
    adopt_orphans()
    with ExitStack() as parts:
        var = parts.enter_context(tempfile.TemporaryDirectory(prefix="enablement-bench-"))
        database = parts.enter_context(services.postgres())
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "enablement.settings",
            "ENABLEMENT_MODE": "production",
            "ENABLEMENT_VAR": var,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "SITE_URL": f"https://{HOST}",
            "ALLOWED_HOSTS": HOST,
            "SECURE_SSL_REDIRECT": "false",
            "LOG_LEVEL": "ERROR",
            "DATABASE_URL": database,
            "REDIS_URL": parts.enter_context(services.redis()),
            "FLOOR_DATABASE_URL": _create_database(database, FLOOR_DATABASE),
        }
        yield Path(var)


@contextmanager
def product(log: Path, *, workers: int = 1) -> Iterator[Server]:
    """The product as `serve` starts it, with so many web processes."""
    first, *others = processes.webs(host="127.0.0.1", port=services.free_port(), count=workers)
    with ExitStack() as parts:
        for other in others:
            parts.enter_context(running(other.command, log))
        yield parts.enter_context(_web(first.command, log))


@contextmanager
def floor(log: Path) -> Iterator[Server]:
    """Bare Django, by the same command line but for the application."""
    command = processes.web(host="127.0.0.1", port=services.free_port()).command
    with _web([*command[:-1], FLOOR_APPLICATION], log) as server:
        yield server


def fill_floor() -> str:
    """Makes the floor's data; the key of its session."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.floor"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


@contextmanager
def running(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> Iterator[int]:
    """A command with all that it starts, ended with the block; yields its process id."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*dying_with_parent(), *command],
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    try:
        yield process.pid
    finally:
        # At once: they have nothing worth keeping, and would wait for connections that are kept alive.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _web(command: Sequence[str], log: Path) -> Iterator[Server]:
    port = int(command[list(command).index("--port") + 1])
    with running(command, log) as pid:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if time.monotonic() > deadline:
                raise RuntimeError(f"a web server does not answer: {log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield Server(port=port, pid=pid)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": HOST})
        connection.getresponse().read()
    except OSError:
        return False
    else:
        return True
    finally:
        connection.close()


def analyse() -> None:
    """Let PostgreSQL take stock of what was just written, as it would by itself a minute later."""
    import psycopg

    for name in ("DATABASE_URL", "FLOOR_DATABASE_URL"):
        with psycopg.connect(os.environ[name], autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def _create_database(url: str, name: str) -> str:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{url.rpartition('/')[0]}/{name}"
