"""`manage.py serve`: web, worker and beat from the environment, as in production."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from enablement.launch import processes
from enablement.launch.console import USAGE_ERROR
from enablement.launch.supervisor import Child, Supervisor
from enablement.staticfiles import collect_if_changed

PARTS = ("web", "worker", "beat")


class Command(BaseCommand):
    help = (
        "Starts web, worker and beat with the settings of the environment, as docs/operations.md describes. "
        "Needs SECRET_KEY, SITE_URL, ALLOWED_HOSTS, DATABASE_URL and REDIS_URL. Applies migrations first, "
        "unless --only names one part (then run `manage.py migrate` once, before it)."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", choices=PARTS, help="start this part alone")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")

    def handle(self, *_args: Any, only: str | None, host: str, **_options: Any) -> None:
        if not settings.PRODUCTION:
            raise CommandError("start it as: python3 manage.py serve", returncode=USAGE_ERROR)
        parts = [only] if only else list(PARTS)
        supervisor = Supervisor([child for part in parts for child in _children(part, host)])
        if only is None:
            _migrate()
        if "web" in parts:
            collect_if_changed()
        sys.exit(supervisor.run())


def _migrate() -> None:
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except OperationalError as error:
        reason = " ".join(str(error).split())
        raise CommandError(f"the database does not answer: {reason}", returncode=USAGE_ERROR) from error


def _children(part: str, host: str) -> list[Child]:
    if part == "web":
        return processes.webs(host=host, port=settings.PORT, count=_count("WEB_CONCURRENCY"))
    if part == "worker":
        return [processes.worker(pool="prefork", concurrency=_count("WORKER_CONCURRENCY"))]
    return [processes.beat()]


def _count(name: str) -> int:
    """How many processes the environment asks for; two unless it says otherwise."""
    text = os.environ.get(name, "2")
    if not text.isdecimal() or int(text) < 1:
        raise CommandError(
            f"{name} is {text!r}; it has to be a whole number from 1 up", returncode=USAGE_ERROR
        )
    return int(text)
