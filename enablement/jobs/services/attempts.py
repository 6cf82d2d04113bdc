"""One attempt at a job: claim, renew, finish or fail; each a conditional UPDATE fenced by the attempt."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from enablement.jobs import conf
from enablement.jobs.models import Job, JobState
from enablement.jobs.models.job import ERROR_MAX
from tracks.errors import Refused

logger = logging.getLogger(__name__)

#: A rule that says no says so tomorrow too: no further attempt.
FINAL_ERRORS = (Refused, ValidationError)


class LeaseLost(Exception):
    """Another worker has taken the job over; what this attempt did must not count."""


class TryLater(Exception):
    """The other side is there and asks for a pause: the next attempt is made no earlier (an hour at most)."""

    MOST = timedelta(hours=1)

    def __init__(self, *, pause: timedelta | None = None) -> None:
        self.pause = max(min(pause or timedelta(), self.MOST), timedelta())
        super().__init__(f"try again in {self.pause}")


def claim(*, job_id: UUID, at: datetime) -> Job | None:
    """Take the job for one attempt; None where it is finished, held by a live worker or not due yet."""
    claimed = (
        Job.objects.filter(pk=job_id)
        .claimable(at=at)
        .update(
            state=JobState.RUNNING,
            attempts=F("attempts") + 1,
            lease_until=at + conf.lease(),
            started_at=at,
            progress_done=0,
            progress_total=0,
            progress_note="",
            error="",
        )
    )
    return Job.objects.get(pk=job_id) if claimed else None


def renew(*, job: Job, at: datetime) -> bool:
    """Hold the job for another lease; False where it is no longer ours."""
    return bool(Job.objects.held(job).update(lease_until=at + conf.lease()))


@transaction.atomic
def finish(*, job: Job, outcome: object, at: datetime) -> None:
    """Commit the effect of a job together with its `done`.

    outcome: what the task returned. A callable is the effect: it runs in this transaction and returns the
    result. Anything else is the result itself (JSON).

    Raises LeaseLost before the effect, and whatever the effect raises; then nothing has changed.
    """
    # First: on PostgreSQL this row lock keeps others from claiming the job while the effect is written.
    mine = Job.objects.held(job).update(
        state=JobState.DONE, finished_at=at, lease_until=None, progress_done=F("progress_total")
    )
    if not mine:
        raise LeaseLost
    result = outcome() if callable(outcome) else outcome
    if result is not None:
        Job.objects.filter(pk=job.pk).update(result=result)


def record_failure(*, job: Job, error: Exception, at: datetime) -> None:
    """After an attempt has failed: again after a pause, or never again, with a line that says why."""
    if isinstance(error, FINAL_ERRORS) or job.attempts >= job.max_attempts:
        Job.objects.held(job).update(
            state=JobState.FAILED, finished_at=at, lease_until=None, error=_one_line(error)
        )
        return
    pause = conf.backoff() * 2 ** (job.attempts - 1)
    if isinstance(error, TryLater):
        pause = max(pause, error.pause)
    Job.objects.held(job).update(
        state=JobState.QUEUED,
        lease_until=None,
        not_before=at + pause,
        sent_at=None,
        error=_one_line(error),
    )


def _one_line(error: Exception) -> str:
    """For people: what a rule says, or that something broke; details of a fault belong to the log."""
    if isinstance(error, Refused):
        text = error.message
    elif isinstance(error, ValidationError):
        text = " ".join(error.messages)
    else:
        text = _("Something went wrong on our side (%(name)s).") % {"name": type(error).__name__}
    return " ".join(text.split())[:ERROR_MAX] or type(error).__name__
