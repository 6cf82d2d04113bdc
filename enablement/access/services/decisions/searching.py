"""Whom, what and how a call would be allowed (AuthZEN 1.0, search): the decision's own rules over many.

What a search finds is what `decide` allows at this moment with the same context; nothing here is a second
opinion. A search is recorded, with how much it found, never whom.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from enablement.access.decisions.verdict import ACTIONS, Call, Person, decide
from enablement.access.models import Grant
from enablement.access.services.decisions.deciding import Caller, keyed
from enablement.access.services.decisions.reading import (
    find_person,
    find_tool,
    find_tools,
    people_in_order,
    people_rows,
)
from enablement.ledger import services as ledger

T = TypeVar("T")
LIMIT = 100
MAX_LIMIT = 1_000
CHUNK = 200  # people looked at with one set of reads, at least
_SALT = "enablement.access.search"


class StaleToken(ValueError):
    """The token of a page is not ours, or belongs to another question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """`next_token` leads to what comes after these results; it is empty where nothing does."""

    results: list[T]
    next_token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Start:
    after: str
    limit: int


@transaction.atomic
def search_subjects(
    *, call: Call, caller: Caller, at: datetime, page_token: str = "", limit: int | None = None
) -> Page[UUID]:
    """Whose call would be allowed, by their id; people are looked through in the order of their ids.

    `call.subject` is not looked at. Raises StaleToken.
    """
    question = replace(call, subject="")
    start = _start(question, page_token, limit)
    after = UUID(start.after) if start.after else UUID(int=0)
    found: list[UUID] = []
    next_token, known = "", {}
    # One more than a page tells whether there is another one.
    chunk = max(start.limit + 1, CHUNK)
    while candidates := _holders(call.microtool, after=after, count=chunk, at=at):
        shelf = find_tools(people=candidates, keys={call.microtool}, prompts=_prompts(call))
        known = {"microtool": call.microtool}
        for person in candidates:
            tool = shelf.tool(call.microtool, person=person, prompt=call.prompt)
            if not _allows(call, person, tool, shelf.policy, caller=caller, at=at):
                continue
            if len(found) == start.limit:
                next_token = _token(question, after=str(found[-1]), limit=start.limit)
                break
            found.append(person.id)
        if next_token:
            break
        after = candidates[-1].id
    _record("subject", len(found), known=known, caller=caller, at=at)
    return Page(results=found, next_token=next_token)


@transaction.atomic
def search_resources(
    *, call: Call, caller: Caller, at: datetime, page_token: str = "", limit: int | None = None
) -> Page[str]:
    """Which tools the subject's call would be allowed for, by name. `call.microtool` is not looked at."""
    question = replace(call, microtool="")
    start = _start(question, page_token, limit)
    person = find_person(call.subject)
    allowed: list[str] = []
    if person is not None:
        shelf = find_tools(people=[person], prompts=_prompts(call))
        allowed = [
            key
            for key in shelf.keys
            if key > start.after
            and _allows(
                replace(call, microtool=key),
                person,
                shelf.tool(key, person=person, prompt=call.prompt),
                shelf.policy,
                caller=caller,
                at=at,
            )
        ]
    found, more = allowed[: start.limit], len(allowed) > start.limit
    next_token = _token(question, after=found[-1], limit=start.limit) if more else ""
    _record("resource", len(found), known=_user(person), caller=caller, at=at)
    return Page(results=found, next_token=next_token)


@transaction.atomic
def search_actions(*, call: Call, caller: Caller, at: datetime) -> Page[str]:
    """Which actions the subject would be allowed with this tool. `call.action` is not looked at."""
    person = find_person(call.subject)
    tool, policy = find_tool(call, person)
    found = [
        action
        for action in ACTIONS
        if _allows(replace(call, action=action), person, tool, policy, caller=caller, at=at)
    ]
    known = _user(person) | ({"microtool": tool.key} if tool else {})
    _record("action", len(found), known=known, caller=caller, at=at)
    return Page(results=found, next_token="")


def _allows(call: Call, person: Person | None, *known: Any, caller: Caller, at: datetime) -> bool:
    tool, policy = known
    verdict = decide(call=call, person=person, tool=tool, policy=policy, reach=caller.reach, at=at)
    return verdict.decision


def _holders(microtool: str, *, after: UUID, count: int, at: datetime) -> list[Person]:
    """The next people with a live grant: without one, no call is allowed. Two queries."""
    holders = Grant.objects.live(at=at).filter(microtool__key=microtool, user__gt=after)
    ids = list(holders.order_by("user").values_list("user_id", flat=True)[:count])
    return people_in_order(people_rows(Q(pk__in=ids))) if ids else []


def _prompts(call: Call) -> set[str]:
    return {call.prompt} if call.prompt else set()


def _start(question: Call, page_token: str, limit: int | None) -> _Start:
    if not page_token:
        return _Start(after="", limit=limit or LIMIT)
    try:
        state: dict[str, Any] = signing.loads(page_token, salt=_SALT)
    except signing.BadSignature as error:
        raise StaleToken(_("This page token is not one of ours.")) from error
    if state["question"] != _identity(question) or limit not in (None, state["limit"]):
        raise StaleToken(_("This page token belongs to another question: start again without it."))
    return _Start(after=state["after"], limit=state["limit"])


def _token(question: Call, *, after: str, limit: int) -> str:
    return signing.dumps({"question": _identity(question), "after": after, "limit": limit}, salt=_SALT)


def _identity(question: Call) -> str:
    return keyed(repr(question))


def _user(person: Person | None) -> dict[str, str]:
    return {"user": str(person.id)} if person else {}


def _record(what: str, count: int, *, known: dict[str, str], caller: Caller, at: datetime) -> None:
    """Who or what was asked about is named where we know it; a caller's own words are not kept."""
    ledger.record(
        kind="access.searched",
        subject=("access.microtool", known.get("microtool", "any")),
        actor=caller.label,
        at=at,
        payload={"for": what, "found": count, "token": caller.token} | known,
    )
