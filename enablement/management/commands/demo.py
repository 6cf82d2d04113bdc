"""`manage.py demo`: the whole product with demo people, on this machine, until Ctrl-C."""

import http.client
import os
import socket
import sys
import time
from argparse import ArgumentParser
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from enablement.demo import example_tool
from enablement.launch import processes
from enablement.launch.console import USAGE_ERROR
from enablement.launch.supervisor import Supervisor
from enablement.staticfiles import collect_if_changed

HOST = "127.0.0.1"
WAIT_SECONDS = 60


class Command(BaseCommand):
    help = (
        "Starts the product with demo people on 127.0.0.1:${PORT:-8000}: prepares a SQLite database under "
        "var/, starts web, worker and beat, and an example tool behind the gate on the port after that one; "
        "prints a sign-in link for each demo person. Ctrl-C ends all."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.epilog = "The port comes from the environment: PORT=8080 python3 manage.py demo"

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("start it as: python3 manage.py demo", returncode=USAGE_ERROR)
        _refuse_taken_port(settings.PORT)
        _refuse_taken_port(settings.EXAMPLE_TOOL_PORT)
        self.stdout.write("Preparing the database and the pages …")
        call_command("migrate", verbosity=0, interactive=False)
        collect_if_changed()
        call_command("demo_data", if_empty=True)
        # For the children: the terminal stays readable.
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        supervisor = Supervisor(
            [
                processes.web(host=HOST, port=settings.PORT),
                processes.worker(pool="threads", concurrency=2),
                processes.beat(),
                processes.example_tool(
                    port=settings.EXAMPLE_TOOL_PORT,
                    gate=settings.SITE_URL,
                    token_file=example_tool.token_file(),
                ),
            ]
        )
        sys.exit(supervisor.run(when_started=lambda: _announce(supervisor)))


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"port {port} cannot be used ({error}); choose another one: PORT=8080 python3 manage.py demo",
                returncode=USAGE_ERROR,
            ) from error


def _announce(supervisor: Supervisor) -> None:
    """Wait for the first answer, then say where to go."""
    from enablement.demo.links import sign_in_links

    if not _answers(settings.PORT):
        supervisor.say(
            f"The web process has not answered within {WAIT_SECONDS} seconds; see the lines above."
        )
        return
    links = sign_in_links()
    width = max((len(who) for who, _url in links), default=0)
    supervisor.say("")
    supervisor.say("Sign in as one of the demo people (these links exist in the demo only):")
    for who, url in links:
        supervisor.say(f"  {who:<{width}}  {url}")
    supervisor.say("")
    supervisor.say(f"Then open the governed tool as them, locked or open: {example_tool.address()}")
    supervisor.say(f"Running at {settings.SITE_URL} - Ctrl-C ends everything.")


def _answers(port: int) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        server = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            server.request("GET", "/healthz")
            return server.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            server.close()
    return False
