"""`playbook plan|apply|export FILE` (DESIGN §5): an error is one clear line, exit code 2; proposed is 3."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, OperationalError, ProgrammingError
from django.db.models import Q
from django.utils import timezone

from enablement.access.approvers import titles
from enablement.people.models import User
from enablement.playbook import services
from enablement.playbook.archive import write_archive
from enablement.playbook.bundle import read_bundle
from enablement.playbook.errors import SourceErrors
from enablement.playbook.plan_text import render
from enablement.playbook.services.chain import Submitted, submit
from tracks.errors import Refused

ERROR = 2
#: Nothing was applied: others have to approve it first.
PROPOSED = 3


class Command(BaseCommand):
    help = "Plan, apply and export playbooks; the folder content/ beside a playbook belongs to it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
        plan = commands.add_parser("plan", help="Show what applying FILE would change, and for whom.")
        plan.add_argument("file", metavar="FILE", type=Path)
        apply = commands.add_parser(
            "apply",
            help="Put FILE in force as the next revision; what loosens is proposed instead (exit code 3).",
        )
        apply.add_argument("file", metavar="FILE", type=Path)
        apply.add_argument("--as", dest="email", metavar="E-MAIL", help="who applies it")
        apply.add_argument(
            "--base",
            type=int,
            metavar="N",
            help="refuse unless revision N is in force (0: none yet)",
        )
        apply.add_argument("--note", default="", help="why, kept with the revision; what loosens needs it")
        export = commands.add_parser(
            "export",
            help="Write the playbook in force to FILE (- for the terminal); FILE.zip holds its content too.",
        )
        export.add_argument("file", metavar="FILE")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['subcommand']}")(**options)
        except SourceErrors as errors:
            more = [f"… and {errors.more} more"] if errors.more else []
            self._fail("\n".join([*map(str, errors.errors), *more]))
        except Refused as refusal:
            self._fail(refusal.message)
        except OSError as error:
            self._fail(f"{error.filename}: {error.strerror}")
        except (OperationalError, ProgrammingError):
            raise  # no database to use, which manage.py says for every command
        except DatabaseError as error:
            self._fail(f"The database cannot be used: {' '.join(str(error).split())}")

    def _plan(self, *, file: Path, **_options: Any) -> None:
        found = services.plan(bundle=read_bundle(file), at=timezone.now())
        self.stdout.write(render(found), ending="")

    def _apply(self, *, file: Path, email: str | None, base: int | None, note: str, **_options: Any) -> None:
        done = submit(
            bundle=read_bundle(file),
            base_number=services.current_number() if base is None else base,
            actor=_author(email),
            at=timezone.now(),
            note=note,
        )
        if done.applied is None:
            self._proposed(done)
        revision, new = done.applied.revision, done.new
        if new:
            self.stdout.write(render(done.plan))
            self.stdout.write(f"Applied revision {revision.number} (sha256 {revision.sha256})")
        else:
            self.stdout.write(
                f"Nothing to do: revision {revision.number} is in force (sha256 {revision.sha256})"
            )

    def _proposed(self, done: Submitted) -> NoReturn:
        """Nothing is in force; who has to approve it."""
        if done.proposal is None:
            self._fail("Neither applied nor proposed.")
        steps, title = done.proposal.request.steps.order_by("number"), titles()
        chain = ", then ".join(title(step.approver) for step in steps)
        verb = "Proposed" if done.new else "Proposed before"
        self.stdout.write(render(done.plan))
        self.stdout.write(
            f"{verb}, not applied: it loosens what revision {done.proposal.base_number} says. To approve: "
            f"{chain}; due {done.proposal.request.due_at:%Y-%m-%d %H:%M} UTC "
            f"({settings.SITE_URL}{done.proposal.get_absolute_url()})"
        )
        sys.exit(PROPOSED)

    def _export(self, *, file: str, **_options: Any) -> None:
        bundle = services.export(at=timezone.now())
        if file == "-":
            self.stdout.write(bundle.yaml, ending="")
        elif file.lower().endswith(".zip"):
            Path(file).write_bytes(write_archive(bundle))
        else:
            Path(file).write_bytes(bundle.yaml.encode())

    def _fail(self, message: str) -> NoReturn:
        self.stderr.write(message)
        sys.exit(ERROR)


def _author(email: str | None) -> User | None:
    """The person named; else the first who may author playbooks, and nobody before there is one."""
    people = User.objects.get_queryset().active()
    if email is None:
        may = Q(is_superuser=True) | Q(groups__permissions__codename="author_playbooks")
        return people.filter(may).order_by("joined_at", "pk").first()
    user = people.by_email(email).first()
    if user is None or not user.has_perm("playbook.author_playbooks"):
        raise Refused("not_an_author", f"{email} is not an active person who may author playbooks.")
    return user
