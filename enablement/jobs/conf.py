"""Times of the job table, in seconds; Django settings of the same names override them."""

from datetime import timedelta

from django.conf import settings


def lease() -> timedelta:
    """How long a worker may be silent before its job is given to another one."""
    return _seconds("JOBS_LEASE_SECONDS", 60)


def resend() -> timedelta:
    """How long a message may wait in the broker before it counts as lost and is sent again."""
    return _seconds("JOBS_RESEND_SECONDS", 30)


def resend_at_most() -> timedelta:
    """The longest pause between two messages for one waiting job (the pause grows with the job's age)."""
    return _seconds("JOBS_RESEND_MAX_SECONDS", 600)


def backoff() -> timedelta:
    """The pause before the second attempt; it doubles with every further one."""
    return _seconds("JOBS_BACKOFF_SECONDS", 5)


def keep_done() -> timedelta:
    """How long a job that is done stays in the table, where no person asked for it."""
    return _seconds("JOBS_KEEP_DONE_SECONDS", 90 * 24 * 60 * 60)


def _seconds(name: str, default: float) -> timedelta:
    return timedelta(seconds=float(getattr(settings, name, default)))
