"""Background work. Each task delegates to one service, and may run twice."""

from collections.abc import Callable
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from enablement.access.services import grants


@shared_task(acks_late=True)
def open_grants(user_ids: list[str], cause: str, actor_id: str | None) -> Callable[[], None]:
    """What opened for more people than one request should wait for; the effect commits with the job."""

    def effect() -> None:
        grants.reevaluate(
            user_ids=[UUID(user_id) for user_id in user_ids],
            cause=cause,
            actor_id=UUID(actor_id) if actor_id else None,
            at=timezone.now(),
            at_once=len(user_ids),
        )

    return effect
