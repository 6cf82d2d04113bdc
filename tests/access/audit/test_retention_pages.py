"""The pages on which retention is looked at, holds are placed and ended, and words are erased."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enablement.access.models import Erasure, LegalHold
from enablement.access.services import retention
from enablement.ledger.models import LedgerContent
from tests.access.audit.conftest import SURE, index
from tests.access.conftest import NOW
from tests.people.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
RECORDS = "/access/records/"


@pytest.fixture
def sign_in(client):
    def signed_in(group):
        user = UserFactory(groups=[group] if group else [], timezone="UTC")
        client.force_login(user)
        return client

    return signed_in


def text_of(response):
    return response.content.decode()


def test_a_hold_is_placed_seen_and_ended_by_another(sign_in, amara, tool):
    legal = sign_in("legal")
    assert "Nothing is held" in text_of(legal.get(RECORDS))
    asked = {
        "person": "AMARA@example.com",
        "microtool": "triage",
        "first": "2026-11-01",
        "last": "2026-11-30",
    }
    wrong = legal.post(RECORDS, {"review_on": "2027-02-01", "reason": "Dispute"})
    assert (wrong.status_code, "too wide" in text_of(wrong)) == (422, True)
    assert legal.post(RECORDS, {**asked, "reason": "", "review_on": ""}).status_code == 422
    assert legal.post(RECORDS, {**asked, "person": "x@example.com"}).status_code == 422
    assert legal.post(RECORDS, {**asked, "last": "2026-10-01"}).status_code == 422
    assert legal.post(RECORDS, {**asked, "reason": "Dispute", "review_on": "2026-02-01"}).url == RECORDS
    hold = LegalHold.objects.get()
    assert (hold.person, hold.microtool) == (amara, tool)
    assert (str(hold.since), str(hold.until)) == ("2026-11-01 00:00:00+00:00", "2026-12-01 00:00:00+00:00")
    page = text_of(legal.get(RECORDS))
    assert "Amara Okafor · Triage" in page
    assert "Still needed?" in page
    end = reverse("access_hold_end", args=[hold.pk])
    assert (end in page, "Another person ends it" in page) == (False, True)
    assert "Another person" in text_of(legal.post(end, {"reason": "Settled"}))
    compliance = sign_in("compliance")
    assert end in text_of(compliance.get(RECORDS))
    assert compliance.post(end, {"reason": "Settled"}).url == RECORDS
    assert compliance.get(end).status_code == 404
    assert "Settled" in text_of(compliance.get(RECORDS))


def test_security_only_reads_it_and_others_do_not(sign_in, amara):
    security = sign_in("security")
    page = security.get(RECORDS)
    assert (page.status_code, "Place a hold" in text_of(page)) == (200, False)
    assert (
        security.post(RECORDS, {"person": amara.email, "reason": "x", "review_on": "2027-01-01"}).status_code
        == 403
    )
    assert security.get(reverse("access_erase", args=[amara.pk])).status_code == 403
    assert sign_in("sponsors").get(RECORDS).status_code == 403
    assert not LegalHold.objects.exists()


def test_words_are_read_then_erased_and_the_page_says_so(sign_in, amara, ask):
    made = ask(amara, action="apply", confidence=SURE, text="Call +49 30 901820 <b>today</b>")
    index()
    compliance = sign_in("compliance")
    decision = reverse("access_decision", args=[made])
    page = text_of(compliance.get(decision))
    assert "Call [phone] &lt;b&gt;today&lt;/b&gt;" in page
    assert "901820" not in page
    erase = reverse("access_erase", args=[amara.pk])
    assert erase in text_of(compliance.get(reverse("access_person", args=[amara.pk])))
    assert compliance.post(erase, {"reason": ""}).status_code == 422
    assert compliance.post(erase, {"reason": "Asked in writing"}).url == reverse(
        "access_person", args=[amara.pk]
    )
    assert Erasure.objects.get().contents == 1
    assert not LedgerContent.objects.kept().exists()
    page = text_of(compliance.get(decision))
    assert ("Erased for the person" in page, "[phone] &lt;b" in page) == (True, False)
    assert "Asked in writing" in text_of(compliance.get(RECORDS))


def test_what_is_held_is_not_erased_and_the_page_says_why(sign_in, amara, ask):
    ask(amara, action="apply", confidence=SURE, text="Words")
    counsel = UserFactory(groups=["legal"])
    retention.place_hold(reason="x", review_on=NOW.date(), person=amara, actor=counsel, at=NOW)
    answer = sign_in("compliance").post(reverse("access_erase", args=[amara.pk]), {"reason": "Asked"})
    assert (answer.status_code, "A legal hold is over some of it" in text_of(answer)) == (422, True)
    assert LedgerContent.objects.kept().count() == 1


def test_the_page_asks_the_same_however_much_there_is(sign_in, amara):
    legal = sign_in("legal")
    counsel = UserFactory(groups=["legal"])
    counts = []
    for n in (1, 4):
        for _each in range(n):
            retention.place_hold(reason="x", review_on=NOW.date(), person=amara, actor=counsel, at=NOW)
        legal.get(RECORDS)
        with CaptureQueriesContext(connection) as queries:
            legal.get(RECORDS)
        counts.append(len(queries))
    assert counts[0] == counts[1]
