"""Who holds which role, with a history."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.people.factories import UserFactory
from tests.tracks.factories import START, RoleAssignmentFactory, RoleFactory
from tracks.models import RoleAssignment
from tracks.services.roles import set_roles

pytestmark = pytest.mark.django_db


def test_roles_are_set_exactly_and_ended_ones_stay_on_record(heard):
    user, front, lead = UserFactory(), RoleFactory(key="front"), RoleFactory(key="lead")
    assert set_roles(user=user, roles=[front], actor=None, at=START) is True
    assert set_roles(user=user, roles=[front], actor=None, at=START) is False
    later = START + timedelta(days=1)
    assert set_roles(user=user, roles=[lead], actor=user, at=later) is True
    history = RoleAssignment.objects.filter(user=user).order_by("since")
    assert [(row.role, row.since, row.ended_at) for row in history] == [
        (front, START, later),
        (lead, later, None),
    ]
    assert heard.kinds == ["tracks.role_assigned", "tracks.role_ended", "tracks.role_assigned"]
    assert (heard.batches, heard[1].payload, heard[1].learner_id) == (2, {"role": "front"}, user.pk)


def test_the_database_refuses_a_role_twice_and_an_end_before_the_start():
    held = RoleAssignmentFactory()
    for break_it in (
        lambda: RoleAssignmentFactory(user=held.user, role=held.role),
        lambda: RoleAssignment.objects.update(ended_at=START - timedelta(days=1)),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            break_it()
