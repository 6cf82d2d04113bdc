"""A worker killed in the middle of a certificate: it is made again, once."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.utils import timezone

from enablement.certificates.models import Certificate
from enablement.certificates.tasks import issue
from enablement.jobs.models import Job, JobState
from enablement.jobs.tasks import sweep
from enablement.ledger.models import LedgerEntry
from tests.certificates.factories import meet_gate, put_gate
from tests.jobs.conftest import ROOT, broker_env, short_times, start_worker, wait_until
from tests.tracks.factories import EnrolmentFactory

__all__ = ["broker_env", "short_times", "start_worker"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_times")]


@pytest.fixture
def stopped(broker_env, tmp_path):
    """A file that tells that a worker stands still in the issuing transaction; `kill` ends that worker."""
    path = tmp_path / "stopped"
    pool = ["-P", "prefork", "-c", "1"] if broker_env["REDIS_URL"] else ["-P", "threads", "-c", "2"]
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tests.certificates.slow_worker", "worker", *pool],
        env={**broker_env, "STOPPED_AT": str(path)},
        cwd=ROOT,
        start_new_session=True,
    )

    def kill():
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()

    yield path, kill
    kill()


def test_it_is_made_again_once(stopped, start_worker):
    path, kill = stopped
    enrolment = EnrolmentFactory()
    put_gate(enrolment.track)
    meet_gate(enrolment, at=timezone.now())
    wait_until(path.exists)
    kill()
    assert not Certificate.objects.exists()
    assert not LedgerEntry.objects.filter(kind="certificates.issued").exists()

    start_worker()

    def done():
        # Beat, only faster.
        sweep.delay()
        time.sleep(0.3)
        return Job.objects.get(kind=issue.name).state == JobState.DONE

    wait_until(done)
    certificate = Certificate.objects.get()
    with certificate.file.open() as sheet:
        assert sheet.read(5) == b"%PDF-"
    assert Job.objects.get(kind=issue.name).attempts == 2
    assert LedgerEntry.objects.filter(kind="certificates.issued").count() == 1
