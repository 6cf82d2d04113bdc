"""Pages of sessions: who sees which, and what they say and save."""

import re

import pytest
from django.utils import timezone

from enablement.programs.models import Attendance, Session
from enablement.programs.services import cancel_session
from tests.people.factories import UserFactory
from tests.programs.sessions.factories import ABSENT, DAY, EXCUSED, HOUR, PRESENT, SessionFactory, mark
from tests.tracks.factories import CohortFactory, EnrolmentFactory, MentorshipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def cohort():
    return CohortFactory(name="Autumn")


@pytest.fixture
def pm(cohort):
    return cohort.created_by


@pytest.fixture
def session(cohort, now):
    """Began an hour ago."""
    return SessionFactory(cohort=cohort, title="Kick-off", starts_at=now - HOUR, ends_at=now + HOUR)


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user, backend=BACKEND)
        return client

    return sign_in


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def details(now, **changes):
    begins = timezone.localtime(now + DAY).replace(second=0, microsecond=0)
    return {
        "title": "Retrospective",
        "starts_at": f"{begins:%Y-%m-%dT%H:%M}",
        "ends_at": f"{begins + HOUR:%Y-%m-%dT%H:%M}",
        "place": "",
        "link": "https://meet.example/1",
    } | changes


class TestPlanning:
    def test_the_manager_plans_changes_and_cancels(self, as_, cohort, pm, now):
        client, host = as_(pm), UserFactory(name="Hanna")
        MentorshipFactory(enrolment=EnrolmentFactory(cohort=cohort), mentor=host)
        address = f"/cohorts/{cohort.pk}/sessions/new/"
        empty = client.get(address).content.decode()
        assert (f'value="{pm.email}"' in empty, f'<option value="{host.email}">Hanna' in empty) == (
            True,
            True,
        )
        faulty = client.post(address, details(now, host="nobody@example.com", link=""))
        assert (faulty.status_code, "Nobody here has this address." in text_of(faulty)) == (422, True)
        nowhere = client.post(address, details(now, host=host.email, link=""))
        assert (nowhere.status_code, "a place, a link, or both" in text_of(nowhere)) == (422, True)
        assert client.post(address, details(now, host=host.email)).status_code == 302
        made = Session.objects.get()
        assert (made.host, made.link) == (host, "https://meet.example/1")
        change = details(now, host=host.email, title="Look back")
        assert client.post(f"/sessions/{made.pk}/edit/", change).status_code == 302
        listed = text_of(client.get(f"/cohorts/{cohort.pk}/sessions/"))
        assert ("Look back" in listed, "Hanna" in listed, "Coming" in listed) == (True, True, True)
        assert client.post(f"/sessions/{made.pk}/cancel/", {"reason": ""}).status_code == 422
        assert client.post(f"/sessions/{made.pk}/cancel/", {"reason": "No room"}).status_code == 302
        assert "Cancelled" in text_of(client.get(f"/cohorts/{cohort.pk}/sessions/"))
        assert "No room" in text_of(client.get(f"/sessions/{made.pk}/"))

    def test_a_year_in_another_zone_at_the_end_of_the_calendar_is_refused_by_the_form(self, as_, cohort, pm):
        pm.timezone = "America/New_York"
        pm.save()
        far = {"starts_at": "9999-12-31T22:00", "ends_at": "9999-12-31T23:00", "host": pm.email}
        answer = as_(pm).post(f"/cohorts/{cohort.pk}/sessions/new/", details(timezone.now(), **far))
        assert (answer.status_code, "Check the year." in text_of(answer)) == (422, True)

    def test_it_is_nobody_elses(self, as_, cohort, session):
        planning = [
            f"/cohorts/{cohort.pk}/sessions/",
            f"/cohorts/{cohort.pk}/sessions/new/",
            f"/sessions/{session.pk}/edit/",
            f"/sessions/{session.pk}/cancel/",
        ]
        others = {
            session.host: [*planning],
            EnrolmentFactory(cohort=cohort).user: [*planning, f"/sessions/{session.pk}/"],
            CohortFactory().created_by: [*planning, f"/sessions/{session.pk}/"],
        }
        for user, closed in others.items():
            for address in closed:
                assert as_(user).get(address).status_code == 404
                assert as_(user).post(address, {}).status_code in {404, 405}
        assert as_(session.host).get(f"/sessions/{session.pk}/").status_code == 200


