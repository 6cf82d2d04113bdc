"""From the job row to the broker. The row is the promise; a message is only a nudge and may get lost.

Publishing never holds up a request: after commit the job's id goes to one background thread of the process.
Where that fails, or the process ends first, the sweep sends the job.
"""

import atexit
import logging
import os
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from celery import current_app
from django.db import DatabaseError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from enablement.jobs.models import Job

logger = logging.getLogger(__name__)

JOB_HEADER = "job_id"
#: What a broker raises that is down, frozen or full; OSError is a full disk under the filesystem broker.
PUBLISH_ERRORS = (OperationalError, OSError)
#: Ids waiting for the thread; more than that are left to the sweep.
BACKLOG = 1000
#: How long a process that ends waits for its last messages.
FLUSH_SECONDS = 2.0


def publish_soon(job_id: UUID) -> None:
    """Hand a committed job to the broker without waiting for it (at once under Celery's eager mode)."""
    if current_app.conf.task_always_eager:
        send(Job.objects.get(pk=job_id), at=timezone.now())
    else:
        _publisher.submit(job_id)


def send(job: Job, *, at: datetime) -> bool:
    """Put a message for `job` into the broker; False where somebody else has just done it.

    Raises one of PUBLISH_ERRORS where the broker does not take it; the row then says "not sent".
    """
    row = Job.objects.filter(pk=job.pk, state=job.state, attempts=job.attempts)
    if not row.filter(sent_at=job.sent_at).update(sent_at=at):
        return False
    try:
        _publish(job)
    except PUBLISH_ERRORS:
        row.filter(sent_at=at).update(sent_at=job.sent_at)
        raise
    return True


@contextmanager
def held() -> Iterator[None]:
    """Messages wait until this is over: for a long run of changes, in a database that has one writer."""
    with _publisher.hold():
        yield


def flush(seconds: float = FLUSH_SECONDS) -> bool:
    """Wait until this process has no message left to send, at most `seconds`; whether that was enough."""
    return _publisher.flush(seconds)


def _publish(job: Job) -> None:
    headers = {JOB_HEADER: str(job.pk)}
    if current_app.conf.task_always_eager:
        current_app.tasks[job.kind].apply(kwargs=job.args, headers=headers)
        return
    current_app.send_task(
        job.kind,
        kwargs=job.args,
        task_id=str(job.pk),
        headers=headers,
        retry=False,
        ignore_result=True,
    )


class _Publisher:
    """One daemon thread per process that sends jobs; started with the first one, anew after a fork."""

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)
        atexit.register(self.flush, FLUSH_SECONDS)

    def _reset(self) -> None:
        self._ids: queue.Queue[UUID] = queue.Queue(BACKLOG)
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._held: list[UUID] | None = None

    @contextmanager
    def hold(self) -> Iterator[None]:
        waiting: list[UUID] = []
        self._held = waiting
        try:
            yield
        finally:
            self._held = None
            for job_id in waiting:
                self.submit(job_id)

    def submit(self, job_id: UUID) -> None:
        if self._held is not None:
            self._held.append(job_id)
            return
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="job-outbox", daemon=True)
                self._thread.start()
        try:
            self._ids.put_nowait(job_id)
        except queue.Full:
            logger.warning("job %s is left to the sweep: too many wait for the broker", job_id)

    def flush(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._ids.unfinished_tasks:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def _work(self) -> None:
        while True:
            job_id = self._ids.get()
            try:
                self._send(job_id)
            except (DatabaseError, *PUBLISH_ERRORS) as error:
                logger.warning("jobs are left to the sweep, the broker does not take them: %r", error)
                self._drop_the_rest()
            except Exception:
                logger.exception("job %s is left to the sweep", job_id)
            finally:
                if self._ids.empty():
                    connection.close()
                self._ids.task_done()

    def _send(self, job_id: UUID) -> None:
        job = Job.objects.filter(pk=job_id, sent_at=None).first()
        if job is not None:
            send(job, at=timezone.now())

    def _drop_the_rest(self) -> None:
        """One failure tells enough: the others would each wait for the same time-out."""
        while True:
            try:
                self._ids.get_nowait()
            except queue.Empty:
                return
            self._ids.task_done()


_publisher = _Publisher()
