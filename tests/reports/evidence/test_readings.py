"""Who read the record: what the ledger says of it, in words."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enablement.access.services.decision_log import note_reading
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()
PAGE = "evidence_readings"


@pytest.fixture
def officer(client):
    person = UserFactory(name="Cora Compliance", groups=["compliance"], timezone="UTC")
    client.force_login(person)
    return person


def read(reader, *, kind="log", what="page", at=NOW, text="", **wanted):
    note_reading(kind=kind, what=what, wanted=wanted, text=text, actor=reader, at=at)


def test_every_door_to_the_record_leaves_a_line(client, officer):
    for name in (
        "access_log",
        "access_log_csv",
        "access_roles",
        "access_roles_csv",
        "evidence_packs",
        "access_records",
    ):
        list(client.get(reverse(name)))
    said = [(line.reader, line.what) for line in client.get(reverse(PAGE)).context["lines"]]
    assert sorted(said, key=str) == sorted(
        [
            (officer, "Decision log"),
            (officer, "Decision log, as a file"),
            (officer, "Who could do what"),
            (officer, "Who could do what, as a file"),
            (officer, "List of evidence packs"),
            (officer, "Retention and holds"),
        ],
        key=str,
    )


def test_what_was_searched_for_is_said_in_words(client, officer):
    sought = [UserFactory(name=f"Person {n}") for n in range(5)]
    read(officer, people=[str(person.pk) for person in sought], outcome="deny", text="Person")
    [line] = client.get(reverse(PAGE)).context["lines"]
    assert line.wanted == (
        "people: Person 0, Person 1, Person 2, 2 more; decision: deny; and words, kept as a keyed hash only"
    )


def test_one_person_and_the_days_asked_for(client, officer):
    auditor = UserFactory(name="Ada Audit", email="ada@auditors.example")
    read(auditor, kind="role_audit", at=NOW - timedelta(days=3))
    read(auditor, at=NOW)
    read(officer, at=NOW)
    wanted = {"person": "ADA@auditors.example", "first": f"{NOW - timedelta(days=1):%Y-%m-%d}"}
    page = client.get(reverse(PAGE), wanted)
    assert [(line.reader, line.what) for line in page.context["lines"]] == [(auditor, "Decision log")]
    assert "Ada Audit" in page.text


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"person": "nobody@auditors.example"}, "Nobody here has this address"),
        ({"first": "2026-11-02", "last": "2026-11-01"}, "before the first day"),
        ({"first": "soon"}, "Enter a valid date"),
    ],
)
def test_what_cannot_be_searched_for_is_said(client, officer, asked, says):
    page = client.get(reverse(PAGE), asked)
    assert (page.status_code, says in page.text) == (422, True)


@pytest.mark.parametrize("group", ["security", "legal", "authors", "sponsors"])
def test_only_who_lets_auditors_in_sees_it(client, group):
    client.force_login(UserFactory(groups=[group]))
    assert client.get(reverse(PAGE)).status_code == 403


def test_it_asks_the_same_for_one_reading_and_for_a_page_of_them(client, officer):
    read(officer, people=[str(officer.pk)])
    counts = []
    for more in (0, 24):
        for _ in range(more):
            read(UserFactory(), people=[str(UserFactory().pk)])
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert len(client.get(reverse(PAGE)).context["lines"]) == more + 1
        counts.append(len(asked))
    assert counts[0] == counts[1]
