"""A broker that is down or frozen loses nothing and slows nobody."""

import socket
import time

import pytest
from django.db import transaction
from django.utils import timezone

from enablement.jobs import outbox, services
from enablement.jobs.models import Job
from tests.jobs import tasks
from tests.jobs.conftest import ask_for, broker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["down", "frozen"])
def dead_broker(request):
    """An address where nobody listens, or where nobody ever answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "frozen":
            listener.listen(50)
        with broker(f"redis://127.0.0.1:{listener.getsockname()[1]}/0"):
            yield


def test_asking_for_a_job_does_not_wait(dead_broker, redis_url):
    start = time.perf_counter()
    jobs = [ask_for(tasks.quick, name=f"n{i}") for i in range(20)]
    # Who waited two seconds for each of twenty would take forty.
    assert time.perf_counter() - start < 10
    assert outbox.flush(15)
    assert set(Job.objects.values_list("state", "sent_at")) == {("queued", None)}
    # The sweep does not hang either, and gives up at the first refusal.
    start = time.perf_counter()
    assert services.sweep(at=timezone.now()) == 0
    assert time.perf_counter() - start < 20
    with broker(redis_url):
        assert services.sweep(at=timezone.now()) == len(jobs)
    assert not Job.objects.filter(sent_at=None).exists()


def test_messages_wait_while_they_are_held(redis_url):
    with broker(redis_url):
        with outbox.held():
            job = ask_for(tasks.quick, name="n")
            assert outbox.flush(5)
            assert Job.objects.get(pk=job.pk).sent_at is None
        assert outbox.flush(15)
        assert Job.objects.get(pk=job.pk).sent_at is not None


def test_a_rolled_back_fact_asks_for_nothing(dead_broker):
    with transaction.atomic():
        ask_for(tasks.quick, name="n")
        transaction.set_rollback(True)
    assert not Job.objects.exists()
