"""How long the other side asks us to wait: the header `Retry-After` (RFC 9110, 10.2.3)."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

#: Digits of the longest pause that is read as what it says; anything longer is as good as for ever.
_DIGITS = 9
FOREVER = timedelta(days=365)


def pause_of(header: str | None, *, at: datetime) -> timedelta | None:
    """A number of seconds, or a moment; None for nothing, what has passed, and what cannot be read.

    Whoever waits caps it: the other side may write anything.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text)), FOREVER) if len(text) <= _DIGITS else FOREVER
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date without a zone is one in UTC.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(moment - at, FOREVER) if moment > at else None
