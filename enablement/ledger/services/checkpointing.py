"""Signed checkpoints: what the ledger holds is sworn to, hour by hour."""

from datetime import datetime

from django.db import connection, transaction

from enablement.ledger import signing
from enablement.ledger.canonical import GENESIS
from enablement.ledger.merkle import Tree
from enablement.ledger.models import LedgerCheckpoint, LedgerLink
from enablement.ledger.services.linking import link

#: Links under one root; more become several checkpoints.
MOST = 100_000
#: PostgreSQL's advisory lock of whoever makes checkpoints.
LOCK = 0x1ED6E6


def checkpoint(*, at: datetime) -> LedgerCheckpoint | None:
    """Link what is there, then sign what no checkpoint holds; the newest, None while the ledger is empty."""
    link(at=at)
    while _sign_next(at=at) == MOST:
        pass
    return LedgerCheckpoint.objects.order_by("-number").first()


@transaction.atomic
def _sign_next(*, at: datetime) -> int:
    """One checkpoint over the links after the newest one; how many they are. Of none, none is made."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    newest = LedgerCheckpoint.objects.order_by("-number").first()
    first = newest.last + 1 if newest else 1
    hashes = link_hashes(first, first + MOST - 1)
    if not hashes:
        return 0
    made = LedgerCheckpoint(
        number=newest.number + 1 if newest else 1,
        first=first,
        last=first + len(hashes) - 1,
        root=Tree([bytes.fromhex(text) for text in hashes]).root.hex(),
        head=hashes[-1],
        previous=newest.digest() if newest else GENESIS,
        made_at=at,
        public_key=signing.public_key(),
    )
    made.signature = signing.sign(made.statement())
    made.save(force_insert=True)
    return len(hashes)


def link_hashes(first: int, last: int) -> list[str]:
    """The hashes of these links in their order."""
    links = LedgerLink.objects.filter(position__gte=first, position__lte=last).order_by("position")
    return list(links.values_list("hash", flat=True))
