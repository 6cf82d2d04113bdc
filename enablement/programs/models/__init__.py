from enablement.programs.models.attendance import Attendance
from enablement.programs.models.calendar_address import CalendarAddress
from enablement.programs.models.session import Session

__all__ = ["Attendance", "CalendarAddress", "Session"]
