from collections.abc import Callable
from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from enablement.reports import services


@shared_task(acks_late=True)
def build(report_id: str) -> Callable[[], dict[str, Any]]:
    """Writes one report; keeping its files is the effect, which commits with the job."""
    return services.build(report_id=UUID(report_id), at=timezone.now())
