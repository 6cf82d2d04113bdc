"""E-mails about sessions: who holds one, and who would come at the wrong time or to the wrong place.

That a session was planned is told to its host alone: its people find it on My path and in their calendar,
and a course of eight evenings is not eight messages. What is over by then is told to nobody.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.urls import reverse

from enablement.jobs.services import enqueue, enqueue_for_people
from enablement.people.letters import letter, send
from enablement.people.models import User
from enablement.programs.models import Session
from tracks.models import Enrolment

HOSTED, CHANGED, CANCELLED = "hosted", "changed", "cancelled"
#: What makes a difference to who comes.
_FOR_ALL = frozenset({"starts_at", "ends_at", "place", "link"})


def tell_planned(session: Session, *, at: datetime) -> None:
    _ask(session, HOSTED, at)


def tell_changed(session: Session, changed: Iterable[str], *, at: datetime) -> None:
    """Everybody, of another time or place; a new host besides, that they hold it."""
    if "host" in changed:
        _ask(session, HOSTED, at)
    if not _FOR_ALL.isdisjoint(changed):
        _ask(session, CHANGED, at)


def tell_cancelled(session: Session, *, at: datetime) -> None:
    _ask(session, CANCELLED, at)


def _ask(session: Session, what: str, at: datetime) -> None:
    """For one job, whatever the number of people; that job asks for the messages."""
    from enablement.programs.tasks import tell_of_session

    if session.ends_at > at:
        args = {"session_id": str(session.pk), "what": what, "told_at": at.isoformat()}
        enqueue(task=tell_of_session, args=args, at=at)


def ask_for_mails(*, session_id: UUID, what: str, told_at: str, at: datetime) -> int:
    """Jobs for those who hear of it, in the caller's transaction; how many people."""
    from enablement.programs.tasks import mail_session

    people = _readers(session_id, what)
    args = {"session_id": str(session_id), "what": what, "told_at": told_at}
    enqueue_for_people(task=mail_session, args=args, people=people, at=at)
    return len(people)


def mail_session(*, session_id: UUID, what: str, told_at: str, user_ids: Sequence[UUID], at: datetime) -> int:
    """How many were sent: the session as it is now, or nothing where that is over or cancelled meanwhile."""
    session = Session.objects.select_related("cohort").get(pk=session_id)
    if session.ends_at <= at or (session.cancelled_at is not None) is not (what == CANCELLED):
        return 0
    people = User.objects.filter(pk__in=user_ids, is_active=True).order_by("pk")
    return send(_letter(session, what, told_at, person) for person in people)


def _readers(session_id: UUID, what: str) -> list[UUID]:
    session = Session.objects.get(pk=session_id)
    who = Q(pk=session.host_id)
    if what != HOSTED:
        who |= Q(pk__in=Enrolment.objects.live().filter(cohort=session.cohort_id).values("user"))
    return list(User.objects.filter(who, is_active=True).order_by("pk").values_list("pk", flat=True))


def _letter(session: Session, what: str, told_at: str, person: User) -> EmailMessage:
    """Sent twice after a fault, it has the same id both times; a second change has another."""
    place = session.get_absolute_url() if person.pk == session.host_id else reverse("my_sessions")
    return letter(
        f"programs/mail/session_{what}",
        person,
        key=f"session.{session.pk}.{what}.{told_at}.{person.pk}",
        context={
            "session": session,
            "person": person,
            "page": f"{settings.SITE_URL}{place}",
        },
    )
