import uuid

import pytest

from enablement.people.models import User
from tests.people.factories import UserFactory
from tracks.prepared import Prepared

pytestmark = pytest.mark.django_db


@pytest.fixture
def by_email():
    return Prepared(lambda email: User.objects.filter(email=email).values_list("pk", "name"), email="\0email")


def test_each_call_asks_for_its_own_values(by_email):
    first, second = UserFactory(), UserFactory()
    assert by_email(email=first.email) == [(first.pk, first.name)]
    assert by_email(email=second.email) == [(second.pk, second.name)]
    assert by_email(email="nobody@example.com") == []


def test_rows_are_read_anew(by_email, django_assert_num_queries):
    person = UserFactory()
    by_email(email=person.email)
    User.objects.filter(pk=person.pk).update(name="Renamed")
    with django_assert_num_queries(1):
        assert by_email(email=person.email) == [(person.pk, "Renamed")]


def test_a_uuid_is_asked_for_as_the_database_keeps_it():
    person = UserFactory()
    by_id = Prepared(lambda pk: User.objects.filter(pk=pk).values_list("email"), pk=uuid.UUID(int=1))
    assert by_id(pk=person.pk) == [(person.email,)]
    assert by_id(pk=uuid.uuid4()) == []


def test_what_is_asked_stays_a_value(by_email):
    UserFactory()
    assert by_email(email="' OR '1'='1") == []
