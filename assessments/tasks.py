"""Background work. Each task delegates to one service, and may run twice."""

from collections.abc import Callable
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from assessments.services import attempts, erasing, item_analysis, labs, regrading


@shared_task
def lapse_overdue_attempts() -> None:
    """Every minute: close the attempts whose time ran out."""
    attempts.lapse_overdue(at=timezone.now())


@shared_task
def void_changed_evidence() -> None:
    """Every night: sign-offs whose evidence is no longer what was signed."""
    labs.void_changed(at=timezone.now())


@shared_task(acks_late=True)
def apply_regrade(regrade_id: str) -> Callable[[], None]:
    """Marks many attempts again; the effect commits with the job."""
    return regrading.apply(regrade_id=UUID(regrade_id), at=timezone.now())


@shared_task(acks_late=True)
def analyse_items(analysis_id: str) -> Callable[[], None]:
    """Works out how the questions of a quiz do; keeping the figures is the effect."""
    return item_analysis.analyse(analysis_id=UUID(analysis_id), at=timezone.now())


@shared_task(acks_late=True)
def delete_erased_files(names: list[str]) -> Callable[[], None] | None:
    """Takes erased evidence out of the store; a file that is gone already is no fault."""
    erasing.delete_files(names)
    return None
