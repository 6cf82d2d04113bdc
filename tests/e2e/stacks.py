"""The product as it is run: real processes on a port of their own, filled with the demo's people."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dj_database_url
from django.conf import settings

from enablement.launch import services
from enablement.launch.services import free_port
from tests.e2e.proxy import tls_proxy
from tests.launch import built_demo
from tests.launch.running import ROOT, Command, bare_env, running, wait_until_ok

#: One for everybody, where people sign in by e-mail and password.
PASSWORD = "a-good-long-password-of-the-tests"
GIVE_PASSWORDS = f"""
from django.contrib.auth.hashers import make_password
from enablement.people.models import User
User.objects.update(password=make_password({PASSWORD!r}))
"""


@dataclass(frozen=True)
class Stack:
    """`url`: where people go; `env`: what a command line has to see; `by_links`: has it the demo's links?
    `tool`: where the demo's governed tool is.
    """

    url: str
    env: dict[str, str]
    database: dict[str, Any]
    by_links: bool
    tool: str = ""
    commands: list[Command] = field(default_factory=list)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the product beside the running one."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True
        )

    def checked(self, *arguments: str) -> str:
        """What it prints; it has to succeed."""
        done = self.manage(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def said(self) -> str:
        """What the processes have printed so far: for a failing test's eyes."""
        return "\n".join(line for command in self.commands for line in command.lines)


@contextmanager
def laptop(folder: Path) -> Iterator[Stack]:
    """`manage.py demo`: SQLite, a broker that needs no server, one command for everything."""
    port, tool = free_port(), free_port()
    env = bare_env(PORT=str(port), EXAMPLE_TOOL_PORT=str(tool), ENABLEMENT_VAR=str(folder))
    with running("demo", env=env) as demo:
        demo.wait_for_line("Ctrl-C ends everything")
        assert not [line for line in demo.lines if "ERROR" in line or "WARNING" in line]
        built_demo.keep(folder)
        yield Stack(
            url=f"http://127.0.0.1:{port}",
            env=env | {"ENABLEMENT_MODE": "demo"},
            database={**settings.DATABASES["default"], "NAME": str(folder / "enablement.sqlite3")},
            by_links=True,
            tool=f"http://127.0.0.1:{tool}",
            commands=[demo],
        )


@contextmanager
def production(folder: Path) -> Iterator[Stack]:
    """`manage.py serve` in three parts, on PostgreSQL and Redis, behind nginx with TLS."""
    with ExitStack() as parts:
        database_url = parts.enter_context(services.postgres())
        port, front = free_port(), free_port()
        url = f"https://localhost:{front}"
        env = bare_env(
            ENABLEMENT_MODE="production",
            ENABLEMENT_VAR=str(folder),
            SECRET_KEY=secrets.token_urlsafe(50),
            SITE_URL=url,
            ALLOWED_HOSTS="localhost",
            DATABASE_URL=database_url,
            REDIS_URL=parts.enter_context(services.redis()),
            PORT=str(port),
            WORKER_CONCURRENCY="1",
            WEB_CONCURRENCY="1",
        )
        database = {**settings.DATABASES["default"], **dj_database_url.parse(database_url)}
        stack = Stack(url=url, env=env, database=database, by_links=False)
        stack.checked("migrate", "--verbosity=0")
        # Beside each other: the web process compresses its static files while the demo is built.
        for part in ("web", "worker", "beat"):
            stack.commands.append(parts.enter_context(running("serve", "--only", part, env=env)))
        stack.checked("demo_data")
        stack.checked("shell", "-c", GIVE_PASSWORDS)
        parts.enter_context(tls_proxy(port=front, upstream=port, folder=folder / "proxy"))
        wait_until_ok(stack.commands[0], port, "/readyz", Host="localhost", X_Forwarded_Proto="https")
        yield stack
