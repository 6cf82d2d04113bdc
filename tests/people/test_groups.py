"""Groups of staff come from code."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection

from enablement.people.groups import GROUPS, sync_groups
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db


def permissions_of(name):
    return {
        f"{p.content_type.app_label}.{p.codename}"
        for p in Group.objects.get(name=name).permissions.select_related("content_type")
    }


def test_every_group_exists_after_migrate():
    assert set(Group.objects.values_list("name", flat=True)) == set(GROUPS)


def test_program_managers_run_cohorts_and_do_not_review_labs():
    manager = UserFactory(groups=["program_managers"])
    assert manager.has_perm("tracks.run_cohorts")
    assert not manager.has_perm("assessments.review_labs")
    assert permissions_of("program_managers") == {"tracks.run_cohorts", "assessments.answer_appeals"}


def test_administrators_view_everything_and_change_nothing_but_roster_tokens_and_webhooks():
    changing = {perm for perm in permissions_of("administrators") if ".view_" not in perm}
    assert changing == {
        "people.manage_roster",
        "people.confirm_rights",
        "people.add_apitoken",
        "webhooks.add_webhookendpoint",
    }
    assert "tracks.view_cohort" in permissions_of("administrators")


def test_a_right_that_was_added_by_hand_leaves_the_group_and_a_lost_one_returns():
    group = Group.objects.get(name="program_managers")
    group.permissions.set([Permission.objects.get(codename="mentor_cohort")])
    for _twice in range(2):
        sync_groups(sender=apps.get_app_config("tracks"), using=connection.alias)
    assert permissions_of("program_managers") == {"tracks.run_cohorts"}
