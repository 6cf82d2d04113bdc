"""Where the counts of failed sign-ins are kept, when several web processes have to share them."""

from typing import Any

from django.apps import AppConfig
from django.core.management import call_command


def make_cache_table(sender: AppConfig, using: str, verbosity: int, **_: Any) -> None:
    """After each migrate: the table of Django's database cache, where the settings name one."""
    if sender.name == "enablement.people":
        call_command("createcachetable", database=using, verbosity=verbosity)
