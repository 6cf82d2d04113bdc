"""Where people find what became of a decision: the log, its page, its file."""

import csv
import io

import pytest
from django.urls import reverse

from enablement.access import decision_log
from enablement.access.decision_log import Wanted
from enablement.access.models import DecisionRecord
from enablement.ledger.models import LedgerEntry
from tests.access.audit.conftest import index
from tests.ledger.unlocked import ledger_unlocked

pytestmark = pytest.mark.django_db


def found(reported):
    return [line.record.entry for line in decision_log.page(Wanted(reported=reported)).lines]


def test_the_latest_report_is_what_is_searched_for(amara, ask, report):
    first, second, third = ask(amara), ask(amara), ask(amara)
    report(first, "reworked")
    report(second, "used")
    index()
    report(second, "reworked")
    report(first, "overturned")
    index()
    assert found("reworked") == [second]
    assert found("overturned") == [first]
    assert found("used") == []
    assert found("") == [third, second, first]


def test_a_report_in_the_same_batch_as_its_decision_counts(amara, ask, report, monkeypatch):
    decision = ask(amara)
    report(decision, "edited")
    index()
    assert DecisionRecord.objects.get().reported == "edited"


@pytest.mark.parametrize("payload", ["{", "[]", "{}", '{"outcome":"rather more than ten characters"}'])
def test_a_report_that_was_altered_beyond_reading_is_left_out(amara, ask, report, payload):
    report(ask(amara), "edited")
    with ledger_unlocked():
        LedgerEntry.objects.filter(kind="access.outcome_reported").update(payload=payload)
    index()
    assert DecisionRecord.objects.get().reported == ""


def test_one_decision_shows_every_report_and_what_it_was_about(client, liaison, amara, ask, report):
    decision = ask(amara, model="small", model_version="2")
    report(decision, "used", minutes=4)
    report(decision, "overturned")
    index()
    page = client.get(reverse("access_decision", args=[decision])).content.decode()
    text = " ".join(page.split())
    assert text.index("Overturned") < text.index("Used as it was")
    for words in ("corrected", "triage-tool", "small 2", "eu-west-1"):
        assert words in text
    other = ask(amara)
    index()
    page = client.get(reverse("access_decision", args=[other])).content.decode()
    assert "Nothing has been reported yet" in page


def test_the_log_searches_and_the_file_has_it(client, liaison, amara, ask, report):
    report(ask(amara), "reworked", minutes=0)
    ask(amara)
    page = client.get(reverse("access_log"), {"reported": "reworked"})
    assert len(page.context["lines"]) == 1
    assert "What became of it: reworked" in " ".join(page.content.decode().split())
    response = client.get(reverse("access_log_csv"), {"reported": "reworked"})
    table = b"".join(response.streaming_content).decode("utf-8-sig")
    [line] = csv.DictReader(io.StringIO(table))
    assert (line["Reported outcome"], line["Minutes claimed"]) == ("reworked", "0")
    assert line["Reported (UTC)"] == "2026-11-09T09:00:00.000000Z"
    read = LedgerEntry.objects.filter(kind="access.log_read", payload__contains='"reported":"reworked"')
    assert read.count() == 2
