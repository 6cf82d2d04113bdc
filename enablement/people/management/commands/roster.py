"""`roster import FILE.csv`: people from a file, all or nobody."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from enablement.people.services import roster
from enablement.people.services.roster import Action
from tracks.csv_files import CsvFaults


class Command(BaseCommand):
    help = (
        "Adds and changes people from a CSV file: email,name and, if wanted, "
        "roles,groups,timezone,region,line_of_business,left."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        importing = commands.add_parser("import", help="add and change everyone in the file, or nobody")
        importing.add_argument("file", metavar="FILE.csv", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            lines = roster.apply(content=path.read_bytes(), actor=None, at=timezone.now())
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}", returncode=2) from error
        except CsvFaults as error:
            raise CommandError(
                "\n".join(f"{path}: {fault}" for fault in error.faults), returncode=2
            ) from error
        count = {action: sum(line.action is action for line in lines) for action in Action}
        self.stdout.write(
            f"{count[Action.ADD]} added, {count[Action.CHANGE]} changed, "
            f"{count[Action.LEAVE]} deactivated, {count[Action.KEEP]} as before."
        )
