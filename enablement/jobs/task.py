"""The task class of the composition root: keeps a job row for every task that must not get lost.

The apps below declare plain `@shared_task`s. One that says `acks_late=True`, Celery's own word for "a worker
that dies must not lose me", becomes durable: `delay()` writes a job row in the caller's transaction instead
of sending a message. Any other task is made a job by `enablement.jobs.services.enqueue`; without a job row it
is plain Celery.

A durable task computes first, outside a transaction, and returns a callable without parameters as its effect:
that and the row's `done` commit together, fenced by the attempt. A task that writes while it computes has to
be idempotent by itself.
"""

import inspect
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery import Task
from django.utils import timezone

if TYPE_CHECKING:
    from celery.result import AsyncResult

    from enablement.jobs.models import Job

    _Task = Task[..., Any]
else:
    _Task = Task

logger = logging.getLogger(__name__)

#: A header for beat's schedule: a durable task runs once in each such period, however often it is sent.
PERIOD_HEADER = "period_seconds"


class JobTask(_Task):
    """A Celery task that runs under a job row when its message names one."""

    abstract = True

    def apply_async(  # type: ignore[override]  # Celery passes whatever options there are
        self,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        task_id: str | None = None,
        **options: Any,
    ) -> "AsyncResult[Any]":
        from enablement.jobs.outbox import JOB_HEADER

        headers = options.get("headers") or {}
        if not self.acks_late or JOB_HEADER in headers:
            return super().apply_async(args, kwargs, task_id, **options)
        job = self._enqueue(args or (), kwargs or {}, period_seconds=headers.get(PERIOD_HEADER))
        return self.AsyncResult(str(job.pk))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from enablement.jobs import running
        from enablement.jobs.outbox import JOB_HEADER

        job_id = (self.request.headers or {}).get(JOB_HEADER)
        if job_id is None or running.current.get() is not None:
            return super().__call__(*args, **kwargs)
        return self._run_job(UUID(job_id))

    def _enqueue(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, period_seconds: int | None) -> "Job":
        from enablement.jobs.services import enqueue

        at = timezone.now()
        bound = inspect.signature(self.run).bind(*args, **kwargs).arguments
        plain = {name: str(value) if isinstance(value, UUID) else value for name, value in bound.items()}
        period = _period(at, seconds=period_seconds) if period_seconds else ""
        return enqueue(task=self, args=plain, at=at, period=period)

    def _run_job(self, job_id: UUID) -> None:
        from enablement.jobs import running, services

        job = services.claim(job_id=job_id, at=timezone.now())
        if job is None:
            return
        try:
            with running.attempt(job):
                outcome = self.run(**job.args)
            services.finish(job=job, outcome=outcome, at=timezone.now())
        except services.LeaseLost:
            logger.warning("job %s: attempt %d lost its lease, its work is dropped", job.pk, job.attempts)
        except Exception as error:
            services.record_failure(job=job, error=error, at=timezone.now())
            if not isinstance(error, services.FINAL_ERRORS):
                raise


def _period(at: datetime, *, seconds: int) -> str:
    """The period that `at` lies in, by its start (UTC)."""
    start = int(at.timestamp()) // seconds * seconds
    return f"{datetime.fromtimestamp(start, UTC):%Y-%m-%dT%H:%M:%SZ}/{seconds}"
