"""Whose calls a playbook denies from now on, or no longer denies, while their tools stay open: by a ruling
"avoid", or because a role holds a prompt no more. What only asks for one more look is not counted here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from enablement.access import prompts as prompt_words
from enablement.access.models import Microtool, Prompt, RoleProfile
from enablement.people.models import User
from enablement.playbook.plan import CallEffect, Person
from tracks.models import RoleAssignment

Holders = Mapping[str, set[UUID]]


class _Ruled(NamedTuple):
    """An activity that is avoided: its words, and the names by which calls find it."""

    text: str
    names: frozenset[str]
    prompt: str


class _Call(NamedTuple):
    """An activity's words or a prompt's key; `tool`: its key, "" where it is any."""

    text: str
    prompt: str
    tool: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """As decisions read them: prompts and avoided activities by role, and the tool of each live prompt."""

    prompts: Mapping[int, frozenset[str]]
    avoided: Mapping[int, tuple[_Ruled, ...]]
    tools: Mapping[str, str]

    def held(self, roles: Iterable[int]) -> dict[str, str]:
        """Prompts that somebody in these roles may use, with their tools."""
        closed = {name for ruled in self.closed(roles) for name in ruled.names}
        keys = {key for role in roles for key in self.prompts.get(role, ())} - closed
        return {key: self.tools[key] for key in keys if key in self.tools}

    def closed(self, roles: Iterable[int]) -> list[_Ruled]:
        return [ruled for role in roles for ruled in self.avoided.get(role, ())]


def rules() -> Rules:
    """What holds now. Two queries."""
    profiles = list(RoleProfile.objects.values_list("role_id", "prompts", "rubric"))
    tools = Prompt.objects.filter(retired_at=None, microtool__isnull=False)
    return Rules(
        prompts={role: frozenset(keys) for role, keys, _rubric in profiles},
        avoided={
            role: tuple(
                _Ruled(
                    activity["text"],
                    frozenset({activity["key"], activity.get("prompt") or activity["key"]}),
                    activity.get("prompt") or "",
                )
                for activity in rubric.get("avoid", ())
            )
            for role, _keys, rubric in profiles
        },
        tools=dict(tools.values_list("key", "microtool__key")),
    )


def moved(*, before: Rules, after: Rules, holders: Holders, now: Holders) -> tuple[CallEffect, ...]:
    """For each activity and prompt, whom the change stops and whom it lets in again, by name.

    holders, now: to whom which tool was open, and is; who gains or loses a tool is no part of this. Five
    queries at most, none more for more people or roles.
    """
    if before == after:
        return ()
    roles = _roles({user for users in (*holders.values(), *now.values()) for user in users})
    stopped: dict[_Call, set[UUID]] = defaultdict(set)
    let_in: dict[_Call, set[UUID]] = defaultdict(set)
    kept = {tool: users & now.get(tool, set()) for tool, users in holders.items()}
    for group, people in roles.items():
        for call in _lost(before, after, group):
            stopped[call] |= _with(call.tool, kept) & people
        for call in _lost(after, before, group):
            let_in[call] |= _with(call.tool, kept) & people
    return _worded(stopped, let_in)


def _lost(before: Rules, after: Rules, roles: Iterable[int]) -> Iterator[_Call]:
    """What somebody in these roles could call and can no more."""
    known = {name for ruled in before.closed(roles) for name in ruled.names}
    had, has = before.held(roles), after.held(roles)
    told: set[str] = set()
    for ruled in after.closed(roles):
        if ruled.names - known:
            told |= ruled.names
            yield _Call(ruled.text, "", before.tools.get(ruled.prompt, ""))
    for key in had.keys() - has.keys() - told:
        yield _Call("", key, had[key])


def _roles(users: set[UUID]) -> dict[frozenset[int], set[UUID]]:
    """People by the roles that they hold together."""
    own: dict[UUID, set[int]] = {user: set() for user in users}
    rows = RoleAssignment.objects.current().filter(user__in=users)
    for user, role in rows.values_list("user_id", "role_id"):
        own[user].add(role)
    groups: dict[frozenset[int], set[UUID]] = defaultdict(set)
    for user, held in own.items():
        groups[frozenset(held)].add(user)
    return groups


def _with(tool: str, holders: Holders) -> set[UUID]:
    return set(holders.get(tool, ())) if tool else set().union(*holders.values())


def _worded(stopped: Mapping[_Call, set[UUID]], let_in: Mapping[_Call, set[UUID]]) -> tuple[CallEffect, ...]:
    ids = {user for users in (*stopped.values(), *let_in.values()) for user in users}
    rows = User.objects.filter(pk__in=ids).order_by("name", "email").values_list("pk", "name", "email")
    people = {pk: Person(name, email) for pk, name, email in rows}
    if not people:
        return ()
    tools, prompts = dict(Microtool.objects.values_list("key", "title")), prompt_words.titles()
    return tuple(
        CallEffect(
            what=call.text or prompts.get(call.prompt, call.prompt),
            tool=tools.get(call.tool, call.tool),
            stops=tuple(person for pk, person in people.items() if pk in stopped.get(call, ())),
            lets_in=tuple(person for pk, person in people.items() if pk in let_in.get(call, ())),
        )
        for call in sorted(stopped.keys() | let_in.keys())
        if stopped.get(call) or let_in.get(call)
    )
