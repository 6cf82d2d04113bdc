"""What is done with programs."""

from enablement.programs.services.attendance import mark_attendance
from enablement.programs.services.calendars import end_calendar_address, make_calendar_address
from enablement.programs.services.sessions import Details, cancel_session, change_session, plan_session

__all__ = [
    "Details",
    "cancel_session",
    "change_session",
    "end_calendar_address",
    "make_calendar_address",
    "mark_attendance",
    "plan_session",
]
