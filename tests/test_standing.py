"""What stands at the beginning of many tests is the same each time, and nobody else's."""

import pytest
from django.db import IntegrityError, transaction

from tests.standing import lay_down
from tests.tracks.factories import EnrolmentFactory, RoleFactory
from tracks.models import Enrolment, Role

pytestmark = pytest.mark.django_db


class Builder:
    times = 0

    def __call__(self):
        self.times += 1
        return EnrolmentFactory(cohort__track__role__key="clerk")


def undone(work):
    with transaction.atomic():
        result = work()
        transaction.set_rollback(True)
    return result


def test_it_is_built_once_and_laid_down_whole_each_time():
    build = Builder()
    first = undone(lambda: lay_down("whole", build))
    assert not Enrolment.objects.exists()

    second = lay_down("whole", build)

    assert build.times == 1
    assert (second, second.user.name) == (first, first.user.name)
    assert second is not first
    kept = Enrolment.objects.get()
    assert (kept.user, kept.cohort.track.role.key) == (first.user, "clerk")
    # What a test makes beside it has keys of its own.
    assert EnrolmentFactory().pk != kept.pk


def test_what_a_test_does_to_it_is_not_seen_by_the_next():
    def spoil():
        enrolment = lay_down("spoilt", Builder())
        enrolment.cohort.name = "Spoilt"
        enrolment.cohort.save()
        return enrolment

    undone(spoil)

    assert lay_down("spoilt", Builder()).cohort.name != "Spoilt"
    assert Enrolment.objects.get().cohort.name != "Spoilt"


def test_beside_rows_of_the_same_tables_it_is_built_by_the_services():
    build = Builder()
    undone(lambda: lay_down("beside", build))
    RoleFactory(key="other")

    lay_down("beside", build)

    assert build.times == 2
    assert set(Role.objects.values_list("key", flat=True)) == {"other", "clerk"}


def test_what_the_database_refuses_it_refuses_here():
    undone(lambda: lay_down("twice", Builder()))
    lay_down("twice", Builder())

    with pytest.raises(IntegrityError), transaction.atomic():
        RoleFactory(key="clerk")
