"""Reads for the pages of playbooks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from enablement.access import tightening
from enablement.access.models import Gate, Microtool, RoleProfile
from enablement.access.overlays import Overlay, asks
from enablement.ledger.models import LedgerEntry, PolicyRevision
from enablement.people.models import User
from enablement.playbook.models import PlaybookDraft
from enablement.playbook.phrases import gate_phrases, phrase
from tracks.models import Track


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackInForce:
    """One track in words: whom it is for, what it asks, what it opens."""

    track: Track
    modules: int
    conditions: tuple[str, ...]
    tools: tuple[Microtool, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OverlayInForce:
    """One overlay in words: for whom (all of it has to fit), on which tracks (empty: all), what it asks."""

    overlay: Overlay
    people: tuple[str, ...]
    tracks: tuple[str, ...]
    asks: tuple[str, ...]


def drafts(user: User) -> QuerySet[PlaybookDraft]:
    """What this person sees of what was uploaded and is not in force, the latest first."""
    found = PlaybookDraft.objects.visible_to(user).waiting()
    return found.defer("document", "content").select_related("uploaded_by")


def revisions() -> Any:
    """All revisions, newest first, without their documents."""
    return PolicyRevision.objects.defer("document").select_related("applied_by")


def tracks_in_force() -> list[TrackInForce]:
    """Constant queries."""
    conditions = {gate.track_id: tuple(gate_phrases(gate.tree)) for gate in Gate.objects.all()}
    tools = Prefetch("microtools", Microtool.objects.live(), to_attr="live_tools")
    rows: Any = (
        Track.objects.live()
        .select_related("role")
        .annotate(module_count=Count("modules", filter=Q(modules__retired_at=None)))
        .prefetch_related(tools)
    )
    return [
        TrackInForce(
            track=track,
            modules=track.module_count,
            conditions=conditions.get(track.pk, ()),
            tools=tuple(track.live_tools),
        )
        for track in rows
    ]


def overlays_in_force(tracks: Sequence[TrackInForce]) -> list[OverlayInForce]:
    """One query. tracks: those in force, for their titles."""
    policy = tightening.in_force()
    overlays = policy.overlays if policy else ()
    titles = {each.track.key: each.track.title for each in tracks}
    return [
        OverlayInForce(
            overlay=overlay,
            people=(*sorted(overlay.regions), *sorted(overlay.lines), *map(_risk, sorted(overlay.risks))),
            tracks=tuple(titles.get(key, key) for key in sorted(overlay.tracks)),
            asks=(*(phrase(node) for node in overlay.conditions), *asks(overlay)),
        )
        for overlay in overlays
    ]


def _risk(tolerance: str) -> str:
    return _("risk tolerance %(tolerance)s") % {"tolerance": tolerance}


def roles_in_force() -> list[RoleProfile]:
    rows = RoleProfile.objects.filter(role__retired_at=None).select_related("role")
    return list(rows.order_by("role__key"))


def applied_facts(number: int) -> dict[str, Any]:
    """What the ledger says about applying this revision: `changes`, `gain`, `lose`, `gaps`."""
    entry = (
        LedgerEntry.objects.about("ledger.policyrevision", str(number))
        .filter(kind="playbook.applied")
        .order_by("recorded_at")
        .first()
    )
    facts: dict[str, Any] = json.loads(entry.payload) if entry else {}
    return facts
