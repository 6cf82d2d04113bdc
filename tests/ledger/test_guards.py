"""The database itself refuses to change what is written once."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, connection, transaction

from enablement.ledger import guards, services
from enablement.ledger.models import LedgerEntry, LedgerLink, PolicyRevision
from tests.ledger.factories import AT, add_revision, record_n
from tests.ledger.unlocked import ledger_unlocked, remove_guards

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows():
    """One row in each guarded table."""
    record_n(2)
    services.link(at=AT)
    add_revision()


def refused(sql, params=()):
    with (
        pytest.raises(IntegrityError, match=r"refused: it is written once|duplicate key"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, params)


TABLES = {
    LedgerEntry: "payload",
    LedgerLink: "hash",
    PolicyRevision: "note",
}


@pytest.mark.parametrize("model", TABLES)
def test_update_and_delete_are_refused(rows, model):
    table = model._meta.db_table
    before = list(model.objects.values())
    refused(f"UPDATE {table} SET {TABLES[model]} = 'x'")
    refused(f"DELETE FROM {table}")
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**{TABLES[model]: "x"})
    assert list(model.objects.values()) == before


def columns(model):
    return ", ".join(f'"{field.column}"' for field in model._meta.fields)


@pytest.mark.parametrize("model", TABLES)
def test_re_inserting_an_id_is_refused(rows, model):
    table = model._meta.db_table
    refused(f"INSERT INTO {table} ({columns(model)}) SELECT {columns(model)} FROM {table} LIMIT 1")


@pytest.mark.sqlite
@pytest.mark.parametrize("model", TABLES)
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE"])
def test_replacing_is_refused_on_sqlite(rows, model, verb):
    table = model._meta.db_table
    refused(f"{verb} INTO {table} ({columns(model)}) SELECT {columns(model)} FROM {table} LIMIT 1")
    refused(f"UPDATE OR REPLACE {table} SET {TABLES[model]} = 'x'")


@pytest.mark.sqlite
def test_replacing_by_the_hidden_row_id_is_refused_on_sqlite(rows):
    table = LedgerEntry._meta.db_table
    others = columns(LedgerEntry).replace('"id", ', "")
    refused(
        f"INSERT OR REPLACE INTO {table} (rowid, id, {others})"
        f" SELECT rowid, 'ffffffffffffffffffffffffffffffff', {others} FROM {table} LIMIT 1"
    )


@pytest.mark.sqlite
@pytest.mark.parametrize("column", ["position", "entry_id", "previous_hash"])
def test_replacing_a_link_by_any_unique_column_is_refused_on_sqlite(rows, column):
    fresh = {"position": "9", "entry_id": "'e'", "previous_hash": "'p'"}
    fresh[column] = column
    refused(
        "INSERT OR REPLACE INTO ledger_ledgerlink (position, entry_id, previous_hash, hash, linked_at)"
        f" SELECT {fresh['position']}, {fresh['entry_id']}, {fresh['previous_hash']}, 'h', linked_at"
        " FROM ledger_ledgerlink LIMIT 1"
    )


@pytest.mark.postgresql
@pytest.mark.parametrize("model", TABLES)
def test_truncate_is_refused_on_postgresql(rows, model):
    with connection.cursor() as cursor:
        # Pending foreign key checks would refuse it too.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    refused(f"TRUNCATE {model._meta.db_table} CASCADE")


@pytest.mark.postgresql
@pytest.mark.parametrize("model", TABLES)
def test_upsert_is_refused_on_postgresql(rows, model):
    table, pk, column = model._meta.db_table, model._meta.pk.column, TABLES[model]
    refused(
        f"INSERT INTO {table} ({columns(model)}) SELECT {columns(model)} FROM {table} LIMIT 1"
        f" ON CONFLICT ({pk}) DO UPDATE SET {column} = 'x'"
    )


@pytest.mark.postgresql
def test_posing_as_a_replica_does_not_help_on_postgresql(rows):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        refused("DELETE FROM ledger_ledgerlink")


def test_the_system_check_finds_a_missing_guard():
    call_command("check", tags=["database"], databases=["default"])
    guard = guards.guards(connection.vendor)[0]
    with connection.cursor() as cursor:
        cursor.execute(guards.drop_statement(guard, connection.vendor))
    with pytest.raises(SystemCheckError, match=r"ledger\.E001"):
        call_command("check", tags=["database"], databases=["default"])
    assert guards.missing() == [f"{guard.name} on {guard.table}"]


def test_an_altered_guard_counts_as_missing():
    guard = next(g for g in guards.guards(connection.vendor) if g.event in ("update", "change"))
    with connection.cursor() as cursor:
        cursor.execute(guards.drop_statement(guard, connection.vendor))
        weaker = guard.statements[0].replace("FOR EACH ROW WHEN 1", "FOR EACH ROW WHEN 0")
        weaker = weaker.replace("FOR EACH ROW EXECUTE", "FOR EACH ROW WHEN (false) EXECUTE")
        assert weaker != guard.statements[0]
        cursor.execute(weaker)
    assert guards.missing() == [f"{guard.name} on {guard.table}"]


@pytest.mark.postgresql
def test_a_disabled_guard_counts_as_missing_on_postgresql():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_ledgerentry DISABLE TRIGGER ledger_ledgerentry_no_change")
    assert guards.missing() == ["ledger_ledgerentry_no_change on ledger_ledgerentry"]


@pytest.mark.django_db(transaction=True)
def test_migrating_puts_the_guards_back():
    remove_guards()
    assert len(guards.missing()) == len(guards.guards(connection.vendor))
    call_command("migrate", verbosity=0, skip_checks=True)
    assert guards.missing() == []


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_a_rebuilt_table_gets_its_guards_back_on_sqlite():
    """SQLite drops them with the old table; what follows every `migrate` brings them back."""
    with connection.schema_editor() as editor:
        editor._remake_table(LedgerEntry)
    assert {name.split(" on ")[1] for name in guards.missing()} == {"ledger_ledgerentry"}
    call_command("migrate", verbosity=0, skip_checks=True)
    assert guards.missing() == []


def test_tests_may_unlock_for_a_moment(rows):
    with ledger_unlocked():
        LedgerEntry.objects.update(payload="{}")
    assert guards.missing() == []
    refused("UPDATE ledger_ledgerentry SET payload = 'x'")
