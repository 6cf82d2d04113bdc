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
    absent = names.missing()
    if not absent:
        return []
    return [
        Error(
            f"REDACTION_NAMES is set, but {absent} is missing, without which no names are found.",
            hint="Install `enablement[names]` and a spaCy model and set `en:en_core_web_lg`, or unset it.",
            id="ledger.E002",
        )
    ]
