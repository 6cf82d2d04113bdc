"""One attempt: claim, fence, effect, failure."""

import multiprocessing
import os
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from enablement.jobs import outbox, running, services
from enablement.jobs.models import Job
from enablement.jobs.progress import progress
from tests.jobs import tasks
from tests.jobs.conftest import ask_for, run, wait_until

pytestmark = pytest.mark.django_db
LATER = timedelta(hours=1)


def reload(job):
    return Job.objects.get(pk=job.pk)


def test_a_claim_is_an_attempt_with_a_lease():
    now = timezone.now()
    job = services.claim(job_id=ask_for(tasks.quick, name="n").pk, at=now)
    assert (job.state, job.attempts, job.lease_until) == ("running", 1, now + timedelta(seconds=60))


def test_a_held_job_cannot_be_claimed_until_its_lease_has_lapsed():
    now = timezone.now()
    job_id = ask_for(tasks.quick, name="n").pk
    assert services.claim(job_id=job_id, at=now)
    assert services.claim(job_id=job_id, at=now + timedelta(seconds=59)) is None
    assert services.claim(job_id=job_id, at=now + timedelta(seconds=61)).attempts == 2


def test_a_finished_job_is_not_done_again():
    job = run(ask_for(tasks.quick, name="n"))
    assert run(job) == job
    assert (reload(job).attempts, tasks.marks("n")) == (1, 1)


def test_the_result_is_what_the_effect_returns():
    job = run(ask_for(tasks.quick, name="n"))
    assert (job.state, job.result, job.result_url) == ("done", {"url": "/results/n/"}, "/results/n/")
    assert job.finished_at


def test_without_an_effect_the_result_is_what_the_task_returns():
    job = run(ask_for(tasks.answers, name="n"))
    assert (job.state, job.result, job.result_url) == ("done", {"name": "n"}, "")


def test_a_lost_lease_leaves_no_effect():
    now = timezone.now()
    job_id = ask_for(tasks.quick, name="n").pk
    slow = services.claim(job_id=job_id, at=now)
    quick = services.claim(job_id=job_id, at=now + LATER)
    with pytest.raises(services.LeaseLost):
        services.finish(job=slow, outcome=lambda: tasks.leave_mark("slow"), at=now + LATER)
    services.finish(job=quick, outcome=lambda: tasks.leave_mark("quick"), at=now + LATER)
    assert (tasks.marks("slow"), tasks.marks("quick"), reload(quick).state) == (0, 1, "done")
    with pytest.raises(services.LeaseLost):
        services.finish(job=quick, outcome=lambda: tasks.leave_mark("quick"), at=now + LATER)
    assert tasks.marks("quick") == 1


def test_a_lost_lease_neither_renews_nor_fails_the_job():
    now = timezone.now()
    job_id = ask_for(tasks.quick, name="n").pk
    slow = services.claim(job_id=job_id, at=now)
    quick = services.claim(job_id=job_id, at=now + LATER)
    assert not services.renew(job=slow, at=now + LATER)
    services.record_failure(job=slow, error=ValueError(), at=now + LATER)
    assert (reload(quick).state, reload(quick).error) == ("running", "")
    assert services.renew(job=quick, at=now + 2 * LATER)
    assert reload(quick).lease_until == now + 2 * LATER + timedelta(seconds=60)


def test_a_fault_is_tried_again_after_a_growing_pause(settings):
    settings.JOBS_BACKOFF_SECONDS = 5
    job = ask_for(tasks.breaks, name="n")
    pauses = []
    for _ in range(4):
        Job.objects.update(not_before=None)
        before = timezone.now()
        job = run(job)
        assert (job.state, job.sent_at) == ("queued", None)
        pauses.append((job.not_before - before).total_seconds())
        assert services.claim(job_id=job.pk, at=before + timedelta(seconds=1)) is None
    # At least the pause; what lies above it is how long a busy machine took to run the task.
    assert all(least <= pause < least + 5 for least, pause in zip([5, 10, 20, 40], pauses, strict=True))


def test_after_its_last_attempt_a_job_has_failed():
    job = ask_for(tasks.breaks, name="n")
    for _ in range(5):
        Job.objects.update(not_before=None)
        job = run(job)
    assert (job.state, job.attempts) == ("failed", 5)
    assert job.error == "Something went wrong on our side (ZeroDivisionError)."
    assert services.claim(job_id=job.pk, at=timezone.now() + LATER) is None


