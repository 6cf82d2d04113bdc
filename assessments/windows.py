"""When agreement with quality assurance still counts after the tool or its model changed (DESIGN §4).

Predicates over small values; whoever asks has read the rows already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: So long an agreement with the version before counts.
CARRIES = timedelta(days=90)
#: So many fresh cases keep it, within so long.
FRESH_CASES = 15
FRESH_WITHIN = timedelta(days=14)
#: After the first look at shadow samples, another one wants so many that were not in it.
FRESH_FOR_A_LOOK = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """One version of a tool: since when, until when fresh cases keep agreement, how long it carries over."""

    number: int
    since: datetime
    fresh_by: datetime
    carries_until: datetime
    material: bool = False


class Lost(StrEnum):
    """Why agreement with an earlier version no longer counts."""

    MATERIAL = "material"
    EXPIRED = "expired"
    NOT_FRESH = "not_fresh"


@dataclass(frozen=True, kw_only=True, slots=True)
class Carry:
    """Whether a look still counts. lapses_at: when it stops, if nothing more is done; None: not by time.

    fresh_missing: so many fresh cases keep it beyond `lapses_at`. lost: why it counts no more.
    """

    lapses_at: datetime | None = None
    fresh_missing: int = 0
    lost: Lost | None = None


def carry_over(*, newer: Sequence[Window], fresh: Mapping[int, int], at: datetime) -> Carry:
    """What a look of an earlier version is worth now.

    newer: the versions since that look, oldest first. fresh: by number, how many cases of that version the
    person judged before its `fresh_by`. A version that was replaced before then asks for nothing.
    """
    if not newer:
        return Carry()
    if any(window.material for window in newer):
        return Carry(lost=Lost.MATERIAL)
    carries_until = newer[0].carries_until
    if at >= carries_until:
        return Carry(lost=Lost.EXPIRED)
    ends = [window.since for window in newer[1:]] + [at]
    for window, end in zip(newer, ends, strict=True):
        if end >= window.fresh_by and fresh.get(window.number, 0) < FRESH_CASES:
            return Carry(lost=Lost.NOT_FRESH)
    current = newer[-1]
    missing = max(FRESH_CASES - fresh.get(current.number, 0), 0)
    return Carry(
        lapses_at=min(carries_until, current.fresh_by) if missing else carries_until, fresh_missing=missing
    )


def oldest_counted(*, windows: Sequence[Window], at: datetime) -> int:
    """Number of the oldest version whose samples a look may use now. windows: all versions, oldest first."""
    oldest = 1
    for window in windows:
        if window.number > 1 and (window.material or at >= window.carries_until):
            oldest = window.number
    return oldest


def missing_for_look(*, sample_size: int, counted: int, fresh: int | None) -> int:
    """How many more scored samples bring the next look; 0 where it is due.

    counted: those that a look may use. fresh: of them, since the latest look; None before the first.
    """
    more_for_size = sample_size - counted
    more_for_fresh = 0 if fresh is None else FRESH_FOR_A_LOOK - fresh
    return max(more_for_size, more_for_fresh, 0)
