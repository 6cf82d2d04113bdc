"""Moments, as pages say them."""

from datetime import datetime, time, timedelta

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def last_minute(end: datetime | None) -> datetime | None:
    """`end`, which is not included any more; where it is the reader's midnight, the minute before.

    "Until 16 Dec, 00:00" reads as if the 16th were included; "15 Dec, 23:59" leaves no doubt.
    """
    if end is None or timezone.localtime(end).time() != time.min:
        return end
    return end - timedelta(minutes=1)
