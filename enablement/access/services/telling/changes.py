"""A tool opened or closed for somebody. Tools that did so for the same reason are told in one e-mail."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.core.mail import EmailMessage

from enablement.access.history import cause_label
from enablement.access.models import Grant, GrantHold
from enablement.access.services.telling.kept import to_do
from enablement.access.services.telling.message import message, of_people
from enablement.jobs.services import enqueue
from enablement.people.letters import send
from tracks.facts import Fact

OPEN = Grant.State.GRANTED


class Change(NamedTuple):
    """A grant that became `state` because of `cause`; one line of a job's arguments."""

    grant: UUID
    state: str
    cause: str

    @property
    def line(self) -> str:
        return f"{self.grant} {self.state} {self.cause}"

    @classmethod
    def of(cls, line: str) -> "Change":
        pk, state, cause = line.split(" ", 2)
        return cls(UUID(pk), state, cause)


def tell_changes(facts: Sequence[Fact]) -> None:
    """Ask for the messages about what opened or closed; any other change concerns nobody by itself."""
    from enablement.access.tasks import mail_grant_changes

    telling = [fact for fact in facts if (fact.payload["before"] == OPEN) != (fact.payload["after"] == OPEN)]
    for chunk in of_people(telling):
        lines = [
            Change(UUID(fact.subject[1]), fact.payload["after"], fact.payload["cause"]).line for fact in chunk
        ]
        enqueue(task=mail_grant_changes, args={"changes": lines}, at=facts[0].at)


def mail_changes(*, changes: Sequence[Change], at: datetime) -> int:
    """How many messages were sent. What has changed again since then is told by its own message."""
    by_id = {change.grant: change for change in changes}
    found = Grant.objects.filter(pk__in=by_id, user__is_active=True).select_related("user", "microtool")
    holds = GrantHold.objects.live().filter(grant__in=by_id, cause=GrantHold.Cause.REWORK)
    reasons = dict(holds.values_list("grant", "reason"))
    alike: dict[tuple[UUID, bool, str, str], list[Grant]] = defaultdict(list)
    for grant in found.order_by("microtool__title", "pk"):
        if grant.state == by_id[grant.pk].state:
            cause, reason = by_id[grant.pk].cause, reasons.get(grant.pk, "")
            alike[grant.user_id, grant.state == OPEN, cause, reason].append(grant)
    return send(
        _message(grants, opened=opened, cause=cause, reason=reason, at=at)
        for (_user, opened, cause, reason), grants in alike.items()
    )


def _message(grants: Sequence[Grant], *, opened: bool, cause: str, reason: str, at: datetime) -> EmailMessage:
    first = grants[0]
    steps = [] if opened else [step for grant in grants for step in to_do(grant.leaves)]
    return message(
        "change",
        first,
        key=f"{first.state}.{first.since.timestamp():.6f}",
        at=at,
        tools=[str(grant.microtool) for grant in grants],
        opened=opened,
        cause=cause_label(cause),
        reason=reason,
        steps=list({(step["label"], step["next_step"]): step for step in steps}.values()),
    )
