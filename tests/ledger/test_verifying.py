"""Whatever is changed by hand, verify names the first row of it."""

import json
import uuid

import pytest
from django.core.management import call_command
from django.db import connection

from enablement.ledger import services
from enablement.ledger.models import LedgerEntry, LedgerLink, PolicyRevision
from tests.ledger.factories import AT, add_revision, record_n
from tests.ledger.unlocked import ledger_unlocked, remove_guards

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries():
    """Five linked entries, in their order."""
    made = record_n(5, policy_revision=2)
    services.link(at=AT)
    yield made
    # Django checks the foreign keys after a test.
    sql("DELETE FROM ledger_ledgerlink")


def sql(statement, params=()):
    """By hand, past the guards and past foreign keys."""
    with ledger_unlocked(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE ledger_ledgerlink DISABLE TRIGGER ALL")
            cursor.execute("ALTER TABLE ledger_ledgerentry DISABLE TRIGGER ALL")
        cursor.execute(statement, params)
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE ledger_ledgerlink ENABLE TRIGGER ALL")
            cursor.execute("ALTER TABLE ledger_ledgerentry ENABLE TRIGGER ALL")


def db_id(value):
    return value.hex if connection.vendor == "sqlite" else str(value)


def broken():
    report = services.verify(at=AT)
    assert not report.intact
    assert report.missing_guards == ()
    return report.broken


def test_an_untouched_ledger_is_intact(entries):
    report = services.verify(at=AT)
    assert report.intact
    assert (report.entries, report.head) == (5, LedgerLink.objects.head().hash)


def test_an_empty_ledger_is_intact():
    assert services.verify(at=AT).entries == 0


def test_the_unlinked_tail_is_linked_first(entries):
    record_n(2)
    assert services.verify(at=AT).entries == 7


ENTRY_CHANGES = {
    "at": "2026-03-02 09:30:01+00:00",
    "recorded_at": "2026-03-02 09:30:01+00:00",
    "kind": "assessments.sample_judgee",
    "actor_id": uuid.UUID(int=7),
    "actor_label": "sysuem",
    "subject_type": "assessments.ShadowSamplf",
    "subject_id": "4",
    "policy_revision": 3,
    "payload": '{"n":3,"usable":true}',
    "sha256": "0" * 64,
}


def test_every_column_of_an_entry_is_tampered_with_below():
    columns = {field.column for field in LedgerEntry._meta.fields}
    assert columns == {*ENTRY_CHANGES, "id"}


@pytest.mark.parametrize("column", ENTRY_CHANGES)
def test_one_changed_column_of_an_entry_is_found(entries, column):
    value = ENTRY_CHANGES[column]
    value = db_id(value) if isinstance(value, uuid.UUID) else value
    sql(f"UPDATE ledger_ledgerentry SET {column} = %s WHERE id = %s", [value, db_id(entries[2].pk)])
    found = broken()
    assert (found.position, found.entry_id) == (3, entries[2].pk)
    assert "entry was altered" in found.problem


def test_a_changed_entry_with_a_matching_digest_is_found(entries):
    forged = LedgerEntry.objects.get(pk=entries[2].pk)
    forged.payload = json.dumps({"n": 3, "usable": True})
    sql(
        "UPDATE ledger_ledgerentry SET payload = %s, sha256 = %s WHERE id = %s",
        [forged.payload, forged.digest(), db_id(forged.pk)],
    )
    found = broken()
    assert (found.position, found.entry_id) == (3, forged.pk)
    assert "link's hash does not match" in found.problem


def test_a_changed_id_of_an_entry_is_found(entries):
    sql(
        "UPDATE ledger_ledgerentry SET id = %s WHERE id = %s",
        [db_id(uuid.UUID(int=9)), db_id(entries[2].pk)],
    )
    found = broken()
    assert (found.position, found.entry_id, found.problem) == (3, entries[2].pk, "the entry is missing")


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("position", 30, "the link is missing"),
        ("previous_hash", "0" * 63 + "1", "does not follow the one before"),
        ("hash", "0" * 64, "link's hash does not match"),
        ("linked_at", "2026-03-02 09:30:01+00:00", "link's hash does not match"),
    ],
)
def test_one_changed_column_of_a_link_is_found(entries, column, value, problem):
    sql(f"UPDATE ledger_ledgerlink SET {column} = %s WHERE position = 3", [value])
    found = broken()
    assert found.position == 3
    assert problem in found.problem


