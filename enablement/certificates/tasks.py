from collections.abc import Callable
from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from enablement.certificates import services


@shared_task(acks_late=True)
def issue(enrolment_id: str) -> Callable[[], dict[str, Any]]:
    """Makes one person's certificate: prints it now; issuing it is the effect, which commits with the job."""
    return services.prepare(enrolment_id=UUID(enrolment_id), at=timezone.now())
