"""A writer of `ledger_rate`: `python -m bench.writer ledger|bare TABLE N`; a line tells it to begin."""

import sys

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from django.db import connection, transaction  # Django is set up first
from django.utils import timezone

from enablement.ledger import services
from enablement.ledger.models import LedgerEntry

PAYLOAD = {
    "microtool": "triage",
    "outcome": "allow",
    "reason": "granted",
    "region": "eu-west-1",
    "user": "x" * 36,
}


def new_entry() -> services.NewEntry:
    subject = ("access.microtool", "triage")
    return services.NewEntry(
        kind="bench.written", subject=subject, actor="bench", at=timezone.now(), payload=PAYLOAD
    )


def _ledger() -> None:
    with transaction.atomic():
        services.record_many([new_entry()])


def _bare() -> None:
    """Made as an entry is made, without its hash; written by the same ORM into the other table."""
    row = LedgerEntry(
        at=timezone.now(),
        kind="bench.written",
        actor_label="bench",
        subject_type="access.microtool",
        subject_id="triage",
        payload=str(PAYLOAD),
        sha256="0" * 64,
    )
    with transaction.atomic():
        LedgerEntry.objects.bulk_create([row])


SIDES = {"ledger": _ledger, "bare": _bare}


def main(side: str, table: str, count: str) -> None:
    if side == "bare":
        LedgerEntry._meta.db_table = table  # noqa: SLF001  # the same model, another table
    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    for _each in range(int(count)):
        SIDES[side]()


if __name__ == "__main__":
    main(*sys.argv[1:])
