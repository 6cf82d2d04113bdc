"""Sessions in the demo: some held and marked, one that waits for its marks, one still to come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from enablement.demo.cast import DOMAIN
from enablement.people.models import User
from enablement.programs.models import Attendance, Session
from enablement.programs.services import Details, mark_attendance, plan_session
from tracks.models import Cohort, Enrolment

Mark = Attendance.Mark
#: People who were not at a session of their cohort, by handle.
MISSED = {"engineer5": Mark.ABSENT, "engineer12": Mark.EXCUSED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """days: from today, at which full hour (UTC). marks: who was not there; None where nobody has said."""

    title: str
    days: int
    hour: int
    host: str
    place: str = ""
    link: str = ""
    marks: Mapping[str, str] | None = None


FRONT_LINE = (
    Plan(
        title="Kick-off",
        days=-8,
        hour=9,
        host="mentor1",
        place="Training room 2",
        link="https://meet.demo.example/front-line",
        marks=MISSED,
    ),
    Plan(
        title="Where the yellow zone begins",
        days=-1,
        hour=13,
        host="mentor1",
        link="https://meet.demo.example/front-line",
    ),
    Plan(
        title="Cases of the week",
        days=2,
        hour=13,
        host="mentor1",
        link="https://meet.demo.example/front-line",
    ),
)
MANAGERS = (
    Plan(title="Kick-off", days=-7, hour=8, host="mentor1", place="Training room 1", marks={}),
    Plan(
        title="Approvals that take two",
        days=-3,
        hour=8,
        host="mentor1",
        place="Training room 1",
        marks={"opsmanager": Mark.ABSENT},
    ),
    Plan(title="Look back", days=4, hour=8, host="mentor1", place="Training room 1"),
)


def build(people: Mapping[str, User], *, start: datetime, at: datetime) -> None:
    """Both cohorts were planned at `start`; what is over is marked the hour after it."""
    for track, plans in (("frontline_ops_t1", FRONT_LINE), ("ops_manager_track", MANAGERS)):
        cohort = Cohort.objects.get(track__key=track)
        for plan in plans:
            session = _plan(cohort, plan, people, start=start, at=at)
            if plan.marks is not None:
                _mark(session, plan.marks)


def _plan(
    cohort: Cohort, plan: Plan, people: Mapping[str, User], *, start: datetime, at: datetime
) -> Session:
    day = at + timedelta(days=plan.days)
    begins = day.replace(hour=plan.hour, minute=0, second=0, microsecond=0)
    details = Details(
        title=plan.title,
        starts_at=begins,
        ends_at=begins + timedelta(hours=1),
        host=people[plan.host],
        place=plan.place,
        link=plan.link,
    )
    return plan_session(cohort=cohort, details=details, actor=people["pm"], at=start)


def _mark(session: Session, missed: Mapping[str, str]) -> None:
    enrolments = Enrolment.objects.live().filter(cohort=session.cohort).select_related("user")
    marks = {
        each.pk: missed.get(each.user.email.removesuffix(f"@{DOMAIN}"), Mark.PRESENT.value)
        for each in enrolments
    }
    mark_attendance(session=session, marks=marks, actor=session.host, at=session.ends_at)
