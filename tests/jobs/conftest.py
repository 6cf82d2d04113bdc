"""Jobs for tests: run one here and now, or start real workers on a real broker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery, _state, current_app
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from enablement.jobs import outbox
from enablement.jobs.models import Job
from enablement.jobs.outbox import JOB_HEADER
from enablement.jobs.services import enqueue
from tests.jobs import SHORT_TIMES

ROOT = Path(__file__).resolve().parents[2]


def wait_until(true: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "this took too long"
        time.sleep(0.05)


def ask_for(task, **args):
    """A job for `task`, asked for now."""
    return enqueue(task=task, args=args, at=timezone.now())


def run(job):
    """What a worker does with the job's message; returns the job as it is afterwards."""
    current_app.tasks[job.kind].apply(kwargs=job.args, headers={JOB_HEADER: str(job.pk)})
    return Job.objects.get(pk=job.pk)


@pytest.fixture
def short_times(settings):
    for name, seconds in SHORT_TIMES.items():
        setattr(settings, name, seconds)


@contextmanager
def broker(url: str) -> Iterator[None]:
    """This process's Celery on the broker at `url`, while the `with` lasts."""
    before = current_app._get_current_object()
    app = Celery("elsewhere", task_cls="enablement.jobs.task:JobTask", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.broker_url = url
    if url.startswith("redis"):
        app.conf.broker_transport_options = {"socket_timeout": 0.3, "socket_connect_timeout": 0.3}
    else:
        app.conf.broker_transport_options = _folders()
    _use(app)
    try:
        yield
    finally:
        outbox.flush(5)
        _use(before)
        app.close()


def _folders() -> dict[str, str]:
    """Where a worker without REDIS_URL looks, also where this process itself was given a Redis."""
    root = Path(django_settings.VAR_DIR)
    queue = root / "broker"
    queue.mkdir(exist_ok=True)
    return {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(root / "broker-control"),
    }


def _use(app: Celery) -> None:
    # The publisher's thread sees the default app, this thread its current one.
    app.set_default()
    _state._set_current_app(app)


@pytest.fixture
def broker_env(request, child_env):
    """A broker for this process; gives the environment that workers share with it. As they are run: folders
    beside SQLite, Redis beside PostgreSQL.
    """
    if connection.vendor == "sqlite":
        for message in Path(django_settings.VAR_DIR, "broker").glob("*.msg"):
            message.unlink()
        with broker("filesystem://"):
            yield {**child_env, "REDIS_URL": ""}
    else:
        url = request.getfixturevalue("redis_url")
        with broker(url):
            yield {**child_env, "REDIS_URL": url}


class Worker:
    """A Celery worker in a process group of its own."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self.log = log
        pool = ["-P", "prefork", "-c", "1"] if env["REDIS_URL"] else ["-P", "threads", "-c", "2"]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "tests.jobs.worker", "worker", *pool, "-l", "INFO"],
                env=env,
                cwd=ROOT,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL for the worker and its children, as the kernel does it when memory runs out."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def start_worker(broker_env, tmp_path):
    workers = []

    def start() -> Worker:
        workers.append(Worker(broker_env, tmp_path / f"worker{len(workers)}.log"))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
        sys.stdout.write(worker.log.read_text())


@pytest.fixture
def eager():
    """Celery runs a task where it is sent."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False
