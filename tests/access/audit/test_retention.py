"""What goes in time or for a person, what a legal hold keeps, and what the record says of it."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from enablement.access.models import Erasure, LegalHold, Policy
from enablement.access.services import retention
from enablement.ledger import services as ledger
from enablement.ledger.models import LedgerContent, LedgerEntry
from tests.access.audit.conftest import SURE
from tests.access.conftest import NOW
from tests.access.factories import MicrotoolFactory
from tests.people.factories import UserFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = NOW + 731 * DAY
SAID = {"action": "apply", "confidence": SURE, "text": "Mail amara@example.com about the parcel."}


@pytest.fixture
def counsel(db):
    return UserFactory(groups=["legal"])


@pytest.fixture
def officer(db):
    return UserFactory(groups=["compliance"])


@pytest.fixture
def said(amara, ask):
    """Words of hers on the first day, the tenth, and a stranger's."""
    return [ask(amara, **SAID), ask(amara, at=NOW + 10 * DAY, **SAID), ask("nobody@example.com", **SAID)]


def kept():
    return set(LedgerContent.objects.kept().values_list("entry", flat=True))


def hold(actor, **about):
    return retention.place_hold(
        reason="A dispute", review_on=(NOW + DAY).date(), actor=actor, at=NOW, **about
    )


def entries(kind):
    return [json.loads(entry.payload) for entry in LedgerEntry.objects.filter(kind=f"access.{kind}")]


def test_a_decision_keeps_its_text_beside_the_chain_and_without_personal_data(amara, ask):
    made = ask(amara, workflow_id="for max@example.com", prompt="triage_prompt", **SAID)
    payload = json.loads(LedgerEntry.objects.get(pk=made).payload)
    content = LedgerContent.objects.get(entry=made)
    assert json.loads(content.body) == {"text": "Mail [email] about the parcel."}
    assert (content.person, content.subject) == (amara.pk, "triage")
    assert (payload["workflow_id"], payload["prompt"]) == ("for [email]", "triage_prompt")
    assert (payload["redacted"], payload["content_hmac"]) == ({"email": 2}, content.hash())


def test_where_the_playbook_logs_no_prompts_no_text_is_kept(amara, ask):
    Policy.objects.update(keeps_content=False)
    made = ask(amara, **SAID)
    assert not LedgerContent.objects.exists()
    assert "content_hmac" not in LedgerEntry.objects.get(pk=made).payload
    Policy.objects.update(keeps_content=True)
    ask(amara)
    assert not LedgerContent.objects.exists()


def test_the_purge_takes_what_is_older_than_the_playbook_says_and_no_more(said):
    first, second, stranger = said
    assert retention.purge(at=NOW + 730 * DAY) == 0
    assert entries("content_purged") == []
    assert retention.purge(at=LATER) == 2
    assert kept() == {second}
    assert ledger.verify(at=LATER).intact
    [record] = entries("content_purged")
    assert record == {
        "before": "2026-11-10T09:00:00.000000Z",
        "retention_days": 730,
        "policy_revision": 1,
        "contents": 2,
        "words": 0,
    }
    assert retention.purge(at=LATER) == 0
    assert len(entries("content_purged")) == 1
    assert LedgerContent.objects.filter(entry__in=[first, stranger], gone_because="retention").count() == 2


def test_the_playbooks_days_are_obeyed_and_without_a_policy_nothing_goes(said):
    Policy.objects.update(retention_days=5)
    assert retention.purge(at=NOW + 6 * DAY) == 2
    Policy.objects.all().delete()
    assert retention.purge(at=LATER) == 0


@pytest.mark.parametrize(
    ("about", "left"),
    [
        ("person", {0, 1}),
        ("tool", {0, 1, 2}),
        ("other tool", set()),
        ("other person", set()),
        ("first day", {0, 2}),
        ("after the first day", {1}),
        ("person on the first day", {0}),
    ],
)
def test_a_hold_keeps_what_it_is_about(request, said, counsel, about, left):
    amara, tool = map(request.getfixturevalue, ("amara", "tool"))
    days = {"since": NOW, "until": NOW + DAY}
    hold(
        counsel,
        **{
            "person": {"person": amara},
            "tool": {"microtool": tool},
            "other tool": {"microtool": MicrotoolFactory()},
            "other person": {"person": counsel},
            "first day": days,
            "after the first day": {"since": NOW + DAY},
            "person on the first day": {"person": amara, **days},
        }[about],
    )
    retention.purge(at=NOW + 800 * DAY)
    assert kept() == {said[index] for index in left}


