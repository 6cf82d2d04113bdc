from celery import shared_task
from django.utils import timezone

from enablement.jobs import services


@shared_task
def sweep() -> None:
    """Every few seconds, by beat."""
    services.sweep(at=timezone.now())


@shared_task
def purge() -> None:
    """Once a day, by beat."""
    services.purge(at=timezone.now())
