"""People are added, changed, deactivated, and never deleted."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from enablement.people.models import User
from enablement.people.services import add_person, deactivate, reactivate, update_person
from tests.people.factories import UserFactory
from tests.tracks.factories import CohortFactory, MentorshipFactory, RoleAssignmentFactory, RoleFactory
from tracks.errors import Refused
from tracks.models import Mentorship, RoleAssignment

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def add(actor, **changes):
    values = {
        "email": "Ada@Example.com",
        "name": "Ada Byron",
        "groups": ["mentors"],
        "roles": [],
        "timezone": "Europe/London",
        "actor": actor,
        "at": NOW,
    }
    return add_person(**{**values, **changes})


def update(actor, user, **changes):
    values = {"name": user.name, "groups": None, "roles": None, "timezone": None}
    return update_person(user=user, actor=actor, at=NOW, **{**values, **changes})


def test_a_person_is_added_with_a_verified_address_and_no_password(keeper, heard):
    role = RoleFactory(key="frontline")
    ada = add(keeper, roles=["frontline"])
    assert (ada.email, ada.name, ada.timezone, ada.joined_at) == (
        "Ada@example.com",
        "Ada Byron",
        "Europe/London",
        NOW,
    )
    assert not ada.has_usable_password()
    assert ada.has_perm("assessments.review_labs")
    address = EmailAddress.objects.get(user=ada)
    assert (address.email, address.verified) == ("ada@example.com", True)
    assert RoleAssignment.objects.get(user=ada).role == role
    assert heard.kinds == ["people.person_added", "tracks.role_assigned"]
    assert heard[0].payload == {"groups": ["mentors"]}
    assert (heard[0].actor_id, heard[0].learner_id) == (keeper.pk, ada.pk)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "ADA@example.com "}, "email"),
        ({"email": "not an address"}, "email"),
        ({"email": "bo@example.com", "groups": ["wizards"]}, "groups"),
        ({"email": "bo@example.com", "roles": ["wizard"]}, "roles"),
        ({"email": "bo@example.com", "timezone": "Mars/Olympus"}, "timezone"),
        ({"email": "bo@example.com", "name": "  "}, "name"),
    ],
)
def test_what_cannot_be_added(keeper, changes, field):
    add(keeper)
    with pytest.raises(ValidationError) as error:
        add(keeper, **changes)
    assert set(error.value.message_dict) == {field}
    assert User.objects.count() == 2


def test_only_who_keeps_the_roster_changes_it():
    stranger, ada = UserFactory(groups=["mentors"]), UserFactory()
    for step in (
        lambda: add(stranger),
        lambda: update(stranger, ada, name="Eve"),
        lambda: deactivate(user=ada, actor=stranger, at=NOW),
        lambda: reactivate(user=ada, actor=stranger, at=NOW),
    ):
        with pytest.raises(PermissionDenied):
            step()


def test_a_change_says_what_changed_and_none_says_nothing(keeper, heard):
    RoleFactory(key="frontline")
    ada = add(keeper)
    heard.clear()
    assert update(keeper, ada) is False
    assert update(keeper, ada, name="Ada King", groups=["quality"], roles=["frontline"]) is True
    assert heard.kinds == ["people.person_updated", "tracks.role_assigned"]
    assert heard[0].payload == {"changed": ["name", "groups"], "groups": ["quality"]}
    ada = User.objects.get(pk=ada.pk)
    assert (ada.name, ada.has_perm("assessments.judge_cases"), ada.has_perm("assessments.review_labs")) == (
        "Ada King",
        True,
        False,
    )


def test_nobody_changes_their_own_groups_or_roles(keeper):
    RoleFactory(key="frontline")
    for change in ({"groups": ["administrators"]}, {"roles": ["frontline"]}):
        with pytest.raises(Refused):
            update(keeper, keeper, **change)
    assert update(keeper, keeper, name="Keeper", groups=["authors"], roles=[]) is True
    assert [group.name for group in keeper.groups.all()] == ["authors"]


def test_a_leaver_is_signed_out_and_holds_nothing(keeper, heard, client):
    mentor = UserFactory(groups=["mentors"])
    RoleAssignmentFactory(user=mentor)
    mentorship = MentorshipFactory(mentor=mentor)
    client.force_login(mentor)
    assert client.get(reverse("roster")).status_code == 403
    assert "_auth_user_id" in client.session

    assert deactivate(user=mentor, actor=keeper, at=NOW) is True
    assert deactivate(user=mentor, actor=keeper, at=NOW + timedelta(days=1)) is False
    mentor = User.objects.get(pk=mentor.pk)
    assert (mentor.is_active, mentor.left_at, mentor.groups.count()) == (False, NOW, 0)
    assert Mentorship.objects.get(pk=mentorship.pk).ended_at == NOW
    assert not RoleAssignment.objects.current().filter(user=mentor).exists()
    assert heard.kinds == ["tracks.mentor_ended", "tracks.role_ended", "people.person_deactivated"]

    answer = client.get(reverse("roster"))
    assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("account_login"))


def test_nobody_deactivates_themselves(keeper):
    with pytest.raises(Refused):
        deactivate(user=keeper, actor=keeper, at=NOW)


def test_who_comes_back_begins_without_rights(keeper, heard):
    mentor = UserFactory(groups=["mentors"], perms=["tracks.run_cohorts"], is_staff=True, is_superuser=True)
    cohort = CohortFactory(created_by=mentor)
    deactivate(user=mentor, actor=keeper, at=NOW)
    with pytest.raises(Refused):
        update(keeper, mentor, name="Still gone")
    heard.clear()
    assert reactivate(user=mentor, actor=keeper, at=NOW) is True
    assert reactivate(user=mentor, actor=keeper, at=NOW) is False
    assert heard.kinds == ["people.person_reactivated"]
    mentor = User.objects.get(pk=mentor.pk)
    assert mentor.get_all_permissions() == set()
    assert not mentor.has_perm("tracks.run_cohort", cohort)
    assert (mentor.is_staff, mentor.is_superuser) == (False, False)
    assert (mentor.is_active, mentor.left_at, mentor.has_perm("assessments.review_labs")) == (
        True,
        None,
        False,
    )


def test_the_database_keeps_addresses_and_external_ids_unique():
    ada = UserFactory(email="ada@example.com", external_id="x-1")
    UserFactory(), UserFactory()
    for break_it in (
        lambda: UserFactory(email="ADA@example.com", verified_address=False),
        lambda: UserFactory(external_id=ada.external_id),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            break_it()


def test_initials():
    names = {"Ada Byron": "AB", "ada": "A", "Jean-Luc de la Tour": "JT", "": "P", "(Bo) Lee": "L"}
    assert {name: User(name=name, email="p@example.com").initials for name in names} == names
