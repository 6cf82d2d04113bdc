"""Who hears of a session by e-mail: its host, that they hold it; everybody, of a change or the end of it."""

from dataclasses import replace

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from enablement.jobs.models import Job
from enablement.people.models import User
from enablement.programs.models import Session
from enablement.programs.services import Details, cancel_session, change_session, plan_session, telling
from tests.jobs.conftest import run
from tests.people.factories import UserFactory
from tests.programs.sessions.factories import HOUR
from tests.tracks.factories import CohortFactory, EnrolmentFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def cohort(time_machine):
    time_machine.move_to(NOW, tick=False)
    cohort = CohortFactory(name="Wave 4")
    for number in (1, 2):
        EnrolmentFactory(cohort=cohort, user__email=f"learner{number}@example.com")
    EnrolmentFactory(cohort=cohort, user__email="gone@example.com", user__is_active=False)
    EnrolmentFactory()
    return cohort


@pytest.fixture
def details():
    return Details(
        title="Kick-off",
        starts_at=NOW + 24 * HOUR,
        ends_at=NOW + 25 * HOUR,
        host=UserFactory(email="host@example.com"),
        place="Room 4",
    )


@pytest.fixture
def session(cohort, details):
    made = plan_session(cohort=cohort, details=details, actor=cohort.created_by, at=NOW)
    sent()
    return made


def sent():
    """What the jobs that wait send now, by their readers."""
    mail.outbox.clear()
    while waiting := list(Job.objects.unfinished().order_by("created_at")):
        for job in waiting:
            run(job)
    return {message.to[0]: message for message in mail.outbox}


def change(session, details, **to):
    return change_session(
        session=session, details=replace(details, **to), actor=session.cohort.created_by, at=NOW
    )


def test_a_planned_session_is_told_to_its_host_alone(cohort, details):
    plan_session(cohort=cohort, details=details, actor=cohort.created_by, at=NOW)
    assert sent().keys() == {"host@example.com"}
    [message] = mail.outbox
    assert message.subject.startswith("You hold “Kick-off” on ")
    assert "of Wave 4" in message.body
    assert "Where: Room 4" in message.body
    assert Session.objects.get().get_absolute_url() in message.body


def test_another_time_is_told_to_everybody_as_it_is_now(session, details):
    change(session, details, starts_at=NOW + 30 * HOUR, ends_at=NOW + 31 * HOUR, place="Room 5")
    found = sent()
    assert found.keys() == {"host@example.com", "learner1@example.com", "learner2@example.com"}
    told = found["learner1@example.com"]
    assert told.subject.startswith("Changed: “Kick-off” is on ")
    assert "Where: Room 5" in told.body
    assert reverse("my_sessions") in told.body
    assert session.get_absolute_url() not in told.body
    assert session.get_absolute_url() in found["host@example.com"].body


def test_a_message_sent_twice_has_one_id_and_a_second_change_another(session, details):
    [learner] = User.objects.filter(email="learner1@example.com")
    ids = []
    for moment in ("first", "first", "second"):
        telling.mail_session(
            session_id=session.pk, what=telling.CHANGED, told_at=moment, user_ids=[learner.pk], at=NOW
        )
        ids.append(mail.outbox[-1].extra_headers["Message-ID"])
    assert ids[0] == ids[1] != ids[2]


def test_another_title_is_told_to_nobody_and_another_host_to_both(session, details):
    change(session, details, title="Welcome")
    assert sent() == {}
    change(session, details, title="Welcome", host=UserFactory(email="new@example.com"))
    assert sent().keys() == {"new@example.com"}


def test_a_cancelled_session_says_why_and_nothing_else_is_told_of_it(session, details):
    change(session, details, place="Room 5")
    cancel_session(session=session, reason="The host is ill.", actor=session.cohort.created_by, at=NOW)
    found = sent()
    assert found.keys() == {"host@example.com", "learner1@example.com", "learner2@example.com"}
    assert len(mail.outbox) == 3
    assert "does not take place" in found["learner2@example.com"].body
    assert "Why: The host is ill." in found["learner2@example.com"].body


def test_what_was_held_before_it_was_written_down_is_told_to_nobody(cohort, details):
    held = replace(details, starts_at=NOW - 2 * HOUR, ends_at=NOW - HOUR)
    plan_session(cohort=cohort, details=held, actor=cohort.created_by, at=NOW)
    assert not Job.objects.exists()
