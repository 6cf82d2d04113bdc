from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction

from enablement.jobs import outbox, services
from enablement.jobs.models import Job, JobState
from tests.jobs import tasks
from tests.people.factories import UserFactory

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """The ids of the messages, in order; test_broker_gone and test_workers try the broker itself."""
    messages = []
    monkeypatch.setattr(outbox, "_publish", lambda job: messages.append(job.pk))
    return messages


def make(**fields):
    return Job.objects.create(**{"kind": tasks.quick.name, "args": {"name": "n"}, "created_at": AT} | fields)


def s(seconds):
    return AT + timedelta(seconds=seconds)


RUNNING = {"state": JobState.RUNNING, "attempts": 1}
OVERDUE = {
    "never sent": {},
    "sent long ago": {"sent_at": AT},
    "its pause is over": {"not_before": s(100), "attempts": 1},
    "left behind": RUNNING | {"sent_at": AT, "lease_until": s(99)},
}
NOT_OVERDUE = {
    "just sent": {"sent_at": s(71)},
    "pausing": {"not_before": s(101), "attempts": 1},
    "held": RUNNING | {"sent_at": AT, "lease_until": s(101)},
    "left behind, and just sent again": RUNNING | {"sent_at": s(71), "lease_until": s(60)},
    "done": {"state": JobState.DONE, "finished_at": AT},
    "failed": {"state": JobState.FAILED, "finished_at": AT, "error": "x"},
}


@pytest.mark.parametrize("case", OVERDUE)
def test_what_is_sent_again(case, sent):
    job = make(**OVERDUE[case])
    assert services.sweep(at=s(100)) == 1
    assert sent == [job.pk]
    assert Job.objects.get().sent_at == s(100)
    assert services.sweep(at=s(101)) == 0


@pytest.mark.parametrize("case", NOT_OVERDUE)
def test_what_is_left_alone(case, sent):
    make(**NOT_OVERDUE[case])
    assert (services.sweep(at=s(100)), sent) == (0, [])


def test_who_waits_long_is_not_sent_over_and_over(sent):
    make()
    swept_at = [seconds for seconds in range(0, 3600, 10) if services.sweep(at=s(seconds))]
    assert swept_at[:6] == [0, 40, 80, 160, 320, 640]
    assert max(b - a for a, b in pairwise(swept_at)) == 600


def test_two_sweeps_send_one_message(sent):
    job = make()
    stale = Job.objects.get(pk=job.pk)
    assert outbox.send(job, at=s(1))
    assert not outbox.send(stale, at=s(1))
    assert sent == [job.pk]


def test_a_batch_is_bounded(sent, monkeypatch):
    monkeypatch.setattr("enablement.jobs.services.sweeping.BATCH", 2)
    for _ in range(3):
        make()
    assert [services.sweep(at=s(i)) for i in range(3)] == [2, 1, 0]


def test_a_job_whose_workers_all_died_has_failed(sent):
    make(state=JobState.RUNNING, attempts=5, lease_until=s(99))
    held = make(state=JobState.RUNNING, attempts=5, lease_until=s(101))
    assert services.sweep(at=s(100)) == 0
    failed = Job.objects.get(state=JobState.FAILED)
    assert (failed.error, failed.finished_at) == ("The worker was lost at every attempt.", s(100))
    assert failed != held


def test_a_job_of_a_task_that_is_gone_has_failed(sent):
    make(kind="gone.tasks.away")
    assert services.sweep(at=AT) == 0
    assert (Job.objects.get().state, sent) == ("failed", [])


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("job_state_known", {"state": "lost", "finished_at": AT}),
        ("job_lease_while_running", {"state": "running"}),
        ("job_lease_while_running", {"lease_until": AT}),
        ("job_finished_at_when_finished", {"state": "done"}),
        ("job_finished_at_when_finished", {"finished_at": AT}),
        ("job_failed_says_why", {"state": "failed", "finished_at": AT}),
        ("job_attempts_within_limit", {"attempts": 6}),
        ("job_progress_within_total", {"progress_done": 2, "progress_total": 1}),
    ],
)
def test_no_row_contradicts_itself(constraint, fields):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make(**fields)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"key": "k"}, {"key": "k"}),
        ({"key": "k"}, {"key": "k", **RUNNING, "lease_until": AT}),
        ({"period": "p", "state": "done", "finished_at": AT}, {"period": "p"}),
    ],
)
def test_no_two_jobs_for_the_same(first, second):
    make(**first)
    with pytest.raises(IntegrityError), transaction.atomic():
        make(**second)


def test_what_is_long_done_is_deleted_unless_somebody_asked_for_it():
    long_ago = AT - timedelta(days=90, seconds=1)
    done = {"state": JobState.DONE, "finished_at": long_ago}
    make(**done)
    kept = {
        make(**done, requested_by=UserFactory()).pk,
        make(**done | {"finished_at": AT - timedelta(days=90)}).pk,
        make(state=JobState.FAILED, finished_at=long_ago, error="x").pk,
        make().pk,
    }
    assert services.purge(at=AT) == 1
    assert set(Job.objects.values_list("pk", flat=True)) == kept
