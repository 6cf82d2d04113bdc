"""Content beside the chain: redacted, keyed, found where it was changed, and gone without a trace of it."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from enablement.ledger import services
from enablement.ledger.models import LedgerContent, LedgerEntry
from tests.ledger.factories import AT, record_n
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db


def record_words(*texts, person=None):
    with transaction.atomic():
        return services.record_many(
            services.NewEntry(
                kind="tests.said",
                subject=("tests.tool", "triage"),
                actor="system",
                at=AT,
                payload={"redacted": {"email": 1}} if index else {},
                content=services.Content(person=person, texts={"text": text}),
            )
            for index, text in enumerate(texts)
        )


def test_words_stand_beside_the_chain_without_personal_data():
    person = UserFactory()
    [entry] = record_words("Write to max@example.com, or eve@example.com", person=person.pk)
    content = LedgerContent.objects.get()
    assert (content.entry, content.person, content.subject, content.at) == (entry.pk, person.pk, "triage", AT)
    assert json.loads(content.body) == {"text": "Write to [email], or [email]"}
    said = json.loads(entry.payload)
    assert said == {"content_hmac": content.hash(), "redacted": {"email": 2}}
    assert "max@" not in entry.payload + content.body


def test_counts_add_up_and_the_same_words_have_different_hashes():
    first, second = record_words("+49 30 901820", "+49 30 901820")
    one, two = json.loads(first.payload), json.loads(second.payload)
    assert (one["redacted"], two["redacted"]) == ({"phone": 1}, {"email": 1, "phone": 1})
    assert one["content_hmac"] != two["content_hmac"]
    assert services.verify(at=AT).intact


def test_a_batch_costs_one_statement_more():
    with CaptureQueriesContext(
        connection,
    ) as queries:
        record_n(2)
    without = len(queries)
    with CaptureQueriesContext(connection) as queries:
        record_words("a", "b", "c")
    assert len(queries) == without + 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"body": '{"text":"Other words"}'}, "its content was altered"),
        ({"key": "ab" * 32}, "its content was altered"),
        ({"key": "no key"}, "its content was altered"),
        ({}, "its content is missing"),
    ],
)
def test_changed_or_missing_content_is_found(change, problem):
    record_n(2)
    entry = record_words("As it was", "And this")[0]
    rows = LedgerContent.objects.filter(entry=entry.pk)
    if change:
        rows.update(**change)
    else:
        rows.delete()
    broken = services.verify(at=AT).broken
    assert (broken.position, broken.entry_id) == (3, entry.pk)
    assert broken.problem.startswith(problem)


def test_emptied_content_leaves_the_chain_whole_and_nothing_to_try_words_against():
    record_words("One", "Two")
    before = services.verify(at=AT)
    assert LedgerContent.objects.empty(because="retention", at=AT + timedelta(days=1)) == 2
    assert LedgerContent.objects.empty(because="erasure", at=AT + timedelta(days=2)) == 0
    after = services.verify(at=AT)
    assert (after.intact, after.head) == (True, before.head)
    assert set(LedgerContent.objects.values_list("body", "key", "gone_because")) == {("", "", "retention")}
    assert LedgerEntry.objects.filter(payload__contains="content_hmac").count() == 2


@pytest.mark.parametrize(
    "change",
    [
        {"body": ""},
        {"key": ""},
        {"gone_at": AT},
        {"gone_at": AT, "body": "", "key": ""},
        {"gone_because": "retention"},
    ],
)
def test_content_is_whole_or_gone(change):
    record_words("One")
    with pytest.raises(IntegrityError, match="ledger_content_is_whole_or_gone"), transaction.atomic():
        LedgerContent.objects.update(**change)
