"""Writing facts down, in the transaction in which they become true."""

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
from enablement.ledger.models import LedgerEntry

#: A model instance, or (model label, primary key as text).
Subject = models.Model | tuple[str, str]
#: A person, the name of another actor ("token gateway-eu"), or None for the system itself.
Actor = AbstractBaseUser | UUID | str | None

BATCH = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEntry:
    """A fact to record; see `record` for the fields."""

    kind: str
    subject: Subject
    actor: Actor
    at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
    policy_revision: int | None = None


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
    """Record facts in their order, with one statement (per thousand); see `record`."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("A fact is recorded inside the transaction that makes it true.")
    start = timezone.now()
    # A microsecond apart, so that the chain keeps the order in which a batch happened.
    rows = [_row(entry, start + timedelta(microseconds=i)) for i, entry in enumerate(entries)]
    return LedgerEntry.objects.bulk_create(rows, batch_size=BATCH)


def _row(new: NewEntry, recorded_at: datetime) -> LedgerEntry:
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
        payload=canonical(new.payload),
    )
    entry.sha256 = entry.digest()
    return entry


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
