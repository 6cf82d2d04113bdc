from collections.abc import Callable
from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from enablement.reports import services
from enablement.reports.evidence import services as evidence


@shared_task(acks_late=True)
def build(report_id: str) -> Callable[[], dict[str, Any]]:
    """Writes one report; keeping its files is the effect, which commits with the job."""
    return services.build(report_id=UUID(report_id), at=timezone.now())


@shared_task(acks_late=True)
def build_pack(pack_id: str) -> Callable[[], dict[str, Any]]:
    """Makes one evidence pack; keeping its file is the effect, which commits with the job."""
    return evidence.build(pack_id=UUID(pack_id), at=timezone.now())
