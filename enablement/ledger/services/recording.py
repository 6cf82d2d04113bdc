"""Writing facts down, in the transaction in which they become true."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, models
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from enablement.ledger.canonical import canonical
from enablement.ledger.models import LedgerContent, LedgerEntry
from enablement.ledger.models.content import new_key
from enablement.ledger.redaction import redact_all
from tracks.prepared import PreparedInsert

#: A model instance, or (model label, primary key as text).
Subject = models.Model | tuple[str, str]
#: A person, the name of another actor ("token gateway-eu"), or None for the system itself.
Actor = AbstractBaseUser | UUID | str | None

BATCH = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """Words that belong to an entry and may go before it; `person`: whose they are, where known."""

    person: UUID | None
    texts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEntry:
    """A fact to record; see `record` for the fields.

    content: kept beside the chain, without the personal data in it; the payload gets its keyed hash
    (`content_hmac`) and adds what was found to its `redacted`.
    """

    kind: str
    subject: Subject
    actor: Actor
    at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
    policy_revision: int | None = None
    content: Content | None = None


def record(
    *,
    kind: str,
    subject: Subject,
    actor: Actor,
    at: datetime,
    payload: Mapping[str, Any],
    policy_revision: int | None = None,
) -> LedgerEntry:
    """Record one fact inside the transaction that makes it true: both commit, or neither.

    kind: dotted, past tense, stable ("access.grant_suspended").
    payload: see `canonical` for what it may hold; no names, no free text of people: entries cannot be erased.
    policy_revision: the revision by which it was decided, where one was.

    Raises TransactionManagementError outside a transaction, TypeError or ValueError for a payload that has no
    canonical form.
    """
    entry = NewEntry(
        kind=kind, subject=subject, actor=actor, at=at, payload=payload, policy_revision=policy_revision
    )
    return record_many([entry])[0]


def record_many(entries: Iterable[NewEntry]) -> list[LedgerEntry]:
    """Record facts in their order, with one statement (per thousand); see `record`.

    A second statement where any of them has content.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("A fact is recorded inside the transaction that makes it true.")
    start = timezone.now()
    # A microsecond apart, so that the chain keeps the order in which a batch happened.
    pairs = [_row(entry, start + timedelta(microseconds=i)) for i, entry in enumerate(entries)]
    contents = [content for _entry, content in pairs if content is not None]
    if contents:
        LedgerContent.objects.bulk_create(contents, batch_size=BATCH)
    rows = [entry for entry, _content in pairs]
    if len(rows) == 1:
        _insert(rows[0])
        return rows
    return LedgerEntry.objects.bulk_create(rows, batch_size=BATCH)


_insert = PreparedInsert(LedgerEntry)


def _row(new: NewEntry, recorded_at: datetime) -> tuple[LedgerEntry, LedgerContent | None]:
    subject_type, subject_id = _subject(new.subject)
    actor_id, actor_label = _actor(new.actor)
    entry = LedgerEntry(
        kind=new.kind,
        at=new.at,
        recorded_at=recorded_at,
        actor_id=actor_id,
        actor_label=actor_label,
        subject_type=subject_type,
        subject_id=subject_id,
        policy_revision=new.policy_revision,
    )
    content, said = _content(new.content, entry) if new.content else (None, {})
    if said:
        found = Counter(new.payload.get("redacted", {})) + Counter(said.pop("redacted"))
        said |= {"redacted": dict(found)} if found else {}
    entry.payload = canonical({**new.payload, **said})
    entry.sha256 = entry.digest()
    return entry, content


def _content(new: Content, entry: LedgerEntry) -> tuple[LedgerContent, dict[str, Any]]:
    """The row, and what the payload says of it."""
    texts, found = redact_all(new.texts)
    row = LedgerContent(
        entry=entry.pk,
        at=entry.at,
        person=new.person,
        subject=entry.subject_id,
        key=new_key(),
        body=canonical(texts),
    )
    return row, {"content_hmac": row.hash(), "redacted": found}


def _subject(subject: Subject) -> tuple[str, str]:
    if isinstance(subject, models.Model):
        return subject._meta.label, str(subject.pk)  # noqa: SLF001  # Django's public API
    return subject


def _actor(actor: Actor) -> tuple[UUID | None, str]:
    match actor:
        case None:
            return None, "system"
        case str():
            return None, actor
        case UUID():
            return actor, "person"
        case _:
            return actor.pk, "person"
