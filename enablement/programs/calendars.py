"""Sessions as an iCalendar file (RFC 5545)."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from enablement.programs.models import Session


def calendar_of(sessions: Iterable[Session], *, at: datetime) -> bytes:
    """One event for each, in UTC; what is cancelled says so. Nobody's attendance is in it."""
    calendar = Calendar()
    calendar.add("prodid", "-//Enablement//Sessions//EN")
    calendar.add("version", "2.0")
    calendar.add("name", _("Enablement sessions"))
    calendar.add("x-wr-calname", _("Enablement sessions"))
    for session in sessions:
        calendar.add_component(_event(session, at))
    made: bytes = calendar.to_ical()
    return made


def _event(session: Session, at: datetime) -> Event:
    event = Event()
    event.add("uid", f"{session.pk}@enablement")
    event.add("dtstamp", at)
    event.add("dtstart", session.starts_at)
    event.add("dtend", session.ends_at)
    event.add("summary", session.title)
    event.add("status", "CANCELLED" if session.cancelled_at else "CONFIRMED")
    event.add("location", session.place or session.link)
    if session.link:
        event.add("url", session.link)
    words = {"cohort": session.cohort.name, "host": session.host}
    event.add("description", session.cancel_reason or _("%(cohort)s, held by %(host)s") % words)
    return event
