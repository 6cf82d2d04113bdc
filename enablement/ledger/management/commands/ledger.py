import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from enablement.ledger import packs, services


class Command(BaseCommand):
    help = "The record of what happened."
    # It has to answer when something is wrong with the database.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
        verify = commands.add_parser(
            "verify",
            help="Hash everything again; exit code 1 and the first broken row where something was changed.",
        )
        verify.add_argument(
            "--pack", type=Path, metavar="FILE", help="an evidence pack instead; needs no database"
        )
        verify.add_argument(
            "--key", default="", help="with --pack: the public key that has to have signed it, or its SHA-256"
        )

    def handle(self, *_args: Any, pack: Path | None, key: str, **_options: Any) -> None:
        if pack is None:
            self._verify_ledger()
        else:
            self._verify_pack(pack, key)

    def _verify_pack(self, pack: Path, key: str) -> None:
        try:
            report = packs.verify_pack(pack, key=key)
        except packs.BadPack as error:
            self.stderr.write(f"{pack} is no sound evidence pack: {error}")
            sys.exit(1)
        self.stdout.write(
            f"{pack} is sound: {report.files} files, {report.entries} ledger entries held by "
            f"{report.checkpoints} signed checkpoints."
        )
        self.stdout.write(f"Signed with the key {report.key} (SHA-256)")
        if not key:
            self.stdout.write(
                "Compare it with /.well-known/enablement-checkpoint-key of who gave you the pack."
            )

    def _verify_ledger(self) -> None:
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
