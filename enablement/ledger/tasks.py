from celery import shared_task
from django.utils import timezone

from enablement.ledger import services


@shared_task
def link() -> None:
    """Every second, by beat."""
    services.link(at=timezone.now())


@shared_task
def checkpoint() -> None:
    """Every hour, by beat."""
    services.checkpoint(at=timezone.now())
