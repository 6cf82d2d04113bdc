"""Compliance hears of somebody who is denied the same tool again and again, once a window."""

import json
from datetime import timedelta

import pytest
from django.core import mail

from enablement.access.services import telling
from enablement.jobs.models import Job
from enablement.ledger.models import LedgerEntry
from tests.access.audit.conftest import amara, ask, gateway, index, liaison, tool
from tests.access.conftest import NOW
from tests.access.factories import MicrotoolFactory
from tests.jobs.conftest import run
from tests.people.factories import UserFactory

__all__ = ["amara", "ask", "gateway", "liaison", "tool"]
pytestmark = pytest.mark.django_db
KIND = "enablement.access.tasks.mail_denies"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def three_in_an_hour(settings):
    settings.DENY_ALERT_COUNT = 3
    settings.DENY_ALERT_WINDOW_SECONDS = 3600


@pytest.fixture
def ben(tool):
    return UserFactory(name="Ben", email="ben@example.com", groups=["compliance"])


def denied(ask, person, count, at=NOW, **call):
    for number in range(count):
        ask(person, at=at + number * timedelta(seconds=1), **call)
    index()


def alert(at):
    return telling.alert_repeated_denies(at=at)


def test_compliance_is_told_who_which_tool_how_often_and_where_to_look(ask, ben, liaison):
    UserFactory(groups=["compliance"], is_active=False)
    UserFactory(groups=["security"])
    denied(ask, ben, 2)
    assert alert(NOW + MINUTE) == 0
    ask(ben, at=NOW + 2 * MINUTE)
    index()
    assert alert(NOW + 3 * MINUTE) == 1
    [job] = Job.objects.filter(kind=KIND)
    after = run(job)
    assert (after.state, after.result) == ("done", {"sent": 1})
    # Ben is in compliance too: nobody is told of themselves.
    [message] = mail.outbox
    assert message.to == [liaison.email]
    assert message.subject == "Ben was denied Triage 3 times"
    assert "Since 9 November 2026, 09:00 UTC, 3 calls of Triage for Ben were denied." in message.body
    assert "/access/log/?person=ben%40example.com&microtool=triage&outcome=deny" in message.body
    entry = LedgerEntry.objects.get(kind="access.denies_repeated")
    assert (entry.subject_id, entry.actor_id) == ("triage", None)
    assert json.loads(entry.payload) == {
        "count": 3,
        "since": "2026-11-09T09:00:00.000000Z",
        "window_seconds": 3600,
        "learner": str(ben.pk),
    }


def test_once_a_window_however_long_it_goes_on(ask, ben):
    denied(ask, ben, 3)
    assert alert(NOW + MINUTE) == 1
    for job in Job.objects.filter(kind=KIND):
        run(job)
    denied(ask, ben, 5, at=NOW + 30 * MINUTE)
    assert alert(NOW + 31 * MINUTE) == 0
    # A whole window after the message, the denies of that window count.
    assert alert(NOW + MINUTE + HOUR - timedelta(seconds=1)) == 0
    assert alert(NOW + MINUTE + HOUR) == 1
    assert Job.objects.filter(kind=KIND).count() == 2


def test_two_beats_at_once_ask_for_one_message(ask, ben, monkeypatch):
    denied(ask, ben, 3)
    alert(NOW + MINUTE)
    Job.objects.filter(kind=KIND).update(created_at=NOW - 2 * HOUR, state="done", finished_at=NOW)
    alert(NOW + MINUTE)
    assert Job.objects.filter(kind=KIND).count() == 1


def test_other_tools_other_people_old_denies_and_what_was_allowed_do_not_add_up(ask, ben, amara):
    MicrotoolFactory(key="brief", title="Brief")
    denied(ask, ben, 2)
    denied(ask, ben, 1, tool="brief")
    denied(ask, UserFactory(), 2)
    denied(ask, amara, 5)
    denied(ask, ben, 1, at=NOW - HOUR)
    denied(ask, "nobody@example.com", 5)
    denied(ask, ben, 5, tool="no_such_tool")
    assert alert(NOW + timedelta(seconds=10)) == 0
    ask(ben, at=NOW + timedelta(seconds=8))
    index()
    assert alert(NOW + timedelta(seconds=10)) == 1


@pytest.mark.parametrize("pairs", [1, 6])
def test_looking_costs_the_same_queries(ask, tool, pairs, django_assert_num_queries):
    for _each in range(pairs):
        denied(ask, UserFactory(), 3)
    assert alert(NOW + MINUTE) == pairs
    with django_assert_num_queries(2):
        assert alert(NOW + 2 * MINUTE) == 0
