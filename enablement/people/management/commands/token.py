"""`token create|rotate|revoke|list`: tokens by which gateways call the HTTP API."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from enablement.people.models import ApiToken
from enablement.people.models.api_token import Scope
from enablement.people.services import create_token, revoke_token, rotate_token
from enablement.people.services.tokens import OVERLAP


class Command(BaseCommand):
    help = "Creates, rotates, revokes and lists API tokens. A new secret is printed once, alone, on stdout."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        create = commands.add_parser("create", help="print a new token")
        create.add_argument("name", metavar="NAME")
        create.add_argument(
            "--scope", action="append", default=[], metavar="SCOPE", help=f"one of {', '.join(Scope.values)}"
        )
        create.add_argument(
            "--region", action="append", default=[], metavar="REGION", help="reach this region only"
        )
        create.add_argument(
            "--microtool", action="append", default=[], metavar="TOOL", help="reach this tool only"
        )
        create.add_argument("--calls-per-minute", type=int, metavar="N", help="at most so many calls")
        rotate = commands.add_parser(
            "rotate", help="print a new secret; the old one counts for 24 more hours"
        )
        rotate.add_argument("name", metavar="NAME")
        rotate.add_argument("--at-once", action="store_true", help="refuse the old secret from now on")
        revoke = commands.add_parser("revoke", help="refuse a token from now on")
        revoke.add_argument("name", metavar="NAME")
        commands.add_parser(
            "list", help="live tokens: name, scopes, regions, tools, since when (UTC), last used"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        getattr(self, f"_{options['command']}")(options)

    def _create(self, options: dict[str, Any]) -> None:
        try:
            _token, secret = create_token(
                name=options["name"],
                scopes=options["scope"],
                regions=options["region"],
                microtools=options["microtool"],
                calls_per_minute=options["calls_per_minute"],
                actor=None,
                at=timezone.now(),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error
        self.stdout.write(secret)

    def _rotate(self, options: dict[str, Any]) -> None:
        overlap = timedelta(0) if options["at_once"] else OVERLAP
        token = _live(options["name"])
        self.stdout.write(rotate_token(token=token, actor=None, at=timezone.now(), overlap=overlap))

    def _revoke(self, options: dict[str, Any]) -> None:
        token = _live(options["name"])
        revoke_token(token=token, actor=None, at=timezone.now())
        self.stderr.write(f"Revoked {token.name}.")

    def _list(self, _options: dict[str, Any]) -> None:
        for token in ApiToken.objects.live():
            columns = (
                token.name,
                ",".join(token.scopes),
                ",".join(token.regions) or "-",
                ",".join(token.microtools) or "-",
                f"{token.created_at:%Y-%m-%d %H:%M}",
                f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never used",
            )
            self.stdout.write("\t".join(columns))


def _live(name: str) -> ApiToken:
    token = ApiToken.objects.live().filter(name=name).first()
    if token is None:
        raise CommandError(f"No live token has the name “{name}”.", returncode=2)
    return token
