"""Where people land and what the side navigation offers them."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enablement.navigation import PLACES, first_page, navigation
from tests.people.factories import UserFactory

LEARN = [
    *("My path", "Sessions", "My tools", "Prompts", "Procedures", "Approvals", "Decision ledger"),
    "Certificates",
]
CAST = [
    ([], "my_path", "Learner", LEARN),
    (
        ["assessments.review_labs"],
        "review_queue",
        "Mentor",
        [*LEARN, "Review queue", "My mentees", "Justifications"],
    ),
    (["assessments.judge_cases"], "judgement_queue", "Quality owner", [*LEARN, "Shadow mode"]),
    (["assessments.answer_appeals"], "my_path", "Learner", [*LEARN, "Appeals"]),
    (
        ["tracks.run_cohorts"],
        "readiness",
        "Program manager",
        [*LEARN, "Readiness", "Cohorts", "Mentors", "Item analysis", "Reports"],
    ),
    (["access.view_grant"], "access_overview", "Governance", [*LEARN, "Tool access"]),
    (
        ["ledger.view_ledgerentry"],
        "access_log",
        "Auditor",
        [*LEARN, "Decision log", "Who could do what", "Evidence packs", "Retention and holds"],
    ),
    (["access.explain_rules"], "my_path", "Learner", [*LEARN, "Rules"]),
    (["assessments.declare_material"], "my_path", "Learner", [*LEARN, "Tool versions"]),
    (["people.manage_roster"], "roster", "Administrator", [*LEARN, "Roster"]),
    (["people.confirm_rights"], "my_path", "Learner", [*LEARN, "Rights to confirm"]),
    (
        ["playbook.author_playbooks", "people.manage_roster"],
        "playbooks",
        "Author",
        [*LEARN, "Playbooks", "Roster"],
    ),
    (
        ["assessments.review_labs", "tracks.run_cohorts"],
        "readiness",
        "Program manager",
        [
            *LEARN,
            "Review queue",
            "My mentees",
            "Justifications",
            "Readiness",
            "Cohorts",
            "Mentors",
            "Item analysis",
            "Reports",
        ],
    ),
]


def drawn(user, path="/"):
    request = RequestFactory().get(path)
    request.user = user
    return navigation(request)["navigation"]


def links(user, path="/"):
    return [link for group in drawn(user, path).groups for link in group.links]


@pytest.mark.django_db
@pytest.mark.parametrize(("perms", "page", "role", "labels"), CAST)
def test_each_right_opens_its_own_places(perms, page, role, labels):
    user = UserFactory(perms=perms)

    assert first_page(user) == page
    assert drawn(user).role == role
    assert [link.label for link in links(user)] == labels


@pytest.mark.django_db
def test_a_group_without_a_place_is_not_drawn():
    assert [group.label for group in drawn(UserFactory()).groups] == ["Learn"]


@pytest.mark.django_db
def test_somebody_who_has_left_has_no_rights():
    assert first_page(UserFactory(perms=["tracks.run_cohorts"], is_active=False)) == "my_path"


def test_signed_out_there_is_nothing():
    assert not drawn(AnonymousUser())
    assert first_page(AnonymousUser()) == "my_path"


def test_an_error_before_the_session_was_read_draws_nothing():
    assert not navigation(RequestFactory().get("/"))["navigation"]


def test_every_place_has_its_page():
    for _label, places in PLACES:
        for place in places:
            assert reverse(place.url_name).startswith("/")


@pytest.mark.django_db
def test_the_current_place_is_the_closest_above_the_page():
    user = UserFactory(perms=["tracks.run_cohorts"])
    here = reverse("cohorts")

    assert [link.label for link in links(user, here) if link.current] == ["Cohorts"]
    assert [link.label for link in links(user, f"{here}42/people/") if link.current] == ["Cohorts"]
    assert not [link for link in links(user, "/elsewhere/") if link.current]


@pytest.mark.django_db
def test_rights_are_looked_up_once_and_only_where_they_are_drawn():
    user = UserFactory(perms=["tracks.run_cohorts"])

    with CaptureQueriesContext(connection) as unused:
        context = navigation(_request(user))
    with CaptureQueriesContext(connection) as first:
        str(context["navigation"].groups)
    with CaptureQueriesContext(connection) as second:
        str(navigation(_request(user))["navigation"].groups)

    assert (len(unused), len(first), len(second)) == (0, 1, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(("perms", "page"), [([], "my_path"), (["tracks.run_cohorts"], "readiness")])
def test_the_front_door_leads_to_the_first_page(client, perms, page):
    client.force_login(UserFactory(perms=perms), backend="django.contrib.auth.backends.ModelBackend")

    response = client.get("/")

    assert (response.status_code, response.url) == (302, reverse(page))


def test_the_front_door_asks_strangers_to_sign_in(client):
    response = client.get("/")

    assert (response.status_code, response.url) == (302, f"{reverse('account_login')}?next=/")


def _request(user):
    request = RequestFactory().get("/")
    request.user = user
    return request
