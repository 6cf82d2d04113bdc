"""`evidence pack`: an evidence pack from the command line."""

import shutil
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from enablement.access.models import Microtool
from enablement.people.models import User
from enablement.reports.evidence import services


class Command(BaseCommand):
    help = "Evidence for somebody outside: what the ledger holds about a matter, signed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
        pack = commands.add_parser("pack", help="make an evidence pack and write it to a file")
        pack.add_argument("file", type=Path, metavar="FILE", help="where to write the ZIP")
        pack.add_argument(
            "--as",
            dest="actor",
            required=True,
            metavar="E-MAIL",
            help="who asks; needs the right to read the ledger",
        )
        pack.add_argument("--purpose", required=True, help="what for; it stands in the pack")
        pack.add_argument("--from", dest="first_day", required=True, type=date.fromisoformat, metavar="DAY")
        pack.add_argument("--to", dest="last_day", required=True, type=date.fromisoformat, metavar="DAY")
        pack.add_argument("--person", default="", metavar="E-MAIL", help="about this person only")
        pack.add_argument("--microtool", default="", metavar="TOOL", help="about this tool only")

    def handle(self, *_args: Any, file: Path, **options: Any) -> None:
        at = timezone.now()
        try:
            pack = services.request_pack(
                purpose=options["purpose"],
                first_day=options["first_day"],
                last_day=options["last_day"],
                actor=_person(options["actor"]),
                person=_person(options["person"]) if options["person"] else None,
                microtool=_tool(options["microtool"]) if options["microtool"] else None,
                at=at,
            )
        except PermissionDenied as error:
            raise CommandError(f"{options['actor']} may not read the ledger.", returncode=2) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error
        # Here and now; the job finds it done.
        services.build(pack_id=pack.pk, at=at)()
        pack.refresh_from_db()
        services.note_download(pack=pack, actor=pack.requested_by, at=timezone.now())
        with pack.file.open() as made, file.open("wb") as out:
            shutil.copyfileobj(made, out)
        self.stdout.write(f"{file}: {pack.decisions} decisions, {pack.entries} ledger entries")


def _person(email: str) -> User:
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        raise CommandError(f"Nobody here has the address {email}.", returncode=2)
    return person


def _tool(key: str) -> Microtool:
    tool = Microtool.objects.filter(key=key).first()
    if tool is None:
        raise CommandError(f"There is no tool {key}.", returncode=2)
    return tool
