"""The decision log: indexed from the chain, searched, paged, downloaded, and its reading recorded."""

import csv
import io
import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enablement.access import decision_log
from enablement.access.decision_log import Wanted
from enablement.access.models import DecisionLogMark, DecisionRecord
from enablement.access.services.decision_log import project
from enablement.access.services.decisions.deciding import keyed
from enablement.ledger.models import LedgerEntry, LedgerLink
from tests.access.audit.conftest import SURE, index
from tests.access.conftest import NOW
from tests.ledger.unlocked import ledger_unlocked
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def found(**wanted):
    return [line.record.entry for line in decision_log.page(Wanted(**wanted)).lines]


def test_an_entry_is_indexed_once_and_only_when_it_is_linked(amara, ask):
    first = ask(amara)
    assert project() == 0
    assert index() == 1
    assert index() == 0
    record = DecisionRecord.objects.get()
    assert (record.entry, record.at, record.person) == (first, NOW, amara.pk)
    assert (record.microtool, record.outcome, record.reason) == ("triage", "allow", "granted")
    assert DecisionLogMark.objects.get().position == LedgerLink.objects.count()


def test_batches_leave_nothing_out(amara, ask, monkeypatch):
    monkeypatch.setattr("enablement.access.services.decision_log.BATCH", 2)
    made = {ask(amara) for _each in range(5)}
    assert index() == 5
    assert set(DecisionRecord.objects.values_list("entry", flat=True)) == made


def test_every_way_to_narrow_the_search(amara, ask):
    ben = UserFactory(name="Ben Sørensen")
    early = ask(amara, at=NOW - 3 * DAY)
    allowed = ask(amara)
    denied = ask(ben, at=NOW + DAY)
    stranger = ask("nobody@example.com", at=NOW + 2 * DAY)
    elsewhere = ask(amara, tool="what_is_this", at=NOW + 3 * DAY)
    index()
    assert found() == [elsewhere, stranger, denied, allowed, early]
    assert found(people=frozenset({amara.pk})) == [elsewhere, allowed, early]
    assert found(people=frozenset({ben.pk})) == [denied]
    assert found(microtool="triage") == [stranger, denied, allowed, early]
    assert found(outcome="allow") == [allowed, early]
    assert found(reason="unknown_subject") == [stranger]
    assert found(since=NOW, until=NOW + DAY) == [allowed]
    assert found(people=frozenset({amara.pk}), outcome="deny", microtool="triage") == []


def test_pages_follow_on_one_another_also_within_one_moment(amara, ask):
    made = [ask(amara) for _each in range(7)]
    index()
    seen, before = [], None
    for _page in range(4):
        page = decision_log.page(Wanted(), before=before, size=2)
        seen += [line.record.entry for line in page.lines]
        before = page.older
    assert (seen, before) == (made[::-1], None)


def test_a_line_says_everything_that_the_entry_has(amara, ask):
    ask(amara, action="apply", confidence=SURE, text="Fine", prompt="triage_prompt", workflow_id="triage")
    index()
    line = decision_log.page(Wanted()).lines[0]
    assert (line.who, line.tool, line.token) == ("Amara Okafor", "Triage", "gateway-eu")
    assert line.circumstances == (
        "apply · eu-west-1 · small 2 · confidence 0.95 · prompt triage_prompt · workflow triage"
    )
    assert (line.outcome, line.tone) == ("Denied", "not-met")
    assert line.reason == "This prompt does not belong to your role and this tool."
    assert line.entry.policy_revision == 1


def test_a_strangers_decision_names_nobody(ask, tool):
    ask("nobody@example.com")
    index()
    line = decision_log.page(Wanted()).lines[0]
    assert (line.who, line.person) == ("Somebody unknown here", None)
    assert "nobody@" not in line.entry.payload


@pytest.mark.parametrize("payload", ["{", "[]", '{"user":"x"}', '{"user":"","microtool":7}'])
def test_an_altered_entry_stays_to_be_found(amara, ask, payload, client, liaison):
    ask(amara)
    with ledger_unlocked():
        LedgerEntry.objects.filter(kind="access.decided").update(payload=payload)
    index()
    line = decision_log.page(Wanted()).lines[0]
    assert line.outcome == "Altered: cannot be read"
    assert "Altered: cannot be read" in client.get(reverse("access_log")).content.decode()


def test_queries_do_not_grow(amara, ask):
    ask(amara)
    index()
    with CaptureQueriesContext(connection) as one:
        assert len(decision_log.page(Wanted()).lines) == 1
    for number in range(12):
        ask(UserFactory() if number % 2 else amara)
    index()
    with CaptureQueriesContext(connection) as many:
        assert len(decision_log.page(Wanted()).lines) == 13
    assert len(one) == len(many) <= 6


