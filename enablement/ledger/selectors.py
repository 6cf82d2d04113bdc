"""Reads of the ledger."""

from datetime import datetime, timedelta

from django.db.models import Min

from enablement.ledger.models import LedgerEntry, LedgerLink, PolicyRevision

#: The longest time that a transaction may stay open after it has recorded an entry.
LONGEST_TRANSACTION = timedelta(hours=1)


def tail_start(head: LedgerLink | None, *, at: datetime) -> datetime | None:
    """Entries recorded before this moment are linked already; None: there may be unlinked ones anywhere.

    An entry appears when its transaction commits, so it may be older than the head, but by no more than a
    transaction lasts. `at` (now) counts where the head was recorded by a clock that ran ahead.
    `link(everything=True)`, which `verify` uses, relies on none of that.
    """
    recorded_at = head.recorded_at() if head else None
    return min(recorded_at, at) - LONGEST_TRANSACTION if recorded_at else None


def oldest_unlinked_seconds(at: datetime) -> float:
    """For how long the oldest entry outside the chain has waited; 0.0 where there is none."""
    since = tail_start(LedgerLink.objects.head(), at=at)
    oldest = LedgerEntry.objects.unlinked(since=since).aggregate(oldest=Min("recorded_at"))["oldest"]
    return max(0.0, (at - oldest).total_seconds()) if oldest else 0.0


def current_revision() -> PolicyRevision | None:
    """The playbook in force; None before the first one."""
    return PolicyRevision.objects.order_by("-number").first()


def revision(number: int) -> PolicyRevision | None:
    return PolicyRevision.objects.filter(number=number).first()


def revision_at(at: datetime) -> PolicyRevision | None:
    """The playbook that was in force at that moment."""
    return PolicyRevision.objects.filter(applied_at__lte=at).order_by("-number").first()
