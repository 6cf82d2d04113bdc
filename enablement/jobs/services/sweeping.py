"""What beat does every few seconds: whatever got lost between row, broker and worker is sent again."""

import logging
from datetime import datetime

from celery import current_app
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from enablement.jobs import conf, outbox
from enablement.jobs.models import Job, JobState

logger = logging.getLogger(__name__)

#: Messages of one sweep; what is left waits for the next one.
BATCH = 500


def sweep(*, at: datetime) -> int:
    """Send due jobs that no message is under way for; the number sent. Two sweeps at once do no harm.

    Runs in a worker, which knows every task: a job of a task that is gone fails instead of waiting for ever.
    """
    _fail_worn_out(at=at)
    sent = 0
    for job in _overdue(at=at):
        if job.kind not in current_app.tasks:
            _fail_unknown(job, at=at)
            continue
        try:
            sent += outbox.send(job, at=at)
        except outbox.PUBLISH_ERRORS as error:
            logger.warning("the broker does not take jobs, the next sweep tries again: %r", error)
            break
        if sent >= BATCH:
            break
    return sent


def purge(*, at: datetime) -> int:
    """Delete what is long done and nobody had asked for by hand; the number deleted. Failed jobs stay."""
    long_done = Job.objects.filter(
        state=JobState.DONE, finished_at__lt=at - conf.keep_done(), requested_by=None
    )
    deleted, _per_model = long_done.delete()
    return deleted


def _overdue(*, at: datetime) -> list[Job]:
    silent = Q(sent_at=None) | Q(sent_at__lt=at - conf.resend())
    candidates: QuerySet[Job] = Job.objects.claimable(at=at).filter(silent)
    ordered = candidates.order_by(F("sent_at").asc(nulls_first=True), "created_at")
    return [job for job in ordered.iterator() if (job.send_again_at() or at) <= at]


def _fail_worn_out(*, at: datetime) -> None:
    lost = Job.objects.worn_out(at=at).update(
        state=JobState.FAILED,
        finished_at=at,
        lease_until=None,
        error=_("The worker was lost at every attempt."),
    )
    if lost:
        logger.error("%d jobs failed: their worker was lost at every attempt", lost)


def _fail_unknown(job: Job, *, at: datetime) -> None:
    logger.error("job %s failed: there is no task %s", job.pk, job.kind)
    Job.objects.filter(pk=job.pk, state=job.state, attempts=job.attempts).update(
        state=JobState.FAILED,
        finished_at=at,
        lease_until=None,
        error=_("This kind of job no longer exists."),
    )
