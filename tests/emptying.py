"""After a test that commits, the database is again what it was when it had been made.

Django's own way, `flush`, empties every table and then makes content types, rights and groups anew: a third
of a second of work after a test that left three rows. Here the tables that hold rows are told from those that
do not, and what belongs there is put back as it was. Sequences go on, as they do with `flush`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase

Rows = list[tuple[Any, ...]]


@dataclass
class Made:
    """The tables of our models, and the rows of those that are not empty in a database just made."""

    tables: list[str]
    rows: dict[str, Rows] = field(default_factory=dict)


made: Made | None = None


def remember() -> None:
    """What a database holds before the first test: called once it is made."""
    global made  # noqa: PLW0603 - of this process's only database
    with connection.cursor() as cursor:
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        made = Made(sorted(tables))
        made.rows = {table: rows(cursor, table) for table in filled(cursor, made.tables)}


def restore() -> None:
    """Every row that was not there then goes, and every row that was is there as it was."""
    from tests.ledger.unlocked import ledger_unlocked

    assert made is not None
    with ledger_unlocked(), _in_any_order(), transaction.atomic(), connection.cursor() as cursor:
        now_filled = set(filled(cursor, made.tables))
        changed = {
            table
            for table in now_filled | made.rows.keys()
            if table not in made.rows or rows(cursor, table) != made.rows[table]
        }
        for table in changed & now_filled:
            cursor.execute(f"DELETE FROM {_name(table)}")
        for table in changed & made.rows.keys():
            insert(cursor, table, made.rows[table])


@contextmanager
def _in_any_order() -> Iterator[None]:
    """Without foreign keys and triggers: what is put back fits together, because it did."""
    if connection.vendor == "sqlite":
        with connection.constraint_checks_disabled():
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("RESET session_replication_role")


def filled(cursor: CursorWrapper, tables: list[str]) -> list[str]:
    """Those of the tables that hold any row."""
    asked = (f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {_name(table)})" for table in tables)
    cursor.execute(" UNION ALL ".join(asked))
    return [table for (table,) in cursor.fetchall()]


def rows(cursor: CursorWrapper, table: str) -> Rows:
    """As the database gives them, which it takes back with `insert`."""
    cursor.execute(f"SELECT * FROM {_name(table)} ORDER BY 1")
    return cursor.fetchall()


def insert(cursor: CursorWrapper, table: str, given: Rows) -> None:
    row = f"({', '.join(['%s'] * len(given[0]))})"
    values = [value for each in given for value in each]
    cursor.execute(f"INSERT INTO {_name(table)} VALUES {', '.join([row] * len(given))}", values)


def _name(table: str) -> str:
    return connection.ops.quote_name(table)


@pytest.fixture(scope="session", autouse=True)
def restored_after_transactional_tests() -> Iterator[None]:
    def restore_instead(case: TransactionTestCase) -> None:
        restore()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", restore_instead)
        yield
