"""Background work. Each task delegates to one service, and may run twice."""

from celery import shared_task
from django.utils import timezone

from assessments.services import attempts


@shared_task
def lapse_overdue_attempts() -> None:
    """Every minute: close the attempts whose time ran out."""
    attempts.lapse_overdue(at=timezone.now())
