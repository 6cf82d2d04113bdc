"""The program manager's pages: only their own cohorts, every step once, files with a plan first."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.people.factories import UserFactory
from tests.tracks.factories import CohortFactory, EnrolmentFactory, MentorshipFactory, TrackFactory
from tracks.models import Cohort, Enrolment, Mentorship

pytestmark = [pytest.mark.django_db, pytest.mark.pages]


@pytest.fixture
def manager(client):
    user = UserFactory(groups=["program_managers"], timezone="Europe/Berlin")
    client.force_login(user)
    return user


@pytest.fixture
def cohort(manager):
    return CohortFactory(created_by=manager)


def url(name, *args):
    return reverse(name, args=[getattr(arg, "pk", arg) for arg in args])


def test_lists_need_the_right_and_show_ones_own_cohorts(client, cohort):
    CohortFactory(name="Foreign cohort")
    text = client.get(url("cohorts")).text
    assert cohort.name in text
    assert "Foreign cohort" not in text
    client.force_login(UserFactory(groups=["mentors"]))
    assert client.get(url("cohorts")).status_code == 403
    assert client.get(url("cohort_new")).status_code == 403


def test_every_page_of_a_foreign_cohort_is_404(client, manager):
    enrolment = EnrolmentFactory()
    mentorship = MentorshipFactory(enrolment=enrolment)
    foreign = enrolment.cohort
    for name in ("cohort", "cohort_enrol", "cohort_close"):
        assert client.get(url(name, foreign)).status_code == 404
    for name in ("cohort_start", "cohort_close", "cohort_enrol"):
        assert client.post(url(name, foreign)).status_code == 404
    for name in ("cohort_person", "enrolment_pause", "enrolment_resume", "enrolment_withdraw"):
        assert client.post(url(name, foreign, enrolment)).status_code == 404
    assert client.post(url("mentor_end", foreign, enrolment, mentorship)).status_code == 404
    own = CohortFactory(created_by=manager)
    assert client.get(url("cohort_person", own, enrolment)).status_code == 404
    assert client.post(url("enrolment_withdraw", own, enrolment)).status_code == 404
    assert Enrolment.objects.get().state == "active"


def test_planning_a_cohort(client, manager):
    page = client.get(url("cohort_new"))
    assert page.context["form"].initial["timezone"] == "Europe/Berlin"
    data = {
        "name": "November",
        "track": TrackFactory().pk,
        "starts_on": "2026-12-01",
        "timezone": "Europe/Berlin",
    }
    answer = client.post(url("cohort_new"), data)
    cohort = Cohort.objects.get()
    assert answer.url == url("cohort", cohort)
    assert (cohort.name, cohort.starts_on, cohort.created_by) == ("November", date(2026, 12, 1), manager)
    again = client.post(url("cohort_new"), data)
    assert (again.status_code, Cohort.objects.count()) == (422, 1)
    assert set(again.context["form"].errors) == {"name"}
    wrong = client.post(url("cohort_new"), {**data, "starts_on": "soon", "timezone": "Mars"})
    assert set(wrong.context["form"].errors) == {"starts_on", "timezone"}


def test_starting_by_two_clicks_and_closing(client, manager):
    cohort = CohortFactory(created_by=manager, state="planned")
    EnrolmentFactory(cohort=cohort)
    assert "Start the cohort" in client.get(url("cohort", cohort)).text
    for _click in range(2):
        assert client.post(url("cohort_start", cohort)).status_code == 302
    cohort.refresh_from_db()
    assert cohort.state == "running"
    assert client.get(url("cohort_start", cohort)).status_code == 405
    assert "No more work will count." in client.get(url("cohort_close", cohort)).text
    client.post(url("cohort_close", cohort))
    assert "Closed: 0 of 1 got through" in client.get(url("cohort", cohort)).text


def test_the_people_table_is_searched_and_paged_at_a_constant_cost(client, cohort):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url("cohort", cohort)).status_code == 200
        return len(captured)

    MentorshipFactory(enrolment=EnrolmentFactory(cohort=cohort, user__name="Ada Byron"))
    client.get(url("cohort", cohort))
    small = cost()
    for _more in range(5):
        MentorshipFactory(enrolment=EnrolmentFactory(cohort=cohort))
    assert cost() == small
    found = client.get(url("cohort", cohort), {"q": "byron"}).context["people"]
    assert [row.enrolment.user.name for row in found] == ["Ada Byron"]
    assert "Nobody found" in client.get(url("cohort", cohort), {"q": "nobody at all"}).text


def test_enrolling_by_file_shows_a_plan_then_does_it_once(client, cohort):
    person, mentor = UserFactory(), UserFactory(groups=["mentors"])
    rows = f"email,mentor_email\r\n{person.email},{mentor.email}\r\n"
    file = SimpleUploadedFile("people.csv", b"\xef\xbb\xbf" + rows.encode())
    plan = client.post(url("cohort_enrol", cohort), {"file": file, "text": ""})
    assert (plan.status_code, [line.person for line in plan.context["lines"]]) == (200, [person])
    assert not cohort.enrolments.exists()
    content = plan.context["form"].initial["content"]
    for _click in range(2):
        done = client.post(url("cohort_enrol", cohort), {"content": content})
        assert done.url == url("cohort", cohort)
    assert cohort.enrolments.get().user == person
    assert Mentorship.objects.get().mentor == mentor


def test_a_file_that_changes_nothing_offers_nothing(client, cohort):
    enrolment = EnrolmentFactory(cohort=cohort)
    page = client.post(
        url("cohort_enrol", cohort), {"text": f"email\n{enrolment.user.email}\n"}
    ).content.decode()
    assert "there is nothing to do" in page
    assert 'name="content"' not in page


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "Choose a file or paste rows: one of the two."),
        (
            {"text": "email\n", "file": b"email\n"},
            "Choose a file or paste rows: one of the two.",
        ),
        ({"text": "email\nnobody@example.com\n"}, "Nobody here has the address “nobody@example.com”"),
        ({"text": "mail\nx\n"}, "This column is missing; expected email, mentor_email."),
        ({"file": b"email\n\xff\xfe\n"}, "Not UTF-8"),
        ({"file": b"email\n" + b"a@example.com\n" * 100_000}, "The file is larger than 1 MB; split it."),
        ({"content": "email\nnobody@example.com\n"}, "Nobody here has the address “nobody@example.com”"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_keeps_what_was_typed(client, cohort, data, message):
    if "file" in data:
        data = {**data, "file": SimpleUploadedFile("people.csv", data["file"])}
    answer = client.post(url("cohort_enrol", cohort), data)
    assert answer.status_code == 422
    assert message in answer.text
    assert data.get("text", "").strip() in answer.text
    assert not cohort.enrolments.exists()


def test_a_closed_cohort_enrols_nobody(client, manager):
    cohort = CohortFactory(created_by=manager, state="closed")
    answer = client.post(url("cohort_enrol", cohort), {"content": f"email\n{UserFactory().email}\n"})
    assert "This cohort is closed" in answer.text
    assert not cohort.enrolments.exists()


def test_mentors_leave_and_withdrawal_of_one_person(client, cohort):
    enrolment = EnrolmentFactory(cohort=cohort)
    mentor = UserFactory(groups=["mentors"])
    page = url("cohort_person", cohort, enrolment)
    assert mentor in client.get(page).context["form"].fields["mentor"].queryset
    assert client.post(page, {"mentor": UserFactory().pk}).status_code == 422
    for _click in range(2):
        assert client.post(page, {"mentor": mentor.pk}).url == page
    mentorship = Mentorship.objects.get()

    client.post(url("enrolment_pause", cohort, enrolment))
    assert Enrolment.objects.get().state == "paused"
    assert "Back from leave" in client.get(page).text
    client.post(url("enrolment_resume", cohort, enrolment))
    assert Enrolment.objects.get().state == "active"

    for _click in range(2):
        client.post(url("mentor_end", cohort, enrolment, mentorship))
    assert not Mentorship.objects.current().exists()

    assert "loses this track" in client.get(url("enrolment_withdraw", cohort, enrolment)).text
    client.post(url("enrolment_withdraw", cohort, enrolment))
    assert Enrolment.objects.get().state == "withdrawn"
    assert (
        "Only an enrolment in progress can be paused."
        in client.post(url("enrolment_pause", cohort, enrolment), follow=True).text
    )
