"""The roster's pages: for who keeps it, searched, paged, changed by a file with a plan first."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enablement.people.middleware import TimeZoneMiddleware
from enablement.people.models import User
from tests.people.factories import UserFactory
from tests.tracks.factories import RoleAssignmentFactory, RoleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.pages]


@pytest.fixture
def signed_in(client, keeper):
    client.force_login(keeper)
    return keeper


def test_others_see_no_roster(client):
    other = UserFactory()
    client.force_login(UserFactory(groups=["program_managers"]))
    for name, args in (
        ("roster", []),
        ("roster_upload", []),
        ("roster_person", [other.pk]),
        ("roster_deactivate", [other.pk]),
    ):
        assert client.get(reverse(name, args=args)).status_code == 403
    for name in ("roster_deactivate", "roster_reactivate"):
        assert client.post(reverse(name, args=[other.pk])).status_code == 403
    assert User.objects.get(pk=other.pk).is_active


def test_the_list_is_searched_and_splits_who_left(client, signed_in):
    ada = UserFactory(name="Ada Byron", groups=["mentors"])
    gone = UserFactory(name="Gone Girl", is_active=False)
    text = client.get(reverse("roster")).text
    assert "Ada Byron" in text
    assert "Mentors" in text
    assert "Gone Girl" not in text
    found = client.get(reverse("roster"), {"q": ada.email.upper()}).context["people"]
    assert [person for person, _groups in found] == [ada]
    found = client.get(reverse("roster"), {"left": "1"}).context["people"]
    assert [person for person, _groups in found] == [gone]


def test_the_list_costs_as_many_queries_for_many_as_for_few_and_has_pages(client, signed_in):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("roster"))
        return len(captured)

    RoleAssignmentFactory(user__groups=["mentors"])
    client.get(reverse("roster"))
    small = cost()
    for _more in range(60):
        RoleAssignmentFactory(user__groups=["quality"])
    assert cost() == small
    second = client.get(reverse("roster"), {"page": "2", "q": "person"})
    assert second.context["page"].number == 2
    assert "q=person" in second.text


def test_a_file_shows_its_plan_then_changes_the_roster(client, signed_in):
    RoleFactory(key="frontline")
    rows = "email,name,roles\nada@example.com,Ada,frontline\n"
    plan = client.post(
        reverse("roster_upload"), {"file": SimpleUploadedFile("people.csv", rows.encode("utf-8-sig"))}
    )
    assert plan.context["counts"] == {"add": 1, "change": 0, "keep": 0, "leave": 0}
    assert not User.objects.filter(email="ada@example.com").exists()
    content = plan.context["form"].initial["content"]
    for _click in range(2):
        assert client.post(reverse("roster_upload"), {"content": content}).url == reverse("roster")
    assert User.objects.filter(email="ada@example.com").count() == 1


def test_the_plan_says_of_who_leaves_that_roles_and_groups_go(client, signed_in):
    UserFactory(name="Ada Byron", email="ada@example.com", groups=["mentors"])
    rows = "email,name,left\nada@example.com,Ada,yes\n"
    plan = client.post(reverse("roster_upload"), {"text": rows})
    assert (plan.text.count(">withdrawn<"), plan.text.count(">unchanged<")) == (2, 0)
    staying = client.post(reverse("roster_upload"), {"text": "email,name\nada@example.com,Ada B.\n"})
    assert (staying.text.count(">withdrawn<"), staying.text.count(">unchanged<")) == (0, 2)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "Choose a file or paste rows: one of the two."),
        ({"text": "email,name\nada,Ada\n"}, "“ada” is not an e-mail address."),
        ({"text": "email\nada@example.com\n"}, "This column is missing; expected email, name"),
        ({"content": "email,name,roles\nada@example.com,Ada,wizard\n"}, "“wizard” is unknown"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(client, signed_in, data, message):
    answer = client.post(reverse("roster_upload"), data)
    assert answer.status_code == 422
    assert message in answer.text
    assert User.objects.count() == 1


def test_deactivating_asks_first_and_can_be_taken_back(client, signed_in):
    ada = UserFactory(name="Ada Byron", groups=["mentors"])
    page, question = reverse("roster_person", args=[ada.pk]), reverse("roster_deactivate", args=[ada.pk])
    assert "Deactivate" in client.get(page).text
    assert "Ada Byron is signed out at once" in client.get(question).text
    for _click in range(2):
        assert client.post(question).url == page
    assert not User.objects.get(pk=ada.pk).is_active
    assert "Has left" in client.get(page).text
    client.post(reverse("roster_reactivate", args=[ada.pk]))
    assert User.objects.get(pk=ada.pk).is_active
    own = client.post(reverse("roster_deactivate", args=[signed_in.pk]), follow=True)
    assert "You cannot deactivate yourself" in own.text


def test_times_are_in_the_zone_of_the_person_who_looks():
    seen = []

    def inner(request):
        seen.append(timezone.get_current_timezone_name())

    class Request:
        user = UserFactory(timezone="Asia/Tokyo")

    TimeZoneMiddleware(inner)(Request)
    assert seen == ["Asia/Tokyo"]
    assert timezone.get_current_timezone_name() == "UTC"
