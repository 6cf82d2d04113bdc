"""Real workers on real brokers, killed on purpose."""

import time

import pytest

from enablement.jobs import tasks as job_tasks
from enablement.jobs.models import Job, JobState
from tests.jobs import tasks
from tests.jobs.conftest import ask_for, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_times")]


def state_of(job):
    return Job.objects.get(pk=job.pk).state


def sweep_until(true):
    """Beat, only faster."""

    def swept():
        job_tasks.sweep.delay()
        time.sleep(0.3)
        return true()

    wait_until(swept)


def test_a_job_is_done_by_a_worker_with_its_progress_shown(start_worker):
    start_worker()
    job = ask_for(tasks.slow, name="done", tenths=12)
    wait_until(lambda: Job.objects.get(pk=job.pk).progress_done >= 5)
    assert Job.objects.get(pk=job.pk).progress_total == 12
    assert tasks.marks("done") == 0
    wait_until(lambda: state_of(job) == JobState.DONE)
    job = Job.objects.get(pk=job.pk)
    assert (job.attempts, job.progress_done, job.result) == (1, 12, {"url": "/results/done/"})
    assert tasks.marks("done") == 1


def test_a_worker_killed_while_it_computes(start_worker):
    worker = start_worker()
    job = ask_for(tasks.slow, name="killed", tenths=20)
    wait_until(lambda: Job.objects.get(pk=job.pk).progress_done >= 5)
    worker.kill()
    start_worker()
    sweep_until(lambda: state_of(job) == JobState.DONE)
    assert (Job.objects.get(pk=job.pk).attempts, tasks.marks("killed")) == (2, 1)


def test_a_worker_killed_while_it_writes_the_effect(start_worker, tmp_path):
    worker = start_worker()
    started = tmp_path / "started"
    job = ask_for(tasks.slow_effect, name="killed", tenths=10, started=str(started))
    wait_until(started.exists)
    worker.kill()
    assert state_of(job) == JobState.RUNNING
    assert tasks.marks("killed") == 0
    start_worker()
    sweep_until(lambda: state_of(job) == JobState.DONE)
    assert (Job.objects.get(pk=job.pk).attempts, tasks.marks("killed")) == (2, 1)


@pytest.mark.postgresql  # with Redis, which gives a message again when it is not acknowledged in time
def test_renewal_keeps_a_long_job_from_being_taken_twice(start_worker):
    start_worker()
    start_worker()
    job = ask_for(tasks.slow, name="long", tenths=40)
    sweep_until(lambda: state_of(job) == JobState.DONE)
    assert (Job.objects.get(pk=job.pk).attempts, tasks.marks("long")) == (1, 1)
