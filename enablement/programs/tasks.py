"""Background work. Each task delegates to one service, and may run twice."""

from collections.abc import Callable
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from enablement.programs.services import telling


@shared_task(acks_late=True)
def tell_of_session(session_id: str, what: str, told_at: str) -> Callable[[], dict[str, int]]:
    """Ask for the messages about a session; the jobs for them commit with this one."""

    def effect() -> dict[str, int]:
        people = telling.ask_for_mails(
            session_id=UUID(session_id), what=what, told_at=told_at, at=timezone.now()
        )
        return {"people": people}

    return effect


@shared_task(acks_late=True)
def mail_session(session_id: str, what: str, told_at: str, user_ids: list[str]) -> dict[str, int]:
    """Tell these people that they hold a session, or that it changed or does not take place."""
    people = [UUID(pk) for pk in user_ids]
    return {
        "sent": telling.mail_session(
            session_id=UUID(session_id), what=what, told_at=told_at, user_ids=people, at=timezone.now()
        )
    }
