"""`token create|revoke|list`: tokens by which gateways call the HTTP API."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from enablement.people.models import ApiToken
from enablement.people.models.api_token import Scope
from enablement.people.services import create_token, revoke_token


class Command(BaseCommand):
    help = "Creates, revokes and lists API tokens. A new token is printed once, alone, on standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        create = commands.add_parser("create", help="print a new token")
        create.add_argument("name", metavar="NAME")
        create.add_argument(
            "--scope", action="append", default=[], metavar="SCOPE", help=f"one of {', '.join(Scope.values)}"
        )
        create.add_argument("--region", action="append", default=[], metavar="REGION")
        revoke = commands.add_parser("revoke", help="refuse a token from now on")
        revoke.add_argument("name", metavar="NAME")
        commands.add_parser("list", help="live tokens: name, scopes, regions, since when")

    def handle(self, *_args: Any, **options: Any) -> None:
        getattr(self, f"_{options['command']}")(options)

    def _create(self, options: dict[str, Any]) -> None:
        try:
            _token, secret = create_token(
                name=options["name"],
                scopes=options["scope"],
                regions=options["region"],
                actor=None,
                at=timezone.now(),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error
        self.stdout.write(secret)

    def _revoke(self, options: dict[str, Any]) -> None:
        token = ApiToken.objects.live().filter(name=options["name"]).first()
        if token is None:
            raise CommandError(f"No live token has the name “{options['name']}”.", returncode=2)
        revoke_token(token=token, actor=None, at=timezone.now())
        self.stderr.write(f"Revoked {token.name}.")

    def _list(self, _options: dict[str, Any]) -> None:
        for token in ApiToken.objects.live():
            columns = (token.name, ",".join(token.scopes), ",".join(token.regions) or "-", token.created_at)
            self.stdout.write("\t".join(str(column) for column in columns))
