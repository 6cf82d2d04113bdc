from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error

from enablement.ledger import guards
from enablement.ledger.redaction import names


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


def names_can_be_found(**_options: Any) -> list[CheckMessage]:
    """Whoever has chosen that names go must not find out later that none did."""
    if not names.is_missing():
        return []
    return [
        Error(
            "REDACTION_NAMES is set, but Presidio, which finds names, is not installed.",
            hint="Install it with `pip install 'enablement[names]'` and a model, or unset REDACTION_NAMES.",
            id="ledger.E002",
        )
    ]
