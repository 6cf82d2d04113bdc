"""The one linker: gives recorded entries their places in the chain."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from enablement.ledger import selectors
from enablement.ledger.canonical import GENESIS
from enablement.ledger.models import LedgerEntry, LedgerLink

#: Entries of one transaction.
BATCH = 5000
#: PostgreSQL's advisory lock of the linker (any number that nobody else uses).
LOCK = 0x1ED6E4


def link(*, at: datetime, everything: bool = False, once: bool = False) -> int:
    """Append every committed entry that the chain does not hold yet; returns how many.

    Linkers take turns: a second one at the same time finds nothing to do. Ordered by the time of recording.

    everything: search the whole ledger and not only its end (see `selectors.tail_start`).
    once: a single batch, for whoever cannot wait for more.
    """
    linked = 0
    while True:
        batch = _link_batch(at=at, everything=everything)
        linked += batch
        if batch < BATCH or once:
            return linked


@transaction.atomic
def _link_batch(*, at: datetime, everything: bool) -> int:
    _take_turns()
    head = LedgerLink.objects.head()
    since = None if everything else selectors.tail_start(head, at=at)
    tail = LedgerEntry.objects.unlinked(since=since).order_by("recorded_at", "id")
    rows = list(tail.values_list("id", "sha256")[:BATCH])
    LedgerLink.objects.bulk_create(_links(rows, head=head, at=at))
    return len(rows)


def _links(rows: list[tuple[UUID, str]], *, head: LedgerLink | None, at: datetime) -> list[LedgerLink]:
    position, previous = (head.position, head.hash) if head else (0, GENESIS)
    links = []
    for entry_id, digest in rows:
        position += 1
        link = LedgerLink(position=position, entry_id=entry_id, previous_hash=previous, linked_at=at)
        previous = link.hash = link.digest(entry_sha256=digest)
        links.append(link)
    return links


def _take_turns() -> None:
    """One linker at a time until the transaction ends; on SQLite, IMMEDIATE transactions see to that."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
