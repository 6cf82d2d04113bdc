"""Makes the ledger's guards stand aside: for tampering by hand, and for emptying a database after a test."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from enablement.ledger import guards


@contextmanager
def ledger_unlocked() -> Iterator[None]:
    """Without the ledger's triggers inside the `with`; they are back after it, whatever happened."""
    remove_guards()
    try:
        yield
    finally:
        guards.install()


def remove_guards() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table with pending foreign key checks cannot be altered.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for guard in guards.guards(connection.vendor):
            cursor.execute(guards.drop_statement(guard, connection.vendor))
