"""Background work. Each task delegates to one service, and may run twice."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from enablement.webhooks import services


@shared_task(acks_late=True)
def send_webhooks(endpoint_id: str) -> dict[str, int]:
    """What is due at one endpoint."""
    return {"taken": services.send_due(endpoint_id=UUID(endpoint_id))}


@shared_task
def wake_webhooks() -> None:
    """Every few seconds: attempts whose pause is over."""
    services.wake(at=timezone.now())


@shared_task
def forget_webhooks() -> None:
    """Every night: the log goes back a month."""
    services.forget(at=timezone.now())
