"""What is done with programs."""

from enablement.programs.services.attendance import mark_attendance
from enablement.programs.services.sessions import Details, cancel_session, change_session, plan_session

__all__ = ["Details", "cancel_session", "change_session", "mark_attendance", "plan_session"]