def test_a_fault_in_the_effect_takes_done_back_with_it():
    job = run(ask_for(tasks.breaks_in_its_effect, name="n"))
    assert (job.state, job.finished_at, tasks.marks("n")) == ("queued", None, 0)


@pytest.mark.parametrize(
    ("task", "error"), [(tasks.is_refused, "n is too late."), (tasks.is_invalid, "One. Two.")]
)
def test_what_a_rule_refuses_is_not_tried_again(task, error):
    job = run(ask_for(task, name="n"))
    assert (job.state, job.attempts, job.error) == ("failed", 1, error)


@pytest.mark.django_db(transaction=True)
def test_of_two_processes_one_gets_each_job():
    jobs = [ask_for(tasks.quick, name=f"n{i}").pk for i in range(30)]
    # No thread may have the SQLite file open while this process forks.
    assert outbox.flush(5)
    connection.close()
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_claim_all, args=(jobs,)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    assert set(Job.objects.values_list("state", "attempts")) == {("running", 1)}
    assert Job.objects.filter(progress_note="claimed").count() == len(jobs)


def _claim_all(jobs):
    try:
        for job_id in jobs:
            job = services.claim(job_id=job_id, at=timezone.now())
            if job:
                assert Job.objects.held(job).filter(progress_note="").update(progress_note="claimed")
        connection.close()
    except BaseException as error:  # noqa: BLE001
        os.write(2, repr(error).encode())
        os._exit(1)
    os._exit(0)


class TestRunning:
    @pytest.fixture
    def job(self):
        return services.claim(job_id=ask_for(tasks.quick, name="n").pk, at=timezone.now())

    def test_progress_outside_a_job_is_nothing(self):
        progress(1, 2, "x")

    @pytest.mark.django_db(transaction=True)
    def test_progress_is_visible_to_others_at_once(self, job):
        seen = []

        def look():
            seen.append(reload(job).progress_done)
            connection.close()

        with running.attempt(job):
            progress(3, 10, "reading")
            thread = threading.Thread(target=look)
            thread.start()
            thread.join()
        assert seen == [3]
        assert (reload(job).progress_total, reload(job).progress_note) == (10, "reading")

    def test_progress_is_written_at_most_twice_a_second_and_at_the_end(self, job, django_assert_num_queries):
        with running.attempt(job), django_assert_num_queries(2):
            for i in range(1000):
                progress(i, 1000)
            progress(1000, 1000)
        assert reload(job).progress_done == 1000

    def test_progress_stays_within_its_total_and_its_length(self, job):
        with running.attempt(job):
            progress(12, 10, "x" * 300)
        assert (reload(job).progress_done, len(reload(job).progress_note)) == (10, 200)

    @pytest.mark.django_db(transaction=True)
    def test_inside_a_transaction_of_the_task_no_progress_is_written(self, job):
        from django.db import transaction

        with running.attempt(job), transaction.atomic():
            progress(3, 10)
        assert reload(job).progress_done == 0

    def test_progress_ends_work_whose_lease_is_lost(self, job):
        services.claim(job_id=job.pk, at=timezone.now() + LATER)
        with running.attempt(job), pytest.raises(services.LeaseLost):
            progress(1, 10)

    @pytest.mark.django_db(transaction=True)
    def test_the_lease_is_renewed_while_the_job_runs(self, job, settings):
        settings.JOBS_LEASE_SECONDS = 0.3
        first = reload(job).lease_until
        with running.attempt(job):
            wait_until(lambda: reload(job).lease_until != first, 5)
        threads = [thread.name for thread in threading.enumerate()]
        assert f"lease-{job.pk}" not in threads

    @pytest.mark.django_db(transaction=True)
    def test_a_lease_that_cannot_be_renewed_is_told(self, job, settings):
        settings.JOBS_LEASE_SECONDS = 0.3
        with running.attempt(job) as attempt:
            Job.objects.filter(pk=job.pk).update(attempts=2)
            assert attempt.lost.wait(5)
            with pytest.raises(services.LeaseLost):
                progress(1, 10)
