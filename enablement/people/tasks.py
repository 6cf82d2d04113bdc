"""Background work. Each task delegates to one service, and may run twice."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from enablement.people.services import rights, rights_mail


@shared_task(acks_late=True)
def mail_rights(right_ids: list[str], occasion: str) -> dict[str, int]:
    """Tell whoever may confirm that rights wait, or who asked that they were turned down."""
    ids = [UUID(pk) for pk in right_ids]
    return {"sent": rights_mail.mail(right_ids=ids, occasion=occasion, at=timezone.now())}


@shared_task
def lapse_rights() -> None:
    """Every hour: what nobody confirmed in time was never given."""
    rights.lapse(at=timezone.now())
