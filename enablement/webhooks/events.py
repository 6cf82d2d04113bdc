"""Facts as CloudEvents 1.0, structured mode (https://cloudevents.io)."""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from enablement.access.models import Grant, Stop
from enablement.webhooks.models.delivery import TEST
from tracks.facts import Fact

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


class Event(NamedTuple):
    """`id`: of two events at one moment, the later one has the greater.

    `microtool`: the key of the tool that it is about; None where it is about more than one.
    """

    id: UUID
    type: str
    body: str
    microtool: str | None


def of_grants(facts: Sequence[Fact]) -> list[Event]:
    """One event a grant that changed. Two queries for any number of them."""
    rows = Grant.objects.select_related("user").in_bulk([UUID(fact.subject[1]) for fact in facts])
    return [_of_grant(fact, rows[UUID(fact.subject[1])]) for fact in facts]


def _of_grant(fact: Fact, grant: Grant) -> Event:
    microtool = str(fact.payload["microtool"])
    data = {
        "subject": {"type": "user", "id": str(grant.user_id), "email": grant.user.email},
        "resource": {"type": "microtool", "id": microtool},
        "before": fact.payload["before"] or None,
        "after": fact.payload["after"],
        "cause": fact.payload["cause"],
        "policy_revision": fact.payload["policy_revision"],
        "not_after": _moment(grant.not_after) if grant.not_after else None,
    }
    return _event(f"enablement.{fact.kind}", f"grants/{grant.pk}", data, microtool=microtool, at=fact.at)


def of_stops(facts: Sequence[Fact]) -> list[Event]:
    """Kill switches: no grant changes with them, yet the tool opens to nobody."""
    return [
        _event(
            f"enablement.{fact.kind}",
            f"stops/{fact.subject[1]}",
            {"resource": {"type": fact.payload["of"], "id": fact.payload["value"]}},
            microtool=fact.payload["value"] if fact.payload["of"] == Stop.Kind.MICROTOOL else None,
            at=fact.at,
        )
        for fact in facts
    ]


def test_event(*, name: str, at: datetime) -> Event:
    return _event(TEST, "webhooks/test", {"message": f"A test for {name}."}, microtool=None, at=at)


def _event(kind: str, subject: str, data: Mapping[str, Any], *, microtool: str | None, at: datetime) -> Event:
    id_ = _new_id()
    body = {
        "specversion": "1.0",
        "id": str(id_),
        "source": settings.SITE_URL,
        "type": kind,
        "subject": subject,
        "time": _moment(at),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Event(id_, kind, json.dumps(body, ensure_ascii=False, separators=(",", ":")), microtool)


def _new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): the moment, then chance."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
