"""One's sessions in one's own calendar: by an address that is shown once and ends with another one."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from icalendar import Calendar

from enablement.ledger.models import LedgerEntry
from enablement.programs.models import CalendarAddress
from enablement.programs.services import cancel_session, make_calendar_address
from tests.people.factories import UserFactory
from tests.programs.sessions.factories import DAY, HOUR, NOW, PRESENT, SessionFactory, mark
from tests.programs.sessions.test_pages import as_
from tests.tracks.factories import EnrolmentFactory

__all__ = ["as_"]
pytestmark = pytest.mark.django_db


def events(response):
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    return {str(event["summary"]): event for event in Calendar.from_ical(response.content).events}


def test_it_holds_what_one_attends_and_holds_and_says_what_is_cancelled(client):
    now = timezone.now().replace(microsecond=0)
    mine = EnrolmentFactory()
    cohort, pm = mine.cohort, mine.cohort.created_by
    coming = SessionFactory(cohort=cohort, title="Coming", starts_at=now + DAY, link="https://meet.example/1")
    off = SessionFactory(cohort=cohort, title="Off", starts_at=now + DAY)
    cancel_session(session=off, reason="No room", actor=pm, at=now)
    SessionFactory(host=mine.user, title="Held by me", starts_at=now)
    SessionFactory(title="Elsewhere", starts_at=now)
    SessionFactory(cohort=cohort, title="Long ago", starts_at=now - 91 * DAY)
    mark(mine, PRESENT, at=now)
    token = make_calendar_address(actor=mine.user, at=now)
    found = events(client.get(f"/calendar/{token}.ics"))
    assert {"Coming", "Off", "Held by me"} <= set(found)
    assert not {"Elsewhere", "Long ago"} & set(found)
    event = found["Coming"]
    assert (event["uid"], event.start, event.end) == (f"{coming.pk}@enablement", now + DAY, now + DAY + HOUR)
    assert (event["location"], event["url"], event["status"]) == (
        *("Room 4", "https://meet.example/1"),
        "CONFIRMED",
    )
    assert (found["Off"]["status"], found["Off"]["description"]) == ("CANCELLED", "No room")
    assert "present" not in client.get(f"/calendar/{token}.ics").content.decode().lower()


def test_the_address_is_shown_once_and_ends_with_another_one_or_by_hand(as_, client):
    user = SessionFactory(starts_at=timezone.now() + DAY).host
    signed_in = as_(user)
    assert signed_in.get("/sessions/calendar/").status_code == 405
    made = [
        re.search(r"/calendar/([\w-]{43})\.ics", signed_in.post("/sessions/calendar/").content.decode())[1]
        for _ in range(2)
    ]
    client.logout()
    assert [client.get(f"/calendar/{token}.ics").status_code for token in made] == [404, 200]
    assert made[1] not in as_(user).get("/sessions/").content.decode()
    assert as_(user).post("/sessions/calendar/end/").status_code == 302
    client.logout()
    assert client.get(f"/calendar/{made[1]}.ics").status_code == 404
    assert list(LedgerEntry.objects.order_by("recorded_at").values_list("kind", flat=True)) == [
        *["programs.calendar_address_made"] * 2,
        "programs.calendar_address_ended",
    ]


def test_who_has_left_and_who_guesses_get_nothing(client):
    user = UserFactory()
    token = make_calendar_address(actor=user, at=NOW)
    stored = CalendarAddress.objects.get().sha256
    assert [client.get(f"/calendar/{guess}.ics").status_code for guess in ("x", stored)] == [404, 404]
    user.is_active = False
    user.save()
    assert client.get(f"/calendar/{token}.ics").status_code == 404


def test_only_a_digest_is_kept():
    with pytest.raises(IntegrityError, match="calendar_address_holds_a_digest"), transaction.atomic():
        CalendarAddress.objects.create(user=UserFactory(), sha256="secret", made_at=NOW)


@pytest.mark.parametrize("size", [1, 6])
def test_two_queries_for_any_number_of_sessions(client, size, django_assert_num_queries):
    host = UserFactory()
    for _ in range(size):
        SessionFactory(host=host, starts_at=timezone.now())
    token = make_calendar_address(actor=host, at=NOW)
    with django_assert_num_queries(2):
        assert len(events(client.get(f"/calendar/{token}.ics"))) == size
