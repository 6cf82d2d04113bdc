"""The decision log: its index follows the chain, and who reads it is recorded."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from enablement.access.models import DecisionLogMark, DecisionRecord, OutcomeReport
from enablement.access.services.decisions.deciding import keyed
from enablement.ledger import services as ledger
from enablement.ledger.models import LedgerEntry, LedgerLink
from enablement.people.models import User

KIND, REPORTED = "access.decided", "access.outcome_reported"
#: Links of one transaction.
BATCH = 5_000
PROMPT_MAX = 100
#: The reason under which an entry is found that somebody altered beyond reading.
UNREADABLE = "unreadable"
LINK_FIELDS = (
    "position",
    "entry_id",
    "entry__kind",
    "entry__at",
    "entry__recorded_at",
    "entry__payload",
    "entry__subject_id",
)


class Link(NamedTuple):
    """A link of the chain with its entry: `LINK_FIELDS`, in their order."""

    position: int
    entry: UUID
    kind: str
    at: datetime
    recorded_at: datetime
    payload: str
    subject: str


def project(*, once: bool = False) -> int:
    """Bring the index up to the head of the chain; returns how many decisions were added.

    Idempotent, and two at once take turns: what is indexed and how far it goes commit together.
    once: a single batch, for whoever cannot wait for more.
    """
    added = 0
    while True:
        links, decisions = _project_batch()
        added += decisions
        if links < BATCH or once:
            return added


def catch_up(*, at: datetime) -> None:
    """Before a page is shown: what happened a second ago is in it. After an outage the jobs do the rest."""
    ledger.link(at=at, once=True)
    project(once=True)


@transaction.atomic
def _project_batch() -> tuple[int, int]:
    DecisionLogMark.objects.get_or_create(pk=DecisionLogMark.SINGLETON)
    mark = DecisionLogMark.objects.select_for_update().get()
    entries = LedgerLink.objects.filter(position__gt=mark.position).order_by("position")
    links = [Link(*row) for row in entries.values_list(*LINK_FIELDS)[:BATCH]]
    rows = [_record(link) for link in links if link.kind == KIND]
    DecisionRecord.objects.bulk_create(rows)
    _note_reports([link for link in links if link.kind == REPORTED])
    if links:
        mark.position, mark.recorded_at = links[-1].position, links[-1].recorded_at
        mark.save(update_fields=["position", "recorded_at"])
    return len(links), len(rows)


def _note_reports(links: Sequence[Link]) -> None:
    """The latest report of each decision stands beside it; a statement for each outcome."""
    latest: dict[UUID, str] = {}
    for link in links:
        with suppress(ValueError, KeyError, TypeError):
            said = json.loads(link.payload)["outcome"]
            latest[UUID(link.subject)] = OutcomeReport.Outcome(said).value
    by_outcome: dict[str, list[UUID]] = defaultdict(list)
    for decision, outcome in latest.items():
        by_outcome[outcome].append(decision)
    for outcome, decisions in by_outcome.items():
        DecisionRecord.objects.filter(entry__in=decisions).update(reported=outcome)


def _record(link: Link) -> DecisionRecord:
    row = DecisionRecord(position=link.position, entry=link.entry, at=link.at)
    try:
        said = json.loads(link.payload)
        row.person = UUID(said["user"]) if said["user"] else None
        row.microtool, row.outcome, row.reason = said["microtool"], said["outcome"], said["reason"]
        # A caller may write anything there; nothing of the library has a longer key.
        row.prompt = str(said.get("prompt") or "")[:PROMPT_MAX]
    except (ValueError, KeyError, TypeError):
        # It stays to be found: leaving it out would hide what was done to it.
        row.microtool, row.outcome, row.reason = link.subject[:100], "", UNREADABLE
    return row


@transaction.atomic
def note_reading(
    *, kind: str, what: str, wanted: Mapping[str, Any], text: str = "", actor: User, at: datetime
) -> LedgerEntry:
    """Who reads evidence is evidence too: `access.<kind>_read` with ids, and a keyed hash of what was typed.

    what: "page", "csv" or the id of a single entry. Without this record nothing is shown.
    """
    payload = {name: value for name, value in wanted.items() if value}
    return ledger.record(
        kind=f"access.{kind}_read",
        subject=(f"access.{kind}", what),
        actor=actor,
        at=at,
        payload=payload | ({"text_hmac": keyed(text)} if text else {}),
    )
