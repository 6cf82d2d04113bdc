"""A tool opened or closed for somebody."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from enablement.access.history import cause_label
from enablement.access.models import Grant, GrantHold
from enablement.access.services.telling.message import message
from enablement.jobs.services import enqueue
from enablement.people.letters import send
from tracks.facts import Fact

#: Changes that one job tells of.
CHUNK = 50
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

    lines = [
        Change(UUID(fact.subject[1]), fact.payload["after"], fact.payload["cause"]).line
        for fact in facts
        if (fact.payload["before"] == OPEN) != (fact.payload["after"] == OPEN)
    ]
    for start in range(0, len(lines), CHUNK):
        chunk = lines[start : start + CHUNK]
        enqueue(task=mail_grant_changes, args={"changes": chunk}, at=facts[0].at)


def mail_changes(*, changes: Sequence[Change], at: datetime) -> int:
    """How many messages were sent. What has changed again since then is told by its own message."""
    by_id = {change.grant: change for change in changes}
    found = Grant.objects.filter(pk__in=by_id, user__is_active=True).select_related("user", "microtool")
    holds = GrantHold.objects.live().filter(grant__in=by_id, cause=GrantHold.Cause.REWORK)
    reasons = dict(holds.values_list("grant", "reason"))
    return send(
        message(
            "change",
            grant,
            key=f"{grant.state}.{grant.since.timestamp():.6f}",
            at=at,
            opened=grant.state == OPEN,
            cause=cause_label(by_id[grant.pk].cause),
            reason=reasons.get(grant.pk, ""),
        )
        for grant in found
        if grant.state == by_id[grant.pk].state
    )