def test_another_person_ends_a_hold_and_then_the_purge_goes_on(said, amara, counsel, officer):
    placed = hold(counsel, person=amara)
    with pytest.raises(Refused, match="Another person"):
        retention.end_hold(hold=placed, reason="Settled", actor=counsel, at=NOW)
    with pytest.raises(ValidationError):
        retention.end_hold(hold=placed, reason=" ", actor=officer, at=NOW)
    retention.end_hold(hold=placed, reason="Settled", actor=officer, at=NOW + DAY)
    with pytest.raises(Refused, match="already"):
        retention.end_hold(hold=placed, reason="Settled", actor=officer, at=NOW)
    retention.purge(at=NOW + 800 * DAY)
    assert kept() == set()
    [record] = entries("hold_placed")
    assert record == {"person": str(amara.pk), "microtool": "", "since": None, "until": None}
    assert len(entries("hold_ended")) == 1


def test_erasing_takes_one_persons_words_and_leaves_the_chain_whole(said, officer, amara):
    made = retention.erase(person=amara, reason="Asked for it in writing", actor=officer, at=NOW + DAY)
    assert (made.contents, made.words, kept()) == (2, 0, {said[2]})
    assert ledger.verify(at=NOW).intact
    [record] = entries("content_erased")
    assert record == {
        "erasure": str(made.pk),
        "contents": 2,
        "words": 0,
        "evidence": 0,
        "answers": 0,
        "reasons": 0,
    }
    again = retention.erase(person=amara, reason="Once more", actor=officer, at=NOW + 2 * DAY)
    assert again.contents == 0


def test_a_hold_stops_an_erasure_as_a_whole(said, amara, counsel, officer):
    hold(counsel, person=amara, since=NOW, until=NOW + DAY)
    with pytest.raises(Refused, match="legal hold"):
        retention.erase(person=amara, reason="Asked", actor=officer, at=NOW)
    assert kept() == set(said)
    assert not Erasure.objects.exists()
    assert entries("content_erased") == []


def test_who_may_not_hold_or_erase(amara, officer, counsel):
    security = UserFactory(groups=["security"])
    with pytest.raises(PermissionDenied):
        hold(security, person=amara)
    placed = hold(counsel, person=amara)
    with pytest.raises(PermissionDenied):
        retention.end_hold(hold=placed, reason="x", actor=security, at=NOW)
    with pytest.raises(PermissionDenied):
        retention.erase(person=amara, reason="x", actor=counsel, at=NOW)
    with pytest.raises(Refused, match="your own"):
        retention.erase(person=officer, reason="x", actor=officer, at=NOW)


def test_a_purge_costs_the_same_however_much_goes(amara, ask):
    counts = []
    for n in (1, 4):
        for _each in range(n):
            ask(amara, **SAID)
        with CaptureQueriesContext(connection) as queries:
            assert retention.purge(at=LATER) == n
        counts.append(len(queries))
    assert counts[0] == counts[1]


BROKEN_HOLDS = {
    "legal_hold_has_reason": {"reason": ""},
    "legal_hold_is_about_something": {"person": None},
    "legal_hold_days_in_order": {"since": NOW, "until": NOW},
    "legal_hold_ended_by_whom_and_why": {"ended_at": NOW},
    "legal_hold_ended_by_another": {"ended_at": NOW, "end_reason": "x", "ended_by": "placer"},
}


@pytest.mark.parametrize("name", BROKEN_HOLDS)
def test_the_database_refuses_unsound_holds(name, amara, counsel):
    placed = hold(counsel, person=amara)
    change = BROKEN_HOLDS[name]
    change = change | ({"ended_by": counsel} if "ended_by" in change else {})
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        LegalHold.objects.filter(pk=placed.pk).update(**change)


def test_the_database_refuses_unsound_erasures_and_policies(amara, officer):
    made = retention.erase(person=amara, reason="Asked", actor=officer, at=NOW)
    for name, change in (
        ("erasure_has_reason", {"reason": ""}),
        ("erasure_done_by_another", {"person": officer}),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Erasure.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(IntegrityError, match="policy_keeps_for_a_day"), transaction.atomic():
        Policy.objects.update(retention_days=0)
