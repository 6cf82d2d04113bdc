from celery import shared_task
from django.utils import timezone

from enablement.ledger import services


@shared_task
def link() -> None:
    """Every second, by beat."""
    services.link(at=timezone.now())
