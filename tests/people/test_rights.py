"""Rights are Django's own; only the number of questions differs."""

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Group, Permission

from enablement.people.backends import RightsBackend
from enablement.people.models import User
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db


def granted(group, codename):
    group.permissions.add(Permission.objects.get(codename=codename))
    return group


@pytest.fixture
def mentor():
    """One right of their own, one by a group, one by both; another group is somebody else's."""
    user = UserFactory(perms=["tracks.run_cohorts", "access.view_grant"])
    group = granted(granted(Group.objects.create(name="a"), "review_labs"), "view_grant")
    user.groups.add(group)
    granted(Group.objects.create(name="b"), "judge_cases")
    return User.objects.get(pk=user.pk)


def test_they_are_those_that_django_finds(mentor):
    found = mentor.get_all_permissions()
    assert found == {"tracks.run_cohorts", "access.view_grant", "assessments.review_labs"}
    assert found == ModelBackend().get_all_permissions(User.objects.get(pk=mentor.pk))


def test_one_question_answers_for_the_whole_request(mentor, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert mentor.has_perm("tracks.run_cohorts")
        assert mentor.has_perm("assessments.review_labs")
        assert not mentor.has_perm("assessments.judge_cases")
        assert mentor.has_module_perms("access")


def test_a_right_that_was_taken_away_is_gone_with_the_next_request(mentor):
    assert mentor.has_perm("assessments.review_labs")
    mentor.groups.clear()
    assert not User.objects.get(pk=mentor.pk).has_perm("assessments.review_labs")


def test_nobody_else_has_any(mentor):
    mentor.is_active = False
    assert mentor.get_all_permissions() == set()
    assert RightsBackend().get_all_permissions(AnonymousUser()) == set()
    assert RightsBackend().get_all_permissions(UserFactory(), UserFactory()) == set()


def test_a_superuser_has_all():
    assert len(UserFactory(is_superuser=True).get_all_permissions()) == Permission.objects.count()


def test_it_signs_nobody_in(mentor):
    mentor.set_password("right")
    mentor.save()
    assert RightsBackend().authenticate(None, username=mentor.email, password="right") is None
