"""Ledger entries as they leave the house: with their link, and the proof that a checkpoint holds them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from enablement.ledger.canonical import moment
from enablement.ledger.merkle import Tree
from enablement.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerLink
from enablement.ledger.services.checkpointing import link_hashes

#: Links in one question to the database.
CHUNK = 2_000


def checkpoints_of(positions: Sequence[int]) -> list[LedgerCheckpoint]:
    """The checkpoints that hold these places, which are in order, and the newest one."""
    held: list[LedgerCheckpoint] = []
    rest = iter(positions)
    place = next(rest, None)
    checkpoints = list(LedgerCheckpoint.objects.order_by("number"))
    for checkpoint in checkpoints:
        holds = False
        while place is not None and place <= checkpoint.last:
            holds, place = True, next(rest, None)
        if holds:
            held.append(checkpoint)
    return held if held[-1:] == checkpoints[-1:] else [*held, checkpoints[-1]]


def proven(positions: Sequence[int], checkpoints: Sequence[LedgerCheckpoint]) -> Iterator[dict[str, Any]]:
    """Each entry with its link and its audit path; one tree is in memory at a time."""
    start = 0
    for checkpoint in checkpoints:
        end = start
        while end < len(positions) and positions[end] <= checkpoint.last:
            end += 1
        own, start = positions[start:end], end
        if not own:
            continue
        hashes = link_hashes(checkpoint.first, checkpoint.last)
        tree = Tree([bytes.fromhex(text) for text in hashes])
        for link in _links(own):
            index = link.position - checkpoint.first
            path = [node.hex() for node in tree.proof(index)]
            yield {**as_json(link), "checkpoint": checkpoint.number, "index": index, "proof": path}


def _links(positions: Sequence[int]) -> Iterator[LedgerLink]:
    for start in range(0, len(positions), CHUNK):
        chunk = LedgerLink.objects.filter(position__in=positions[start : start + CHUNK])
        yield from chunk.select_related("entry").order_by("position")


def as_json(link: LedgerLink) -> dict[str, Any]:
    """A link and its entry with every column, times as the ledger writes them."""
    entry = link.entry
    return {
        "position": link.position,
        "previous": link.previous_hash,
        "linked_at": moment(link.linked_at),
        "hash": link.hash,
        "entry": {
            "id": str(entry.pk),
            "at": moment(entry.at),
            "recorded_at": moment(entry.recorded_at),
            "kind": entry.kind,
            "actor_id": str(entry.actor_id) if entry.actor_id else None,
            "actor_label": entry.actor_label,
            "subject_type": entry.subject_type,
            "subject_id": entry.subject_id,
            "policy_revision": entry.policy_revision,
            "payload": entry.payload,
            "sha256": entry.sha256,
        },
    }


def from_json(said: dict[str, Any]) -> LedgerLink:
    """The same, back again, without a database. Raises KeyError, TypeError or ValueError."""
    own = dict(said["entry"])
    entry = LedgerEntry(
        **{
            **own,
            "id": UUID(own["id"]),
            "at": datetime.fromisoformat(own["at"]),
            "recorded_at": datetime.fromisoformat(own["recorded_at"]),
            "actor_id": UUID(own["actor_id"]) if own["actor_id"] else None,
        }
    )
    return LedgerLink(
        position=said["position"],
        entry=entry,
        previous_hash=said["previous"],
        hash=said["hash"],
        linked_at=datetime.fromisoformat(said["linked_at"]),
    )
