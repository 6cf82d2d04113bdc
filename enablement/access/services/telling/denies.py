"""The same person, denied the same tool again and again: compliance hears of it, once a window.

Somebody may be stuck, a gateway set up wrongly, or somebody tries what they may not: a person finds out.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Count, Min, QuerySet
from django.urls import reverse

from enablement.access.models import DecisionRecord, Microtool
from enablement.access.services.telling.message import COMPLIANCE
from enablement.access.signals import denies_repeated
from enablement.jobs.models import Job
from enablement.jobs.services import enqueue
from enablement.people.letters import letter, send
from enablement.people.models import User
from enablement.people.selectors import members
from tracks.facts import Fact

DENY = "deny"


class Denies(NamedTuple):
    """So many denies of one person at one tool, the first of them at `since`."""

    person: UUID
    microtool: str
    times: int
    since: datetime

    @property
    def key(self) -> str:
        return f"{self.person}:{self.microtool}"


def window() -> timedelta:
    return timedelta(seconds=settings.DENY_ALERT_WINDOW_SECONDS)


def alert_repeated_denies(*, at: datetime) -> int:
    """Ask for a message for each pair that reached the limit and was not told of within a window; how many.

    Three queries at most, and a job for each new pair. It reads the decision log's index: what that has not
    indexed within a window, because beat was away, is not alerted of.
    """
    from enablement.access.tasks import mail_denies

    found = _repeated(since=at - window(), until=at)
    if not found:
        return 0
    asked = Job.objects.filter(kind=mail_denies.name, created_at__gt=at - window())
    told = set(asked.filter(key__in=[each.key for each in found]).values_list("key", flat=True))
    new = [each for each in found if each.key not in told]
    for each in new:
        args: dict[str, str | int | list[str] | None] = {
            "person_id": str(each.person),
            "microtool": each.microtool,
            "count": each.times,
            "since": each.since.isoformat(),
        }
        enqueue(task=mail_denies, args=args, at=at, key=each.key, period=_period(each, at=at))
    return len(new)


def _repeated(*, since: datetime, until: datetime) -> list[Denies]:
    """Whom and what we do not know is no pair."""
    denied: QuerySet[DecisionRecord] = DecisionRecord.objects.filter(
        outcome=DENY, at__gt=since, at__lte=until, person__isnull=False
    ).exclude(microtool="")
    rows = denied.order_by().values_list("person", "microtool").annotate(count=Count("pk"), first=Min("at"))
    enough = rows.filter(count__gte=settings.DENY_ALERT_COUNT)
    return [Denies(*row) for row in enough if row[0] is not None]


def _period(denies: Denies, *, at: datetime) -> str:
    """Two beats at once ask for one message."""
    number = int(at.timestamp()) // int(window().total_seconds())
    return hashlib.sha256(f"{denies.key}:{number}".encode()).hexdigest()


def mail_denied(denies: Denies) -> int:
    """How many of compliance were written to. Sent twice after a fault, a message has the same id."""
    person = User.objects.filter(pk=denies.person).first()
    if person is None:
        return 0
    tool = Microtool.objects.filter(key=denies.microtool).first()
    query = urlencode({"person": person.email, "microtool": denies.microtool, "outcome": DENY})
    context: dict[str, Any] = {
        "person": person,
        "tool": tool or denies.microtool,
        "count": denies.times,
        "since": denies.since,
        "link": f"{settings.SITE_URL}{reverse('access_log')}?{query}",
    }
    readers = members(COMPLIANCE).exclude(pk=person.pk)
    return send(_message(reader, denies, context) for reader in readers)


def _message(reader: User, denies: Denies, context: dict[str, Any]) -> EmailMessage:
    about = hashlib.sha256(f"{denies.key}:{denies.since.isoformat()}:{reader.pk}".encode()).hexdigest()[:32]
    return letter("access/mail/denies", reader, key=f"denies.{about}", context=context)


def record_denies(denies: Denies, *, at: datetime) -> None:
    """That there was an alert is on record, once, whether or not anybody is in compliance."""
    fact = Fact(
        kind="access.denies_repeated",
        subject=("access.microtool", denies.microtool),
        at=at,
        actor_id=None,
        learner_id=denies.person,
        payload={
            "count": denies.times,
            "since": denies.since,
            "window_seconds": int(window().total_seconds()),
        },
    )
    denies_repeated.send(sender=DecisionRecord, facts=[fact])
