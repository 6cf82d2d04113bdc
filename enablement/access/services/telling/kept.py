"""A gate became stricter: who keeps a tool for a time hears of it that day, in one e-mail, and what to do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse

from enablement.access.models import EnrolmentStanding, Grant
from enablement.access.services.telling.message import letter, of_people
from enablement.jobs.services import enqueue
from enablement.people.letters import send
from enablement.people.models import User
from tracks.facts import Fact
from tracks.models import Enrolment

#: Tools of one track that are kept until the same moment ask for the same.
Alike = tuple[int | None, datetime | None]


def tell_kept(facts: Sequence[Fact]) -> None:
    """Ask for the messages; all that one person keeps is told by one job."""
    from enablement.access.tasks import mail_kept

    for chunk in of_people(facts):
        args: dict[str, str | int | list[str] | None] = {
            "grant_ids": [fact.subject[1] for fact in chunk],
            "revision": chunk[0].payload["policy_revision"],
        }
        enqueue(task=mail_kept, args=args, at=chunk[0].at)


def mail_kept(*, grant_ids: Sequence[UUID], revision: int, at: datetime) -> int:
    """How many messages were sent; none for what has been closed, or shown, in the meantime."""
    rows = Grant.objects.live(at=at).filter(pk__in=grant_ids, former_gate__isnull=False)
    steps = asked_now(rows)
    found = rows.filter(user__is_active=True).select_related("user", "microtool")
    link = f"{settings.SITE_URL}{reverse('my_tools')}"
    return send(
        letter(
            "grants_kept",
            person,
            key=f"kept.{person.pk}.{revision}",
            link=link,
            kept=[(grants, until, steps.get(grants[0].pk, [])) for (_track, until), grants in alike.items()],
        )
        for person, alike in _by_person(found.order_by("microtool__title")).items()
    )


def _by_person(grants: Iterable[Grant]) -> Mapping[User, Mapping[Alike, list[Grant]]]:
    found: dict[User, dict[Alike, list[Grant]]] = defaultdict(lambda: defaultdict(list))
    for grant in grants:
        found[grant.user][grant.microtool.track_id, grant.not_after].append(grant)
    return found


def asked_now(grants: QuerySet[Grant]) -> dict[UUID, list[dict[str, Any]]]:
    """What the gate in force asks of those who keep a tool by the gate as it was, by grant. One query."""
    standings = EnrolmentStanding.objects.filter(
        enrolment__in=Enrolment.objects.live(),
        enrolment__user=OuterRef("user"),
        enrolment__track=OuterRef("microtool__track"),
    )
    found = grants.filter(former_gate__isnull=False).annotate(
        own=Subquery(standings.values("leaves")[:1]),
        overlays=Subquery(standings.values("overlay_leaves")[:1]),
    )
    return {
        grant: to_do([*(own or []), *(more or [])])
        for grant, own, more in found.values_list("pk", "own", "overlays")
    }


def to_do(leaves: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is not met and says what to do about it."""
    return [leaf for leaf in leaves if not leaf["met"] and leaf["next_step"]]
