"""A kill switch: who holds what it stops hears of it once, and once more when it ends; compliance reviews.

The switch itself asks for one job, whatever the number of people; that job asks for the messages.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from enablement.access.models import EmergencyAccess, Grant, Microtool, Stop
from enablement.access.services.telling.message import COMPLIANCE, letter
from enablement.jobs.services import enqueue, enqueue_for_people
from enablement.people.letters import send
from enablement.people.models import User
from enablement.people.selectors import holders as holders_of
from enablement.people.selectors import members
from tracks.facts import Fact

STARTED, ENDED = "started", "ended"
_TOLD = {"access.stop_started": STARTED, "access.stop_ended": ENDED}


def tell_stops(facts: Sequence[Fact]) -> None:
    """Ask for the messages about what was stopped or opened again; a review is told to nobody."""
    from enablement.access.tasks import tell_of_stop

    for fact in facts:
        if fact.kind in _TOLD:
            enqueue(
                task=tell_of_stop, args={"stop_id": fact.subject[1], "what": _TOLD[fact.kind]}, at=fact.at
            )


def ask_for_mails(*, stop_id: UUID, what: str, at: datetime) -> int:
    """Jobs for the people who hold it now, in the caller's transaction; how many people."""
    from enablement.access import tasks

    stop = Stop.objects.get(pk=stop_id)
    people = list(holders(stop, at=at).order_by("pk").values_list("pk", flat=True))
    args = {"stop_id": str(stop_id), "what": what}
    enqueue_for_people(task=tasks.mail_stop, args=args, people=people, at=at)
    enqueue(task=tasks.mail_stop_review, args=args, at=at)
    return len(people)


def holders(stop: Stop, *, at: datetime) -> QuerySet[User]:
    """Who could use what is stopped, but for the stop.

    A region: who works there, or nobody knows where. A model: whoever holds any tool, because a call that
    does not say its model is denied too.
    """
    granted = Grant.objects.filter(
        Q(not_after=None) | Q(not_after__gt=at), state=Grant.State.GRANTED, microtool__retired_at=None
    )
    # Emergency access opens what the grant does not, and a stop closes that as well.
    broken = EmergencyAccess.objects.live(at=at)
    if stop.kind == Stop.Kind.MICROTOOL:
        granted = granted.filter(microtool__key=stop.value)
        broken = broken.filter(grant__microtool__key=stop.value)
    people = User.objects.filter(is_active=True)
    if stop.kind == Stop.Kind.REGION:
        people = people.filter(region__in=("", stop.value))
    one = OuterRef("pk")
    return people.filter(Exists(granted.filter(user=one)) | Exists(broken.filter(user=one)))


def mail_stop(*, stop_id: UUID, what: str, user_ids: Collection[UUID]) -> int:
    """How many were written to. That it is stopped is told to nobody once it has ended."""
    stop = Stop.objects.get(pk=stop_id)
    if what == STARTED and stop.ended_at is not None:
        return 0
    readers = User.objects.filter(pk__in=user_ids, is_active=True).order_by("email")
    return send(_letters(f"stop_{what}", stop, readers, link=reverse("my_tools")))


def mail_review(*, stop_id: UUID, what: str) -> int:
    """Tell compliance that it is stopped, and ask for the review once it has ended.

    Never who stopped it, nor who ended it; where nobody else of compliance is there, whoever may do it.
    """
    stop = Stop.objects.select_related("started_by", "ended_by").get(pk=stop_id)
    if stop.reviewed_at is not None or (what == STARTED and stop.ended_at is not None):
        return 0
    name, page = "stop_notice", reverse("access_stops")
    if what == ENDED:
        name, page = "stop_review", reverse("access_stop_review", args=[stop.pk])
    return send(_letters(name, stop, _reviewers(stop), link=page))


def _reviewers(stop: Stop) -> list[User]:
    involved = [pk for pk in (stop.started_by_id, stop.ended_by_id) if pk]
    found = list(members(COMPLIANCE).exclude(pk__in=involved))
    return found or list(holders_of("access.control_access").exclude(pk__in=involved))


def _letters(name: str, stop: Stop, readers: Iterable[User], *, link: str) -> Iterator[EmailMessage]:
    context = {"stop": stop, "what": _named(stop), "link": f"{settings.SITE_URL}{link}"}
    for reader in readers:
        yield letter(name, reader, key=f"{name}.{stop.pk}.{reader.pk}", **context)


def _named(stop: Stop) -> str:
    """What is stopped, as people call it."""
    if stop.kind == Stop.Kind.MICROTOOL:
        tool = Microtool.objects.filter(key=stop.value).first()
        return str(tool or stop.value)
    words = {
        Stop.Kind.MODEL: _("the model %(name)s"),
        Stop.Kind.REGION: _("every tool in the region %(name)s"),
    }
    return words[Stop.Kind(stop.kind)] % {"name": stop.value}
