"""Time zones by their IANA names."""

import functools
import zoneinfo
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

#: In the list of names, but no zone that a person could mean; "localtime" differs from machine to machine.
NO_PLACES = frozenset({"Factory", "localtime"})


@functools.lru_cache(maxsize=1)
def names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - NO_PLACES)


def validate_zone(value: str) -> None:
    if value not in names():
        raise ValidationError(
            _("“%(zone)s” is not a time zone; expected a name such as Europe/Berlin."),
            code="unknown_zone",
            params={"zone": value},
        )


def local_date(at: datetime, zone: str) -> date:
    """The calendar day of an instant in a zone."""
    return at.astimezone(zoneinfo.ZoneInfo(zone)).date()


def in_words(at: datetime) -> str:
    """A moment inside a sentence, in the reader's zone and as pages write it: 5 Nov 2026, 09:01 UTC."""
    return date_format(localtime(at), "j M Y, H:i T")
