"""Triggers by which the database itself refuses to change what is written once, whoever asks.

They are no migration, because SQLite drops a table's triggers whenever Django rebuilds it: `post_migrate`
installs them each time, and a system check proves that they are there. Who owns the database can still remove
them; then the chain tells (`manage.py ledger verify`).
"""

from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from enablement.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerLink, PolicyRevision

#: Each guarded table, and its unique columns: SQLite's INSERT OR REPLACE deletes the row that has the same
#: value in one of them, without asking the DELETE trigger.
GUARDED: dict[type[models.Model], tuple[str, ...]] = {
    LedgerEntry: ("id",),
    LedgerLink: ("position", "entry_id", "previous_hash"),
    LedgerCheckpoint: ("number", "last"),
    PolicyRevision: ("number",),
}

# ERRCODE 23000 is an integrity violation: Django raises IntegrityError, as it does on SQLite.
POSTGRES_FUNCTION_BODY = """
BEGIN
  RAISE EXCEPTION '% on % refused: it is written once', TG_OP, TG_TABLE_NAME USING ERRCODE = '23000';
END
"""
POSTGRES_FUNCTION = (
    "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql "
    f"AS $body${POSTGRES_FUNCTION_BODY}$body$"
)
# pg_trigger.tgtype: ROW 1, BEFORE 2, DELETE 8, UPDATE 16, TRUNCATE 32.
POSTGRES_TYPES = {"change": 1 + 2 + 8 + 16, "truncate": 2 + 32}


@dataclass(frozen=True, slots=True)
class Guard:
    """One trigger: what it is called, on which table, and the statements that make it."""

    table: str
    name: str
    statements: tuple[str, ...]
    event: str


def guards(vendor: str) -> list[Guard]:
    """All guards of a database of this vendor (`sqlite`, `postgresql`)."""
    make = _postgres_guards if vendor == "postgresql" else _sqlite_guards
    tables = {model._meta.db_table: unique for model, unique in GUARDED.items()}  # noqa: SLF001  # Django's public API
    return [guard for table, unique in tables.items() for guard in make(table, unique)]


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Put every guard in place, whatever was there before; tables that do not exist (yet) are left out."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_FUNCTION)
        for guard in guards(connection.vendor):
            if guard.table in tables:
                cursor.execute(drop_statement(guard, connection.vendor))
                for statement in guard.statements:
                    cursor.execute(statement)


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The guards of existing tables that are absent, disabled or altered, as "trigger on table"."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    present = (
        _postgres_present(connection) if connection.vendor == "postgresql" else _sqlite_present(connection)
    )
    return [
        f"{guard.name} on {guard.table}"
        for guard in guards(connection.vendor)
        if guard.table in tables and (guard.table, guard.name) not in present
    ]


def drop_statement(guard: Guard, vendor: str) -> str:
    on_table = f' ON "{guard.table}"' if vendor == "postgresql" else ""
    return f'DROP TRIGGER IF EXISTS "{guard.name}"{on_table}'


def _sqlite_guards(table: str, unique: tuple[str, ...]) -> list[Guard]:
    same = " OR ".join(f'"{column}" = NEW."{column}"' for column in ("rowid", *unique))
    exists = f'EXISTS (SELECT * FROM "{table}" WHERE {same})'  # noqa: S608  # names of our own models
    conditions = {"update": "1", "delete": "1", "insert": exists}
    return [
        _sqlite_guard(table, f"{table}_no_{event}", event, condition)
        for event, condition in conditions.items()
    ]


def _sqlite_guard(table: str, name: str, event: str, condition: str) -> Guard:
    verb = event.upper()
    refusal = f"SELECT RAISE(ABORT, '{verb} on {table} refused: it is written once')"
    when = f'BEFORE {verb} ON "{table}" FOR EACH ROW WHEN {condition}'
    create = f'CREATE TRIGGER "{name}" {when} BEGIN {refusal}; END'
    return Guard(table=table, name=name, statements=(create,), event=event)


def _postgres_guards(table: str, _unique: tuple[str, ...]) -> list[Guard]:
    events = {
        "change": "UPDATE OR DELETE ON {} FOR EACH ROW",
        "truncate": "TRUNCATE ON {} FOR EACH STATEMENT",
    }
    return [
        _postgres_guard(table, f"{table}_no_{event}", event, when.format(f'"{table}"'))
        for event, when in events.items()
    ]


def _postgres_guard(table: str, name: str, event: str, when: str) -> Guard:
    create = f'CREATE TRIGGER "{name}" BEFORE {when} EXECUTE FUNCTION ledger_refuse()'
    # ALWAYS: also for sessions that pose as a replica to keep triggers quiet.
    always = f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{name}"'
    return Guard(table=table, name=name, statements=(create, always), event=event)


def _sqlite_present(connection: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    expected = {guard.statements[0] for guard in guards("sqlite")}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {(table, name) for table, name, sql in cursor.fetchall() if sql in expected}


def _postgres_present(connection: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    expected = {(guard.table, guard.name): POSTGRES_TYPES[guard.event] for guard in guards("postgresql")}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname, t.tgtype FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgenabled = 'A' AND t.tgqual IS NULL AND p.prosrc = %s"
            " AND c.oid = to_regclass(quote_ident(c.relname))",
            [POSTGRES_FUNCTION_BODY],
        )
        return {
            (table, name) for table, name, kind in cursor.fetchall() if expected.get((table, name)) == kind
        }
