import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Value
from django.db.models.functions import Concat
from django.db.transaction import TransactionManagementError

from enablement.ledger.models import LedgerEntry
from enablement.people.models import User
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory, MentorshipFactory
from tracks.models import Enrolment, Mentorship
from tracks.prepared import Prepared, PreparedInsert, PreparedObjects

pytestmark = pytest.mark.django_db
JOINED = datetime(2026, 3, 2, 9, 30, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def by_email():
    return Prepared(lambda email: User.objects.filter(email=email).values_list("pk", "name"), email="\0email")


def test_each_call_asks_for_its_own_values(by_email):
    first, second = UserFactory(), UserFactory()
    assert by_email(email=first.email) == [(first.pk, first.name)]
    assert by_email(email=second.email) == [(second.pk, second.name)]
    assert by_email(email="nobody@example.com") == []


def test_rows_are_read_anew(by_email, django_assert_num_queries):
    person = UserFactory()
    by_email(email=person.email)
    User.objects.filter(pk=person.pk).update(name="Renamed")
    with django_assert_num_queries(1):
        assert by_email(email=person.email) == [(person.pk, "Renamed")]


def test_a_uuid_is_asked_for_as_the_database_keeps_it():
    person = UserFactory()
    by_id = Prepared(lambda pk: User.objects.filter(pk=pk).values_list("email"), pk=uuid.UUID(int=1))
    assert by_id(pk=person.pk) == [(person.email,)]
    assert by_id(pk=uuid.uuid4()) == []


@pytest.mark.parametrize("count", [0, 1, 3])
def test_one_of_a_list_and_many_of_it_are_found_alike(count):
    people = [UserFactory(joined_at=JOINED) for _each in range(3)]
    build = lambda users, since: User.objects.filter(pk__in=users, joined_at__gte=since)  # noqa: E731
    kept = {"users": [uuid.UUID(int=1)], "since": datetime(1, 1, 1, tzinfo=UTC)}
    rows = Prepared(lambda **asked: build(**asked).values_list("pk"), **kept)
    objects = PreparedObjects(build, **kept)
    wanted = [person.pk for person in people[:count]]
    for since, expected in ((JOINED, wanted), (JOINED + timedelta(microseconds=1), [])):
        assert {pk for (pk,) in rows(users=wanted, since=since)} == set(expected)
        assert {person.pk for person in objects(users=wanted, since=since)} == set(expected)


def test_what_is_asked_stays_a_value(by_email):
    UserFactory()
    assert by_email(email="' OR '1'='1") == []


@pytest.fixture
def enrolments_on():
    """With related objects, of which one (the standing) may be missing, and an annotation."""
    mentored = Exists(Mentorship.objects.current().filter(enrolment=OuterRef("pk")))
    return PreparedObjects(
        lambda user: (
            Enrolment.objects.filter(user=user)
            .select_related("cohort", "track__role", "standing")
            .annotate(mentored=mentored)
            .order_by("due_on")
        ),
        user=uuid.UUID(int=1),
    )


def test_objects_come_whole_with_what_was_selected_and_annotated(enrolments_on, django_assert_num_queries):
    mentorship = MentorshipFactory()
    first = mentorship.enrolment
    second = EnrolmentFactory(user=first.user, due_on=first.due_on + timedelta(days=1))
    enrolments_on(user=second.user_id)
    with django_assert_num_queries(1):
        found = enrolments_on(user=first.user_id)
        assert [(e, e.due_on, e.state, e.mentored) for e in found] == [
            (first, first.due_on, first.state, True),
            (second, second.due_on, second.state, False),
        ]
        assert [(e.cohort, e.track, e.track.role) for e in found] == [
            (e.cohort, e.track, e.track.role) for e in (first, second)
        ]
        assert [hasattr(e, "standing") for e in found] == [False, False]
    assert enrolments_on(user=uuid.uuid4()) == []


def test_an_object_can_be_changed_and_kept(enrolments_on):
    enrolment = EnrolmentFactory()
    (found,) = enrolments_on(user=enrolment.user_id)
    found.due_on += timedelta(days=3)
    found.save(update_fields=["due_on"])
    enrolment.refresh_from_db()
    assert enrolment.due_on == found.due_on


def test_what_is_grouped_by_may_hold_values():
    UserFactory(name="Ann"), UserFactory(name="Ann"), UserFactory(name="Ben")
    greeted = Prepared(
        lambda name: (
            User.objects.exclude(name=name)
            .order_by()
            .values(greeting=Concat(Value("100 % "), F("name")))
            .annotate(number=Count("pk"))
            .values_list("greeting", "number")
        ),
        name="\0name",
    )
    assert [greeted(name="Ann") for _again in range(4)] == [[("100 % Ben", 1)]] * 4
    assert sorted(greeted(name="Cem")) == [("100 % Ann", 2), ("100 % Ben", 1)]


def test_a_row_is_written_as_django_writes_it(django_assert_num_queries):
    insert = PreparedInsert(LedgerEntry)
    said = {"kind": "tests.written", "at": JOINED, "actor_label": "100 % it's me", "subject_type": "t"}
    others = {"subject_id": "1", "payload": "{}", "sha256": "0" * 64, "recorded_at": JOINED}
    ours, theirs = LedgerEntry(**said, **others), LedgerEntry(**said, **others)
    with django_assert_num_queries(1):
        insert(ours)
    LedgerEntry.objects.bulk_create([theirs])
    columns = [field.attname for field in LedgerEntry._meta.local_concrete_fields if field.attname != "id"]
    found = LedgerEntry.objects.filter(kind="tests.written").values("id", *columns)
    assert {row.pop("id") for row in found} == {ours.pk, theirs.pk}
    assert found[0] == found[1]
    assert (
        (ours._state.adding, ours._state.db) == (theirs._state.adding, theirs._state.db) == (False, "default")
    )


@pytest.mark.parametrize("wrong", ["twice", "kind"])
def test_a_row_that_breaks_a_rule_is_refused_and_spoils_the_transaction(wrong):
    insert = PreparedInsert(LedgerEntry)
    entry = LedgerEntry(kind="tests.written", at=JOINED, actor_label="me", subject_type="t", subject_id="1")
    insert(entry)
    if wrong == "kind":
        entry = LedgerEntry(kind="", at=JOINED, actor_label="me", subject_type="t", subject_id="1")
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            insert(entry)
        with pytest.raises(TransactionManagementError):
            LedgerEntry.objects.count()
    assert LedgerEntry.objects.filter(subject_type="t").count() == 1


@pytest.mark.postgresql
def test_a_query_that_is_asked_again_is_planned_once_a_connection(by_email):
    def kept():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%people_user%'")
            return cursor.fetchone()[0]

    person = UserFactory()
    before = kept()
    for _again in range(4):
        assert by_email(email=person.email) == [(person.pk, person.name)]
    assert kept() == before + 1
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    assert by_email(email=person.email) == [(person.pk, person.name)]
