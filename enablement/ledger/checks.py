from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error

from enablement.ledger import guards


def guards_in_place(*, databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """The database refuses to change the ledger (runs with `check --database default`)."""
    return [
        Error(
            f"The database does not protect the ledger: {name} is missing or was changed.",
            hint="`manage.py migrate --skip-checks` puts it back; then run `manage.py ledger verify`.",
            id="ledger.E001",
        )
        for alias in databases or ()
        for name in guards.missing(alias)
    ]
