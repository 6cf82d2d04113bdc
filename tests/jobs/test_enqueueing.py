import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from enablement.jobs.models import Job
from enablement.jobs.services import enqueue
from tests.jobs import tasks
from tests.jobs.conftest import run
from tests.people.factories import UserFactory

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def ask(**options):
    return enqueue(task=tasks.quick, args={"name": "n"}, at=AT, **options)


def test_a_job_names_its_task_and_who_asked():
    person = UserFactory()
    job = Job.objects.get(pk=ask(requested_by=person, title="A report").pk)
    assert (job.kind, job.args, job.requested_by, str(job)) == (
        "tests.jobs.tasks.quick", {"name": "n"}, person, "A report",
    )  # fmt: skip
    assert (job.state, job.created_at, job.sent_at, job.attempts) == ("queued", AT, None, 0)


def test_a_title_that_is_too_long_is_cut():
    job = ask(title=f"Certificate: {'x' * 200}")
    job.full_clean(exclude={"args"})
    assert job.title.startswith("Certificate: xxx")
    assert job.title.endswith("…")


@pytest.mark.parametrize("args", [{}, {"nam": "n"}, {"name": "n", "more": 1}])
def test_arguments_that_do_not_fit_are_refused_at_once(args):
    with pytest.raises(TypeError):
        enqueue(task=tasks.quick, args=args, at=AT)
    assert not Job.objects.exists()


def test_without_a_key_every_call_is_a_job():
    assert ask() != ask()


def test_while_a_job_with_this_key_is_unfinished_it_is_the_one():
    first = ask(key="cohort:1")
    assert ask(key="cohort:1") == first
    assert ask(key="cohort:2") != first
    assert enqueue(task=tasks.answers, args={"name": "n"}, at=AT, key="cohort:1") != first
    run(first)
    assert ask(key="cohort:1") != first


def test_a_period_has_one_job_even_when_that_is_finished():
    first = ask(period="2026-03-02")
    run(first)
    assert ask(period="2026-03-02") == first
    assert ask(period="2026-03-03") != first


@pytest.mark.parametrize("options", [{"key": "k"}, {"period": "p"}])
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_job(options):
    def ask_in_thread(_):
        try:
            return ask(**options).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        assert len(set(pool.map(ask_in_thread, range(20)))) == 1
    assert Job.objects.count() == 1


class TestADurableTaskOfALowerApp:
    """It knows nothing of jobs: `delay` writes the row."""

    def test_delay_makes_a_job_in_the_transaction(self):
        tasks.quick.delay("n")
        tasks.answers.apply_async(kwargs={"name": uuid.UUID(int=1)})
        assert list(Job.objects.order_by("kind").values_list("kind", "args")) == [
            ("tests.jobs.tasks.answers", {"name": "00000000-0000-0000-0000-000000000001"}),
            ("tests.jobs.tasks.quick", {"name": "n"}),
        ]

    def test_wrong_arguments_are_refused(self):
        with pytest.raises(TypeError):
            tasks.quick.delay()

    @pytest.mark.django_db(transaction=True)
    def test_a_rollback_takes_the_job_with_it(self):
        with transaction.atomic():
            tasks.quick.delay("n")
            transaction.set_rollback(True)
        assert not Job.objects.exists()

    def test_beat_may_send_it_twice_a_period(self, time_machine):
        for at in ("2026-03-02T00:00:05Z", "2026-03-02T23:59:59Z", "2026-03-03T00:00:00Z"):
            time_machine.move_to(at, tick=False)
            tasks.quick.apply_async(("nightly",), headers={"period_seconds": 86400})
        assert list(Job.objects.order_by("created_at").values_list("period", flat=True)) == [
            "2026-03-02T00:00:00Z/86400",
            "2026-03-03T00:00:00Z/86400",
        ]

    def test_in_eager_mode_it_is_done_after_the_commit(self, django_capture_on_commit_callbacks, eager):
        with django_capture_on_commit_callbacks(execute=True):
            tasks.quick.delay("eager")
            assert tasks.marks("eager") == 0
        assert tasks.marks("eager") == 1
        assert Job.objects.get().state == "done"


def test_any_other_task_stays_plain_celery():
    assert tasks.plain.apply(("plain",)).get() == "plain"
    assert tasks.plain("direct") == "direct"
    assert not Job.objects.exists()


def test_any_task_can_be_made_a_job():
    job = run(enqueue(task=tasks.plain, args={"name": "n"}, at=AT))
    assert (job.state, job.result) == ("done", "n")
