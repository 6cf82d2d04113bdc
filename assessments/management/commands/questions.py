"""`questions import FILE` and `questions export BANK` (DESIGN §5): an error is one clear line, exit code 2.

Exit code 3: something in the file cannot be mapped, and nobody has agreed to that (`--accept-losses`).
"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.db.models import Q
from django.utils import timezone

from assessments import formats
from assessments.formats import WRITTEN, Format
from assessments.formats.parsed import MAX_BYTES, Fault, Unreadable, too_large
from assessments.models import QuestionBank
from assessments.question_specs import is_slug
from assessments.services import question_imports as imports
from assessments.services.question_editing import PERMISSION
from assessments.services.question_imports import ImportPlan
from tracks.errors import Refused
from tracks.models import Track
from tracks.people import Person, by_email

ERROR, NOT_AGREED = 2, 3


class Command(BaseCommand):
    help = "Import question files (GIFT, Moodle XML, QTI 3) into a bank; export a bank as GIFT or QTI 3."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
        importing = commands.add_parser("import", help="Add and change the questions of FILE, all or none.")
        importing.add_argument("file", metavar="FILE", type=Path)
        importing.add_argument("--track", required=True, metavar="KEY")
        importing.add_argument("--bank", required=True, metavar="KEY", help="made where it is not there yet")
        importing.add_argument("--format", choices=[each.value for each in Format], help="else found out")
        importing.add_argument("--tag", default="", metavar="TAG", help="given to every question of the file")
        importing.add_argument("--as", dest="email", metavar="E-MAIL", help="who imports it")
        importing.add_argument("--accept-losses", action="store_true", help="agree to what cannot be mapped")
        importing.add_argument("--dry-run", action="store_true", help="only show the plan")
        export = commands.add_parser(
            "export", help="Write the live questions of BANK to the terminal or FILE."
        )
        export.add_argument("bank", metavar="BANK", help="its key, or TRACK/KEY")
        export.add_argument("--format", required=True, choices=[each.value for each in WRITTEN])
        export.add_argument(
            "--output", metavar="FILE", type=Path, help="else BANK.gift or BANK.zip; - for the terminal"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['subcommand']}")(**options)
        except Unreadable as error:
            self._fail(f"{options.get('file')}: {error.fault}")
        except Refused as refusal:
            self._fail(refusal.message)
        except ValidationError as error:
            self._fail("\n".join(error.messages))
        except OSError as error:
            self._fail(f"{error.filename}: {error.strerror}")

    def _import(
        self,
        *,
        file: Path,
        track: str,
        bank: str,
        tag: str,
        email: str | None,
        accept_losses: bool,
        dry_run: bool,
        **options: Any,
    ) -> None:
        into = self._track(track)
        for name, value in (("--bank", bank), ("--tag", tag or "none")):
            if not is_slug(value):
                self._fail(f"{name} {value}: a key has letters, digits, hyphens and underscores.")
        if (size := file.stat().st_size) > MAX_BYTES:
            raise too_large(size)
        parsed = formats.read(
            file.read_bytes(), written_as=Format(options["format"]) if options["format"] else None
        )
        known = QuestionBank.objects.filter(track=into, key=bank).first()
        plan = imports.plan_import(bank=known, parsed=parsed, tag=tag)
        self._show(plan, file)
        if dry_run:
            return
        if plan.faults and not accept_losses:
            self.stderr.write(
                "Nothing was imported. Agree to the losses with --accept-losses, or mend the file."
            )
            sys.exit(NOT_AGREED)
        done = imports.import_questions(
            track=into,
            key=bank,
            parsed=parsed,
            accept_losses=accept_losses,
            actor=_author(email),
            at=timezone.now(),
            tag=tag,
            seen=plan.digest,
        )
        self.stdout.write(f"Imported {len(done.questions)} into {track}/{bank}.")

    def _export(self, *, bank: str, output: Path | None, **options: Any) -> None:
        found = self._bank(bank)
        written = imports.export_bank(bank=found, written_as=Format(options["format"]))
        self._list("lost", written.faults, self.stderr)
        target = output or Path(f"{found.key}.{written.suffix}")
        if str(target) == "-":
            sys.stdout.buffer.write(written.data)
        else:
            target.write_bytes(written.data)
            self.stderr.write(f"Wrote {target}.")

    def _show(self, plan: ImportPlan, file: Path) -> None:
        self.stdout.write(
            f"{file}: {len(plan.added)} added, {len(plan.changed)} changed, {len(plan.unchanged)} as before, "
            f"{len(plan.left_out)} left out"
        )
        for spec in plan.added:
            reserve = " (in reserve: no quiz draws by its tags)" if spec.key in plan.reserved else ""
            self.stdout.write(f"  + {spec.key}: {_short(imports.prompt_words(spec))}{reserve}")
        for change in plan.changed:
            self.stdout.write(f"  ~ {change.spec.key}: {', '.join(change.fields)}")
        self._list("left out", plan.left_out, self.stdout)
        self._list("changed on the way", plan.altered, self.stdout)

    def _list(self, title: str, faults: tuple[Fault, ...], stream: Any) -> None:
        for fault in faults:
            stream.write(f"  ! {title}: {fault}")

    def _track(self, key: str) -> Track:
        track = Track.objects.filter(key=key).first()
        return track or self._fail(f"There is no track {key}.")

    def _bank(self, name: str) -> QuestionBank:
        track, _slash, key = name.rpartition("/")
        banks = QuestionBank.objects.filter(key=key, **({"track__key": track} if track else {}))
        if len(banks) > 1:
            self._fail(f"Several tracks have a bank {key}; say TRACK/{key}.")
        return banks.first() or self._fail(f"There is no bank {name}.")

    def _fail(self, message: str) -> NoReturn:
        self.stderr.write(message)
        sys.exit(ERROR)


def _author(email: str | None) -> Person:
    """The person named; else the first who may author questions."""
    if email is None:
        label, _dot, codename = PERMISSION.partition(".")
        held = Permission.objects.filter(content_type__app_label=label, codename=codename)
        may = Q(is_superuser=True) | Q(groups__permissions__in=held) | Q(user_permissions__in=held)
        found = get_user_model().objects.filter(may, is_active=True).order_by("pk").first()
        if found is None:
            raise Refused(
                "not_an_author", "Nobody may author questions yet; give somebody the group “authors”."
            )
        return found
    user = by_email([email]).get(email.strip().lower())
    if user is None or not user.is_active or not user.has_perm(PERMISSION):
        raise Refused("not_an_author", f"{email} is not an active person who may author questions.")
    return user


def _short(line: str) -> str:
    return line if len(line) <= 70 else f"{line[:70]}…"  # noqa: PLR2004
