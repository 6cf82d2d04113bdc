from enablement.programs.views.attendance import my_sessions, session
from enablement.programs.views.calendars import calendar, calendar_end, calendar_make
from enablement.programs.views.path import my_path
from enablement.programs.views.readiness import cohort_readiness, readiness
from enablement.programs.views.sessions import cohort_sessions, session_cancel, session_edit, session_new

__all__ = [
    "calendar",
    "calendar_end",
    "calendar_make",
    "cohort_readiness",
    "cohort_sessions",
    "my_path",
    "my_sessions",
    "readiness",
    "session",
    "session_cancel",
    "session_edit",
    "session_new",
]