def test_a_link_that_points_to_another_entry_is_found(entries):
    """Entry 3 is then unlinked, and is appended; position 3 tells what happened."""
    with ledger_unlocked():
        LedgerLink.objects.filter(position=5).delete()
    sql("UPDATE ledger_ledgerlink SET entry_id = %s WHERE position = 3", [db_id(entries[4].pk)])
    found = broken()
    assert (found.position, found.entry_id) == (3, entries[4].pk)


def test_two_swapped_entries_are_found(entries):
    for row, content in ((entries[1], entries[3]), (entries[3], entries[1])):
        sql(
            "UPDATE ledger_ledgerentry SET payload = %s, subject_id = %s, sha256 = %s WHERE id = %s",
            [content.payload, content.subject_id, content.sha256, db_id(row.pk)],
        )
    assert (broken().position, broken().entry_id) == (2, entries[1].pk)


def test_two_swapped_links_are_found(entries):
    for old, new in ((2, 99), (4, 2), (99, 4)):
        sql("UPDATE ledger_ledgerlink SET position = %s WHERE position = %s", [new, old])
    assert (broken().position, broken().entry_id) == (2, entries[3].pk)


def test_a_missing_entry_in_the_middle_is_found(entries):
    sql("DELETE FROM ledger_ledgerentry WHERE id = %s", [db_id(entries[2].pk)])
    assert str(broken()) == f"position 3, entry {entries[2].pk}: the entry is missing"


def test_a_missing_link_in_the_middle_is_found(entries):
    sql("DELETE FROM ledger_ledgerlink WHERE position = 3")
    assert str(broken()) == "position 3: the link is missing"


def test_a_missing_pair_in_the_middle_is_found(entries):
    sql("DELETE FROM ledger_ledgerlink WHERE position = 3")
    sql("DELETE FROM ledger_ledgerentry WHERE id = %s", [db_id(entries[2].pk)])
    assert str(broken()) == "position 3: the link is missing"


def test_a_missing_entry_at_the_end_is_found(entries):
    sql("DELETE FROM ledger_ledgerentry WHERE id = %s", [db_id(entries[4].pk)])
    assert str(broken()) == f"position 5, entry {entries[4].pk}: the entry is missing"


def test_the_first_of_several_is_named(entries):
    for entry in (entries[3], entries[1]):
        sql("UPDATE ledger_ledgerentry SET kind = 'x' WHERE id = %s", [db_id(entry.pk)])
    assert broken().position == 2


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("entry", "at", "2026-03-02 09:3x:00"),
        ("entry", "at", b"\xff"),
        ("entry", "actor_id", "not a uuid"),
        ("entry", "payload", b"\xff\xfe"),
        ("entry", "policy_revision", "many"),
        ("link", "linked_at", "yesterday"),
        ("link", "hash", b"\xff\xfe"),
    ],
)
def test_bytes_that_no_longer_fit_their_column_are_found_on_sqlite(entries, table, column, value):
    where = ("id", db_id(entries[2].pk)) if table == "entry" else ("position", 3)
    sql(f"UPDATE ledger_ledger{table} SET {column} = %s WHERE {where[0]} = %s", [value, where[1]])
    assert broken().position == 3


@pytest.mark.sqlite
def test_text_that_is_no_utf8_is_found_on_sqlite(entries):
    sql("UPDATE ledger_ledgerentry SET payload = CAST(x'ff' AS TEXT) WHERE id = %s", [db_id(entries[2].pk)])
    assert broken().position == 3


def test_an_altered_policy_revision_is_found():
    add_revision("roles: []")
    with ledger_unlocked():
        PolicyRevision.objects.update(document="roles: [x]")
    assert str(broken()) == "policy revision 1 was altered: its document does not give its SHA-256"


def test_the_command_says_that_all_is_well(entries, capsys):
    call_command("ledger", "verify")
    head = LedgerLink.objects.head().hash
    assert capsys.readouterr().out == f"5 entries, chain intact, head {head}\n"


def test_the_command_names_the_broken_row(entries, capsys):
    sql("UPDATE ledger_ledgerentry SET kind = 'x' WHERE id = %s", [db_id(entries[2].pk)])
    with pytest.raises(SystemExit) as exit_:
        call_command("ledger", "verify")
    assert exit_.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"The ledger is broken at position 3, entry {entries[2].pk}: "
        "the entry was altered: its columns do not give its SHA-256\n"
    )


def test_the_command_misses_the_guards(entries, capsys):
    remove_guards()
    with pytest.raises(SystemExit):
        call_command("ledger", "verify")
    assert "5 entries, chain intact, but the database would let them be changed" in capsys.readouterr().err
