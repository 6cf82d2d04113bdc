"""The same name or person twice at the same moment: one is taken, the other hears why, nothing breaks."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from enablement.people.models import ApiToken, User
from enablement.people.services import add_person, create_token
from tests.assessments.racing import at_once
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
