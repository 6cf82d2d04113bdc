"""Sessions and marks for tests: one hour each, a day apart, held by somebody who does not learn there."""

from datetime import timedelta

import factory

from enablement.programs.models import Attendance, Session
from enablement.programs.services import mark_attendance
from tests.people.factories import UserFactory
from tests.tracks.factories import START, CohortFactory

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: After the first ten sessions of these factories.
NOW = START + 30 * DAY
PRESENT, ABSENT, EXCUSED = Attendance.Mark.values


class SessionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Session

    cohort = factory.SubFactory(CohortFactory)
    title = factory.Sequence(lambda n: f"Session {n}")
    starts_at = START + DAY
    ends_at = factory.LazyAttribute(lambda session: session.starts_at + HOUR)
    host = factory.SubFactory(UserFactory)
    place = "Room 4"
    planned_by = factory.SelfAttribute("cohort.created_by")
    planned_at = START


def mark(enrolment, *marks, at=NOW):
    """One session of the person's cohort for each of `marks`, a day apart; None leaves them out of it."""
    made = []
    for number, word in enumerate(marks):
        session = SessionFactory(cohort=enrolment.cohort, starts_at=START + number * DAY)
        made.append(session)
        if word:
            mark_attendance(session=session, marks={enrolment.pk: word}, actor=session.host, at=at)
    return made