class TestMarking:
    def test_the_host_saves_everybody_with_one_button_and_corrects_with_a_reason(self, as_, session):
        one, other = EnrolmentFactory.create_batch(2, cohort=session.cohort)
        client, address = as_(session.host), f"/sessions/{session.pk}/"
        page = client.get(address)
        assert "2 people are not marked yet" in text_of(page)
        assert "checked" not in page.content.decode()
        missing = client.post(address, {f"mark-{one.pk}": PRESENT})
        assert (missing.status_code, Attendance.objects.count()) == (422, 0)
        assert (
            client.post(address, {f"mark-{one.pk}": PRESENT, f"mark-{other.pk}": ABSENT}).status_code == 302
        )
        assert "Present: 1, Absent: 1." in text_of(client.get(address))
        change = {f"mark-{one.pk}": PRESENT, f"mark-{other.pk}": PRESENT}
        why = client.post(address, change)
        assert (why.status_code, "Say why marks that were saved" in text_of(why)) == (422, True)
        assert client.post(address, change | {"reason": "Came late."}).status_code == 302
        shown = text_of(client.get(address))
        assert ("Came late." in shown, "Present: 2." in shown) == (True, True)

    def test_present_for_all_is_chosen_by_a_link_and_saved_by_the_button_alone(self, as_, session):
        EnrolmentFactory(cohort=session.cohort)
        away = EnrolmentFactory(cohort=session.cohort, state="paused", paused_on=session.planned_at.date())
        page = as_(session.host).get(f"/sessions/{session.pk}/?all=present").content.decode()
        chosen = re.findall(r'value="(\w+)"[^>]*checked', page)
        assert sorted(chosen) == [EXCUSED, PRESENT]
        assert re.search(rf'name="mark-{away.pk}" value="excused"[^>]*checked', page)
        assert not Attendance.objects.exists()

    def test_before_it_begins_and_when_cancelled_there_is_nothing_to_save(self, as_, cohort, pm, now):
        enrolment = EnrolmentFactory(cohort=cohort)
        coming = SessionFactory(cohort=cohort, starts_at=now + HOUR)
        off = SessionFactory(cohort=cohort, starts_at=now - DAY)
        cancel_session(session=off, reason="No room", actor=pm, at=now)
        for session, says in ((coming, "Still to come"), (off, "This session is cancelled")):
            client, address = as_(session.host), f"/sessions/{session.pk}/"
            page = client.get(address)
            assert (says in text_of(page), "Save attendance" in text_of(page)) == (True, False)
            assert client.post(address, {f"mark-{enrolment.pk}": PRESENT}).status_code == 422
        assert not Attendance.objects.exists()

    def test_a_host_who_learns_here_has_no_choice_for_themselves(self, as_, cohort, now):
        own = EnrolmentFactory(cohort=cohort)
        other = EnrolmentFactory(cohort=cohort)
        session = SessionFactory(cohort=cohort, host=own.user, starts_at=now - HOUR)
        client, address = as_(own.user), f"/sessions/{session.pk}/"
        assert f"mark-{own.pk}" not in client.get(address).content.decode()
        client.post(address, {f"mark-{own.pk}": PRESENT, f"mark-{other.pk}": PRESENT})
        assert list(Attendance.objects.values_list("learner", flat=True)) == [other.user_id]
        assert f"mark-{own.pk}" in as_(cohort.created_by).get(address).content.decode()
        # Nothing is left for the host to do, and something for who runs the cohort.
        assert "Attendance marked" in text_of(as_(own.user).get("/sessions/"))
        listed = text_of(as_(cohort.created_by).get(f"/cohorts/{cohort.pk}/sessions/"))
        assert ("1 person to mark" in listed, "Attendance marked" in listed) == (True, False)


class TestOwn:
    def test_a_learner_sees_what_comes_and_their_own_marks_alone(self, as_, cohort, now):
        mine, other = EnrolmentFactory.create_batch(2, cohort=cohort)
        mark(mine, PRESENT)
        mark(other, ABSENT)
        SessionFactory(cohort=cohort, title="Look back", starts_at=now + DAY, link="https://meet.example/7")
        SessionFactory(title="Elsewhere", starts_at=now + DAY)
        page = as_(mine.user).get("/sessions/")
        shown = text_of(page)
        assert (
            "Look back" in shown,
            "Elsewhere" in shown,
            'href="https://meet.example/7"' in page.content.decode(),
        ) == (
            *(True, False),
            True,
        )
        assert (shown.count(" Present "), shown.count(" Absent "), shown.count(" Not marked yet ")) == (
            1,
            0,
            1,
        )
        path = text_of(as_(mine.user).get("/path/"))
        assert ("Next Look back" in path, "So far: 1 attended, 1 not marked yet." in path) == (True, True)

    def test_a_host_sees_what_waits_for_marks(self, as_, session):
        assert "Nobody to mark" in text_of(as_(session.host).get("/sessions/"))
        EnrolmentFactory(cohort=session.cohort)
        assert "Attendance to mark" in text_of(as_(session.host).get("/sessions/"))
        nobody, manager = UserFactory(), UserFactory(perms=["tracks.run_cohorts"])
        assert "No session yet When your cohort meets" in text_of(as_(nobody).get("/sessions/"))
        assert "No session yet Sessions that you hold yourself" in text_of(as_(manager).get("/sessions/"))

    def test_what_is_over_or_cancelled_is_not_next(self, as_, cohort, pm, now):
        mine = EnrolmentFactory(cohort=cohort)
        SessionFactory(cohort=cohort, title="Over", starts_at=now - 2 * HOUR)
        off = SessionFactory(cohort=cohort, title="Off", starts_at=now + HOUR)
        cancel_session(session=off, reason="No room", actor=pm, at=now)
        assert "No session is planned at the moment." in text_of(as_(mine.user).get("/path/"))
        assert "No room" in text_of(as_(mine.user).get("/sessions/"))


@pytest.mark.parametrize("size", [1, 8])
def test_pages_cost_the_same_queries_for_any_number(as_, session, pm, size, django_assert_num_queries):
    people = EnrolmentFactory.create_batch(size, cohort=session.cohort)
    for number in range(size):
        SessionFactory(cohort=session.cohort, host=session.host, starts_at=session.starts_at + number * DAY)
    for user, address, queries in (
        (pm, f"/cohorts/{session.cohort_id}/sessions/", 5),
        (session.host, "/sessions/", 6),
        (session.host, f"/sessions/{session.pk}/", 9),
        (people[0].user, "/sessions/", 6),
    ):
        client = as_(user)
        client.get(address)
        with django_assert_num_queries(queries):
            assert client.get(address).status_code == 200
