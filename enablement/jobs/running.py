"""The job that runs in this thread: its lease, renewed in the background, and its progress."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import DatabaseError, connection
from django.utils import timezone

from enablement.jobs import conf
from enablement.jobs.models import Job
from enablement.jobs.models.job import NOTE_MAX
from enablement.jobs.services import LeaseLost, renew

logger = logging.getLogger(__name__)

#: Progress is written at most this often (seconds).
PROGRESS_EVERY = 0.5


@dataclass
class Running:
    """An attempt under way."""

    job: Job
    in_outer_transaction: bool
    lost: threading.Event = field(default_factory=threading.Event)
    written_at: float = 0.0


current: ContextVar[Running | None] = ContextVar("current_job", default=None)


@contextmanager
def attempt(job: Job) -> Iterator[Running]:
    """Hold `job` for the body of the `with`: its lease is renewed from a thread, three times a lease."""
    running = Running(job, in_outer_transaction=connection.in_atomic_block)
    over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(running, over), name=f"lease-{job.pk}", daemon=True)
    token = current.set(running)
    keeper.start()
    try:
        yield running
    finally:
        over.set()
        keeper.join()
        current.reset(token)


def _keep(running: Running, over: threading.Event) -> None:
    pause = conf.lease().total_seconds() / 3
    try:
        while not over.wait(pause):
            try:
                if not renew(job=running.job, at=timezone.now()):
                    running.lost.set()
                    return
            except DatabaseError as error:
                # The lease outlives two failed renewals; a database that stays away longer ends it.
                logger.warning("the lease of job %s was not renewed: %r", running.job.pk, error)
                connection.close()
    finally:
        connection.close()


def report(running: Running, *, done: int, total: int, note: str) -> None:
    """Write progress on the job's row, visible at once.

    Inside a transaction that the task itself has opened nothing is written: the row's lock would keep the
    lease from being renewed, and nobody could see the figure before the commit anyway.

    Raises LeaseLost as soon as another worker has the job, so that doomed work ends early.
    """
    if running.lost.is_set():
        raise LeaseLost
    if connection.in_atomic_block and not running.in_outer_transaction:
        return
    now = time.monotonic()
    if now - running.written_at < PROGRESS_EVERY and done < total:
        return
    running.written_at = now
    written = Job.objects.held(running.job).update(
        progress_done=min(done, total) if total else done, progress_total=total, progress_note=note[:NOTE_MAX]
    )
    if not written:
        raise LeaseLost
