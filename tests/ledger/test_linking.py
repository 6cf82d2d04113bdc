import multiprocessing
import os
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enablement.ledger import selectors, services, tasks
from enablement.ledger.canonical import GENESIS
from enablement.ledger.models import LedgerEntry, LedgerLink
from enablement.ledger.services import linking
from tests.ledger.factories import AT, record_n

pytestmark = pytest.mark.django_db


def chain():
    return list(LedgerLink.objects.order_by("position").select_related("entry"))


def test_every_entry_gets_its_place_in_the_order_of_recording():
    record_n(3)
    assert services.link(at=AT) == 3
    links = chain()
    assert [(link.position, link.entry.subject_id) for link in links] == [(1, "1"), (2, "2"), (3, "3")]
    assert [link.previous_hash for link in links] == [GENESIS, links[0].hash, links[1].hash]
    assert {link.linked_at for link in links} == {AT}


def test_linking_again_changes_nothing_and_goes_on_where_it_stopped():
    record_n(2)
    services.link(at=AT)
    before = [link.hash for link in chain()]
    assert services.link(at=AT + timedelta(seconds=1)) == 0
    record_n(1)
    tasks.link()
    assert [link.hash for link in chain()][:2] == before
    assert len(chain()) == 3


def test_more_than_one_batch(monkeypatch):
    monkeypatch.setattr(linking, "BATCH", 4)
    record_n(9)
    assert services.link(at=AT) == 9
    assert services.verify(at=AT).entries == 9


def test_a_late_commit_is_found_behind_the_head():
    record_n(1)
    services.link(at=timezone.now())
    [late] = record_n(1)
    with_head = LedgerEntry.objects.unlinked(
        since=selectors.tail_start(LedgerLink.objects.head(), at=timezone.now())
    )
    assert list(with_head) == [late]


def test_a_clock_that_ran_ahead_hides_nothing(time_machine):
    time_machine.move_to("2027-01-01T00:00:00Z", tick=False)
    record_n(1)
    services.link(at=timezone.now())
    time_machine.move_to("2026-12-01T00:00:00Z", tick=False)
    record_n(1)
    assert services.link(at=timezone.now()) == 1


def test_how_long_the_oldest_entry_waits(time_machine):
    time_machine.move_to(AT, tick=False)
    assert selectors.oldest_unlinked_seconds(AT) == 0.0
    record_n(2)
    # Not since it happened (an import brings old facts): since it was recorded.
    assert selectors.oldest_unlinked_seconds(AT + timedelta(seconds=75)) == 75.0
    services.link(at=AT)
    assert selectors.oldest_unlinked_seconds(AT + timedelta(seconds=75)) == 0.0


def test_the_chain_cannot_fork():
    first, _second = record_n(2)
    services.link(at=AT)
    head = LedgerLink.objects.head()
    [third] = record_n(1)
    for position, entry, previous in (
        (3, third, head.previous_hash),
        (3, first, head.hash),
        (0, third, head.hash),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            LedgerLink.objects.create(
                position=position, entry=entry, previous_hash=previous, hash="x", linked_at=AT
            )


def test_a_query_of_the_linker_serves_a_hundred_entries():
    """How many it links a second is measured by the bench; what would make it slow is a query for each."""
    record_n(2000)
    with CaptureQueriesContext(connection) as asked:
        assert services.link(at=AT) == 2000
    assert len(asked) <= 20


@pytest.mark.django_db(transaction=True)
def test_two_processes_record_while_two_linkers_run():
    connection.close()
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_child, args=(_record_some,)) for _ in range(2)]
    linkers = [context.Process(target=_child, args=(_link_some,)) for _ in range(2)]
    for process in (*writers, *linkers):
        process.start()
    for process in (*writers, *linkers):
        process.join(60)
        assert process.exitcode == 0
    report = services.verify(at=timezone.now())
    assert (report.broken, report.entries) == (None, 2 * 60 * 2)


def _record_some():
    for _ in range(60):
        record_n(2)


def _link_some():
    for _ in range(30):
        services.link(at=timezone.now())


def _child(work):
    """In a process of its own with a connection of its own; ends without pytest's clean-up."""
    try:
        work()
        connection.close()
    except BaseException as error:  # noqa: BLE001
        os.write(2, repr(error).encode())
        os._exit(1)
    os._exit(0)
