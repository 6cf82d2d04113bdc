import uuid
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.transaction import TransactionManagementError

from enablement.ledger import services
from enablement.ledger.models import LedgerEntry
from tests.ledger.factories import AT, record_n
from tests.people.factories import UserFactory


@pytest.mark.django_db
def test_an_entry_holds_what_happened_and_its_digest():
    person = UserFactory()
    entry = services.record(
        kind="people.deactivated",
        subject=person,
        actor=person,
        at=AT,
        payload={"b": 1, "a": "x"},
        policy_revision=3,
    )
    entry = LedgerEntry.objects.get(pk=entry.pk)
    assert (entry.kind, entry.subject_type, entry.subject_id) == (
        "people.deactivated",
        "people.User",
        str(person.pk),
    )
    assert (entry.actor_id, entry.actor_label, entry.policy_revision) == (person.pk, "person", 3)
    assert (entry.at, entry.payload) == (AT, '{"a":"x","b":1}')
    assert entry.sha256 == entry.digest()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (None, (None, "system")),
        ("token gateway-eu", (None, "token gateway-eu")),
        (uuid.UUID(int=1), (uuid.UUID(int=1), "person")),
    ],
)
def test_actors(actor, expected):
    entry = services.record(kind="k", subject=("a.B", "1"), actor=actor, at=AT, payload={})
    assert (entry.actor_id, entry.actor_label) == expected


@pytest.mark.django_db
def test_every_column_counts_for_the_digest():
    [entry] = record_n(1)
    digests = {entry.digest()}
    for column, value in {
        "id": uuid.uuid4(),
        "at": AT + timedelta(microseconds=1),
        "recorded_at": AT,
        "kind": "other",
        "actor_id": uuid.uuid4(),
        "actor_label": "other",
        "subject_type": "other",
        "subject_id": "other",
        "policy_revision": 0,
        "payload": "{}",
    }.items():
        changed = LedgerEntry(**{f.attname: getattr(entry, f.attname) for f in LedgerEntry._meta.fields})
        setattr(changed, column, value)
        digests.add(changed.digest())
    assert len(digests) == len(LedgerEntry._meta.fields)


@pytest.mark.django_db
@pytest.mark.parametrize("n", [1, 3, 80])
def test_a_batch_is_one_statement_and_keeps_its_order(n, django_assert_num_queries):
    with django_assert_num_queries(1):
        entries = services.record_many(
            services.NewEntry(kind="k", subject=("a.B", str(i)), actor=None, at=AT) for i in range(n)
        )
    stored = LedgerEntry.objects.order_by("recorded_at", "id").values_list("subject_id", flat=True)
    assert list(stored) == [str(i) for i in range(n)] == [entry.subject_id for entry in entries]


@pytest.mark.django_db(transaction=True)
def test_a_fact_is_recorded_only_inside_its_transaction():
    with pytest.raises(TransactionManagementError):
        services.record(kind="k", subject=("a.B", "1"), actor=None, at=AT, payload={})
    assert not LedgerEntry.objects.exists()


class Broken(Exception):
    pass


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_with_its_fact():
    def fact(*, fails):
        with transaction.atomic():
            person = UserFactory()
            services.record(kind="people.joined", subject=person, actor=None, at=AT, payload={})
            if fails:
                raise Broken

    with pytest.raises(Broken):
        fact(fails=True)
    assert LedgerEntry.objects.count() == 0
    fact(fails=False)
    assert LedgerEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_fact_goes_with_its_entry():
    @transaction.atomic
    def fact():
        person = UserFactory()
        services.record(kind="k", subject=person, actor=None, at=AT, payload={"share": 0.5})

    with pytest.raises(TypeError):
        fact()
    assert not get_user_model().objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["kind", "actor", "subject_type", "subject_id"])
def test_nothing_may_be_left_blank(column):
    fields = {"kind": "k", "actor": "a", "subject_type": "t", "subject_id": "1", column: ""}
    subject = (fields.pop("subject_type"), fields.pop("subject_id"))
    with pytest.raises(IntegrityError), transaction.atomic():
        services.record(**fields, subject=subject, at=AT, payload={})
