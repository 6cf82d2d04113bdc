"""Attempts: start, save, check a page, hand in, let lapse, mark, allow more.

The server's clock (`at`) says what is in time.
"""

from assessments.services.attempts.allowances import grant_extra, grant_time
from assessments.services.attempts.closing import lapse_overdue, submit
from assessments.services.attempts.marking import mark
from assessments.services.attempts.saving import check_page, flag, save
from assessments.services.attempts.starting import start
from assessments.services.draw import RANDOM

__all__ = [
    "RANDOM",
    "check_page",
    "flag",
    "grant_extra",
    "grant_time",
    "lapse_overdue",
    "mark",
    "save",
    "start",
    "submit",
]
