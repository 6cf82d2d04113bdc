"""`demo_data`: fills an empty database with the people of the demo."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from enablement.demo.build import build
from enablement.people.models import User


class Command(BaseCommand):
    help = "Fill an empty database with the demo: a playbook, people, and everybody at another stage."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--engineers", type=int, default=20, metavar="N", help="how many (default: 20)")
        parser.add_argument(
            "--seed", type=int, default=7, metavar="S", help="same seed, same demo (default: 7)"
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where there are people already"
        )

    def handle(self, *_args: Any, engineers: int, seed: int, if_empty: bool, **_options: Any) -> None:
        if engineers < 1:
            raise CommandError("--engineers must be at least 1.", returncode=2)
        if User.objects.exists():
            if if_empty:
                return
            raise CommandError(
                "There are people in this database already; the demo needs an empty one.", returncode=2
            )
        build(count=engineers, seed=seed, at=timezone.now())
        self.stdout.write(f"The demo is ready: {User.objects.count()} people.")
