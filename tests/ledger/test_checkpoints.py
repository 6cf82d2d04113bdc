"""Signed checkpoints: made in turn, checked by `ledger verify`, and no row of them can be changed unseen."""

import base64
import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from enablement.ledger import services, signing
from enablement.ledger.canonical import GENESIS
from enablement.ledger.merkle import Tree
from enablement.ledger.models import LedgerCheckpoint, LedgerLink
from tests.ledger.factories import AT, record_n
from tests.ledger.unlocked import ledger_unlocked

pytestmark = pytest.mark.django_db


def new_key():
    return base64.b64encode(secrets.token_bytes(32)).decode()


def broken():
    report = services.verify(at=AT)
    return str(report.broken) if report.broken else ""


@pytest.fixture
def three():
    """Checkpoints over 3, 1 and 2 links."""
    for entries in (3, 1, 2):
        record_n(entries)
        services.checkpoint(at=AT)
    return list(LedgerCheckpoint.objects.all())


def test_nothing_is_signed_while_there_is_nothing():
    assert services.checkpoint(at=AT) is None
    report = services.verify(at=AT)
    assert (report.intact, report.checkpoints) == (True, 0)


def test_each_checkpoint_holds_what_is_new(three):
    assert [(one.number, one.first, one.last) for one in three] == [(1, 1, 3), (2, 4, 4), (3, 5, 6)]
    assert [one.previous for one in three] == [GENESIS, three[0].digest(), three[1].digest()]
    hashes = list(LedgerLink.objects.values_list("hash", flat=True))
    assert three[2].head == hashes[-1]
    assert three[0].root == Tree([bytes.fromhex(text) for text in hashes[:3]]).root.hex()
    assert services.checkpoint(at=AT) == three[2]
    assert LedgerCheckpoint.objects.count() == 3
    report = services.verify(at=AT)
    assert (report.intact, report.checkpoints) == (True, 3)


def test_many_links_become_several_checkpoints(monkeypatch):
    monkeypatch.setattr("enablement.ledger.services.checkpointing.MOST", 2)
    record_n(5)
    assert services.checkpoint(at=AT).last == 5
    assert [one.last for one in LedgerCheckpoint.objects.all()] == [2, 4, 5]
    assert broken() == ""


def test_anybody_can_check_the_signature_with_a_library_of_their_own(three, client):
    key = client.get("/.well-known/enablement-checkpoint-key").json()
    assert key["algorithm"] == "Ed25519"
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key["public_key"]))
    public.verify(base64.b64decode(three[0].signature), three[0].statement().encode())
    assert (key["sha256"], key["former"]) == (three[0].fingerprint, [])


CHANGES = {
    "first": 2,
    "last": 99,
    "root": "0" * 64,
    "head": "0" * 64,
    "previous": "0" * 63 + "1",
    "made_at": "2026-03-02 09:30:01+00:00",
    "public_key": "A" * 43 + "=",
    "signature": "A" * 86 + "==",
    "number": 9,
}


def test_every_column_of_a_checkpoint_is_tampered_with_below():
    assert {field.column for field in LedgerCheckpoint._meta.fields} == {*CHANGES}


@pytest.mark.parametrize("column", CHANGES)
def test_one_changed_column_is_found(three, column):
    with ledger_unlocked(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE ledger_ledgercheckpoint SET {column} = %s WHERE number = 2", [CHANGES[column]]
        )
    assert broken().startswith("checkpoint 2: it ")


@pytest.mark.sqlite
@pytest.mark.parametrize("column", ["number", "last", "made_at", "root"])
def test_a_column_that_holds_anything_else_is_found(three, column):
    with ledger_unlocked(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE ledger_ledgercheckpoint SET {column} = %s WHERE number = 2", [b"\xff\x00"]
        ) if (column != "number") else cursor.execute(
            "UPDATE ledger_ledgercheckpoint SET number = 7 WHERE number = 2"
        )
    assert broken().startswith("checkpoint 2: ")


def test_one_changed_letter_of_a_signature_is_found(three):
    """Also where base64 has two spellings of the same bytes."""
    signature = three[1].signature
    last = signature[-3]
    other = next(
        letter
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        if letter != last and base64.b64decode(signature[:-3] + letter + "==") == base64.b64decode(signature)
    )
    with ledger_unlocked():
        LedgerCheckpoint.objects.filter(pk=2).update(signature=signature[:-3] + other + "==")
    assert broken() == "checkpoint 2: it was altered: the signature does not fit"


def test_a_removed_checkpoint_is_found(three):
    with ledger_unlocked():
        LedgerCheckpoint.objects.filter(pk=2).delete()
    assert broken() == "checkpoint 2: it is missing"


def test_links_cut_off_at_the_end_are_found(three):
    """The chain alone cannot tell."""
    with ledger_unlocked():
        LedgerLink.objects.filter(position=6).delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM ledger_ledgerentry WHERE id NOT IN (SELECT entry_id FROM ledger_ledgerlink)"
            )
    assert broken() == "checkpoint 3: links that it holds are gone: 1 are left from position 5"


def test_a_chain_written_anew_is_found(three):
    """Whoever owns the database can hash everything again, but not sign it."""
    with ledger_unlocked():
        LedgerLink.objects.all().delete()
        services.link(at=AT.replace(hour=11))
    assert broken() == "checkpoint 1: the chain says something else than what was signed"


def test_checkpoints_of_another_key_are_not_ours_until_it_is_named(three, settings):
    before = signing.public_key()
    settings.CHECKPOINT_KEY = new_key()
    assert broken() == "checkpoint 1: it was altered, or signed with a key that is not ours"
    settings.CHECKPOINT_FORMER_KEYS = [before]
    record_n(1)
    assert services.checkpoint(at=AT).public_key == signing.public_key() != before
    assert broken() == ""


@pytest.mark.parametrize("key", ["", "x", base64.b64encode(b"short").decode(), "=" * 44])
def test_a_key_that_is_none_is_refused(settings, key):
    settings.CHECKPOINT_KEY = key
    record_n(1)
    with pytest.raises(ImproperlyConfigured, match="32 random bytes"):
        services.checkpoint(at=AT)
    assert not LedgerCheckpoint.objects.exists()


@pytest.mark.parametrize(("signature", "key"), [("", ""), ("x", "x"), ("=", "AAAA"), ("é", "é")])
def test_what_is_no_signature_signs_nothing(signature, key):
    assert not signing.is_signed("text", signature=signature, key=key)


def test_the_database_refuses_to_change_one(three):
    for change in (
        lambda: LedgerCheckpoint.objects.filter(pk=1).update(root="0" * 64),
        lambda: LedgerCheckpoint.objects.filter(pk=1).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_the_command_counts_them(three, capsys):
    call_command("ledger", "verify")
    assert capsys.readouterr().out.endswith("\nSigned checkpoints, all ours and true to the chain: 3\n")
