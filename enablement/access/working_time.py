"""The clock of approvals: it runs on working days, Monday to Friday, from 09:00 to 17:00 in one zone.

It reads the wall clock, so a day on which the clocks change has eight working hours like any other. Public
holidays are not known.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OPENS, CLOSES = time(9), time(17)
_WORKING_DAYS = range(5)  # Monday is 0
_DAY = timedelta(days=1)


def after(start: datetime, amount: timedelta, *, zone: str) -> datetime:
    """When `amount` of working time has passed since `start` (aware); UTC.

    What begins outside working time begins when the next working day opens; what fills a day ends as it
    closes. Raises ValueError for a negative amount.
    """
    if amount < timedelta(0):
        raise ValueError(f"{amount} is negative.")
    local = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    day = local.date()
    while True:
        begins, ends = _working(day, earliest=local)
        if day.weekday() in _WORKING_DAYS and begins <= ends:
            if amount <= ends - begins:
                return (begins + amount).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
            amount -= ends - begins
        day += _DAY


def _working(day: date, *, earliest: datetime) -> tuple[datetime, datetime]:
    """What would be this day's working time not before `earliest`; over where the second comes first."""
    return max(datetime.combine(day, OPENS), earliest), datetime.combine(day, CLOSES)
