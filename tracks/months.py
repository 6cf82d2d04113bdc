"""Calendar months: a year later is the same day of the next year, wherever that day exists."""

from calendar import monthrange
from datetime import datetime, timedelta

#: So long before a proof lapses it may be given anew (DESIGN §4, grants).
REFRESHER = timedelta(days=60)


def months_later(at: datetime, months: int) -> datetime:
    """The same day and time `months` later; the last day of a month that has no such day."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    month += 1
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))


def renewable_from(given: datetime, lapses_at: datetime) -> datetime:
    """From when a proof that was given then may be given anew: `REFRESHER` before it lapses.

    Never before half of its time is over: what has only just been given is not asked for again.
    """
    return max(lapses_at - REFRESHER, given + (lapses_at - given) / 2)
