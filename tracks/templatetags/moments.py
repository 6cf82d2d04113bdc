"""Moments, as pages say them."""

from datetime import datetime, time, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format

register = template.Library()


@register.filter
def last_minute(end: datetime | None) -> datetime | None:
    """`end`, which is not included any more; where it is the reader's midnight, the minute before.

    "Until 16 Dec, 00:00" reads as if the 16th were included; "15 Dec, 23:59" leaves no doubt.
    """
    if end is None or timezone.localtime(end).time() != time.min:
        return end
    return end - timedelta(minutes=1)


@register.filter
def end_after(end: datetime, start: datetime) -> str:
    """The end of something beside its beginning: its day is said only where it is another one."""
    begins, ends = timezone.localtime(start), timezone.localtime(end)
    return date_format(ends, "H:i T" if begins.date() == ends.date() else "D j M, H:i T")
