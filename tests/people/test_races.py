"""The same name or person twice at the same moment: one is taken, the other hears why, nothing breaks."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError

from enablement.people.deciding import Right
from enablement.people.groups import GROUPS
from enablement.people.models import ApiToken, RightRequest, User
from enablement.people.services import add_person, create_token, rights
from tests.assessments.racing import at_once
from tests.people.factories import UserFactory
from tracks.csv_files import CsvFaults
from tracks.errors import Refused

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def refused(step):
    def run():
        try:
            step()
        except (ValidationError, CsvFaults) as error:
            raise Refused("taken", str(error)) from error

    return run


def test_a_token_of_the_same_name():
    def create():
        create_token(name="zendesk", scopes=["read"], regions=[], actor=None, at=NOW)

    outcomes = at_once(*[refused(create)] * 4)
    assert sorted(outcomes) == ["done", "taken", "taken", "taken"]
    assert ApiToken.objects.count() == 1


def test_a_person_of_the_same_address():
    def add():
        add_person(
            email="ada@example.com",
            name="Ada Byron",
            groups=[],
            roles=[],
            timezone="UTC",
            actor=None,
            at=NOW,
        )

    outcomes = at_once(*[refused(add)] * 4)
    assert sorted(outcomes) == ["done", "taken", "taken", "taken"]
    assert User.objects.filter(email="ada@example.com").count() == 1


def test_a_right_is_confirmed_or_turned_down_and_never_both():
    for name in GROUPS:
        Group.objects.get_or_create(name=name)
    perms = ["people.confirm_rights"]
    asker, person = UserFactory(perms=perms), UserFactory()
    seconds = [UserFactory(perms=perms) for _each in range(2)]
    right = rights.ask(wanted={person: [Right("group", "legal")]}, actor=asker, at=NOW)[0]
    outcomes = at_once(
        *[lambda by=by: rights.confirm(right=right, actor=by, at=NOW) for by in seconds],
        *[lambda by=by: rights.turn_down(right=right, reason="No", actor=by, at=NOW) for by in seconds],
    )
    assert sorted(outcomes) == ["done", "over", "over", "over"]
    held = person.groups.filter(name="legal").exists()
    assert held == (RightRequest.objects.get().decision == "confirmed")
