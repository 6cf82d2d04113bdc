from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class LedgerConfig(AppConfig):
    """The record of what happened and what was in force."""

    name = "enablement.ledger"
    label = "ledger"

    def ready(self) -> None:
        from enablement.ledger.checks import guards_in_place, names_can_be_found

        checks.register(guards_in_place, checks.Tags.database)
        checks.register(names_can_be_found)
        post_migrate.connect(_install_guards, sender=self, dispatch_uid="ledger_guards")


def _install_guards(*, using: str, **_kwargs: Any) -> None:
    from enablement.ledger import guards

    guards.install(using)