def test_the_page_searches_and_its_reading_is_recorded(client, liaison, amara, ask):
    entry = ask(amara)
    ask("nobody@example.com")
    index()
    page = client.get(
        reverse("access_log"),
        {"person": "okafor", "microtool": "triage", "first": "2026-11-09", "last": "2026-11-09"},
    ).content.decode()
    assert str(entry) in page
    assert "Somebody unknown here" not in page
    record = LedgerEntry.objects.get(kind="access.log_read")
    assert (record.actor_id, record.subject_id) == (liaison.pk, "page")
    assert json.loads(record.payload) == {
        "people": [str(amara.pk)],
        "microtool": "triage",
        "since": "2026-11-09T00:00:00.000000Z",
        "until": "2026-11-10T00:00:00.000000Z",
        "text_hmac": keyed("okafor"),
    }


def test_the_page_leads_on_to_older_decisions(client, liaison, amara, ask, monkeypatch):
    made = [ask(amara) for _each in range(26)]
    index()
    first = client.get(reverse("access_log"), {"outcome": "allow"})
    assert str(made[0]) not in first.content.decode()
    older = client.get(reverse("access_log"), {"outcome": "allow", "before": first.context["older"]})
    assert [line.record.entry for line in older.context["lines"]] == made[:1]
    assert older.context["older"] == ""


@pytest.mark.parametrize("before", ["x", "~", "2026-11-09~1", "2026-11-09T00:00:00Z~x"])
def test_a_place_that_cannot_be_read_is_the_newest(client, liaison, amara, ask, before):
    ask(amara)
    index()
    assert len(client.get(reverse("access_log"), {"before": before}).context["lines"]) == 1


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"person": "zzz"}, "Nobody here has this name"),
        ({"person": "person"}, "More than 20 people"),
        ({"first": "2026-11-09", "last": "2026-11-08"}, "before the first day"),
        ({"microtool": "x"}, "Select a valid choice"),
    ],
)
def test_a_search_that_makes_no_sense_says_so_and_reads_nothing(client, liaison, query, says):
    UserFactory.create_batch(21)
    response = client.get(reverse("access_log"), query)
    assert (response.status_code, says in response.content.decode()) == (422, True)
    assert client.get(reverse("access_log_csv"), query).status_code == 422
    assert not LedgerEntry.objects.filter(kind="access.log_read").exists()


def test_the_page_is_complete_and_says_up_to_when(client, liaison, amara, ask, monkeypatch):
    entry = ask(amara)
    page = client.get(reverse("access_log")).content.decode()
    assert (str(entry) in page, "Complete for everything recorded up to" in page) == (True, True)
    assert "still to be added" not in page


def test_after_an_outage_the_page_says_what_it_lacks(client, liaison, amara, ask, monkeypatch):
    monkeypatch.setattr("enablement.access.services.decision_log.BATCH", 1)
    for _each in range(3):
        ask(amara)
    links = LedgerEntry.objects.count()
    page = client.get(reverse("access_log")).content.decode()
    assert f"({links - 1} newer entries of the ledger are still to be added)" in page


def test_while_the_ledger_is_empty_so_is_the_log(client, liaison):
    assert "Nothing has been added to the log yet" in client.get(reverse("access_log")).content.decode()


def test_the_file_has_everything_and_no_formula(client, liaison, amara, ask):
    amara.name = "=1+1"
    amara.save()
    ask(amara, prompt="triage_prompt")
    ask("nobody@example.com")
    index()
    response = client.get(reverse("access_log_csv"))
    table = b"".join(response.streaming_content).decode("utf-8-sig")
    heading, stranger, known = csv.reader(io.StringIO(table))
    assert heading[:5] == ["When (UTC)", "Person", "E-mail", "Tool", "Outcome"]
    assert (known[1], known[2], known[3], known[8]) == (
        "'=1+1",
        "amara@example.com",
        "triage",
        "triage_prompt",
    )
    assert (stranger[1], stranger[5]) == ("Somebody unknown here", "unknown_subject")
    assert LedgerEntry.objects.get(kind="access.log_read").subject_id == "csv"


def test_one_decision_in_full(client, liaison, amara, ask):
    entry = ask(amara)
    index()
    page = client.get(reverse("access_decision", args=[entry])).content.decode()
    for words in ("Allowed: Triage", "Amara Okafor", "gateway-eu", LedgerEntry.objects.get(pk=entry).sha256):
        assert words in page
    assert LedgerEntry.objects.get(kind="access.log_read").subject_id == str(entry)
    assert client.get(reverse("access_decision", args=[uuid.uuid4()])).status_code == 404


def test_only_who_reads_evidence(client, amara):
    client.force_login(amara)
    for page in (
        reverse("access_log"),
        reverse("access_log_csv"),
        reverse("access_decision", args=[amara.pk]),
    ):
        assert client.get(page).status_code == 403
    assert not LedgerEntry.objects.filter(kind="access.log_read").exists()
