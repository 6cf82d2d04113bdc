"""How long the completion of a module holds, and whether the module is to be gone through again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from tracks.months import months_later, renewable_from


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """A completion `at` a moment. given_at: when the module was last gone through; holds_until: it lapses."""

    given_at: datetime
    holds_until: datetime
    at: datetime

    @classmethod
    def of(
        cls,
        *,
        completed_at: datetime | None,
        renewed_at: datetime | None,
        valid_months: int | None,
        at: datetime,
    ) -> Self | None:
        """None where the module is not completed, or its completion holds for good."""
        if completed_at is None or valid_months is None:
            return None
        given_at = max(completed_at, renewed_at or completed_at)
        return cls(given_at=given_at, holds_until=months_later(given_at, valid_months), at=at)

    @property
    def opens_at(self) -> datetime:
        """From when the module can be gone through again; for good, until that is done."""
        return renewable_from(self.given_at, self.holds_until)

    @property
    def open(self) -> bool:
        return self.opens_at <= self.at

    @property
    def lapsed(self) -> bool:
        return self.holds_until <= self.at


def counts_as_read(read_at: datetime | None, holding: Holding | None) -> bool:
    """Whether a lesson that was last read then is read now: in an open round, since that round opened."""
    return read_at is not None and (holding is None or not holding.open or read_at >= holding.opens_at)
