"""Retention as it stands: the rule, what it took last, what is held, what was erased."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min

from enablement.access.models import Erasure, LegalHold, Policy
from enablement.ledger.models import LedgerContent, LedgerEntry

SHOWN = 50


def overview(*, at: datetime) -> dict[str, Any]:
    """For the page, in seven queries: `oldest` is the time of the oldest words, None where there are none.

    `purge`: the last one that removed something, as `{"at", "contents", "words"}`. `due`: whether a live
    hold should have been looked at again by now, by its id.
    """
    policy = Policy.objects.first()
    holds = LegalHold.objects.select_related("person", "microtool", "placed_by", "ended_by")
    live = list(holds.live())
    last = LedgerEntry.objects.filter(kind="access.content_purged").order_by("-at").first()
    return {
        "policy": policy,
        "before": at - timedelta(days=policy.retention_days) if policy else None,
        "oldest": LedgerContent.objects.kept().aggregate(oldest=Min("at"))["oldest"],
        "purge": {"at": last.at, **json.loads(last.payload)} if last else None,
        "live": live,
        "due": {hold.pk for hold in live if hold.review_on <= at.date()},
        "ended": list(holds.exclude(ended_at=None)[:SHOWN]),
        "erasures": list(Erasure.objects.select_related("person", "done_by")[:SHOWN]),
    }
