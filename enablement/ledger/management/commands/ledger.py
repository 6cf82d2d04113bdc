import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from enablement.ledger import services


class Command(BaseCommand):
    help = "The record of what happened."
    # It has to answer when something is wrong with the database.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
        commands.add_parser(
            "verify",
            help="Hash everything again; exit code 1 and the first broken row where something was changed.",
        )

    def handle(self, *_args: Any, **_options: Any) -> None:
        report = services.verify(at=timezone.now())
        entries = "1 entry" if report.entries == 1 else f"{report.entries} entries"
        if report.broken:
            self.stderr.write(f"The ledger is broken at {report.broken}")
        elif report.missing_guards:
            missing = ", ".join(report.missing_guards)
            self.stderr.write(
                f"{entries}, chain intact, but the database would let them be changed: "
                f"missing {missing}; run `manage.py migrate --skip-checks`."
            )
        else:
            self.stdout.write(f"{entries}, chain intact, head {report.head}")
            if report.checkpoints:
                self.stdout.write(f"Signed checkpoints, all ours and true to the chain: {report.checkpoints}")
        if not report.intact:
            sys.exit(1)
