"""`cases plan|import FILE --pool TRACK/KEY --by E-MAIL`: shadow cases from a file, as in the browser."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from assessments.models import ShadowPool
from assessments.services import shadow
from assessments.services.shadow.imports import ImportPlan
from tracks.csv_files import CsvFaults
from tracks.errors import Refused
from tracks.people import Person, by_email


class Command(BaseCommand):
    help = (
        "Brings shadow-mode cases into a pool from a CSV or JSONL file; `plan` shows it and changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        for name, what in (("plan", "say what would happen"), ("import", "add the new cases, or none")):
            command = commands.add_parser(name, help=what)
            command.add_argument("file", metavar="FILE", type=Path)
            command.add_argument("--pool", required=True, metavar="TRACK/KEY", help="the pool of cases")
            command.add_argument(
                "--by", required=True, metavar="E-MAIL", help="who answers for it, and so does not judge them"
            )

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        pool, actor = _pool(options["pool"]), _person(options["by"])
        try:
            content = path.read_bytes()
            with transaction.atomic():
                plan = shadow.plan_import(pool=pool, content=content, actor=actor)
                if options["command"] == "import":
                    shadow.import_cases(
                        pool=pool,
                        content=content,
                        fingerprint=plan.fingerprint,
                        actor=actor,
                        at=timezone.now(),
                    )
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}", returncode=2) from error
        except CsvFaults as error:
            raise CommandError(
                "\n".join(f"{path}: {fault}" for fault in error.faults), returncode=2
            ) from error
        except (Refused, ValidationError) as error:
            raise CommandError(f"{path}: {error.message}", returncode=2) from error
        self._tell(plan, done=options["command"] == "import")

    def _tell(self, plan: ImportPlan, *, done: bool) -> None:
        verb = "added" if done else "to add"
        self.stdout.write(
            f"{len(plan.added)} {verb} ({plan.known} with a known answer), {len(plan.twice)} left out."
        )
        for each in plan.twice:
            where = f"line {each.of_line}" if each.of_line else "the pool"
            self.stdout.write(f"  line {each.line}: {each.key} has the text of {each.other} in {where}")
        for stratum in plan.strata:
            zone = "yellow zone" if stratum.yellow else "other"
            self.stdout.write(f"  {zone}, {stratum.decision}: {stratum.now} + {stratum.added}")


def _pool(name: str) -> ShadowPool:
    track, _slash, key = name.partition("/")
    pool = ShadowPool.objects.live().select_related("track").filter(track__key=track, key=key).first()
    if pool is None:
        known = ", ".join(
            f"{pool.track.key}/{pool.key}" for pool in ShadowPool.objects.live().select_related("track")
        )
        raise CommandError(f"no pool {name}; expected one of: {known or 'none is there yet'}", returncode=2)
    return pool


def _person(email: str) -> Person:
    person = by_email([email]).get(email.lower())
    if person is None:
        raise CommandError(f"nobody here has the address {email}", returncode=2)
    return person
