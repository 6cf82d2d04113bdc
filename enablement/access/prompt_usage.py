"""How prompts are used, by the decision log's index: what gateways asked, not what people copied.

The database counts; the number of queries does not depend on calls, people or prompts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from enablement.access.models import DecisionRecord, Microtool, Prompt, RoleProfile
from tracks.models import RoleAssignment

#: Usage is counted over so many days.
USAGE_DAYS = 30
OUTCOMES = {
    "allowed": "allow",
    "denied": "deny",
    "approvals": "approval_required",
    "looks": "review_required",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Counts of calls, and of the people who made them; there is none where there was no call.

    approvals, looks: calls that waited for another person's approval or the user's own look. last_used: when
    a call was last allowed, None where none was.
    """

    calls: int
    people: int
    allowed: int
    denied: int
    approvals: int
    looks: int
    last_used: datetime | None

    @classmethod
    def of(cls, groups: Sequence[Mapping[str, Any]]) -> Self:
        """From counts by person and outcome."""
        counts = {
            name: sum(group["n"] for group in groups if group["outcome"] == key) for name, key in _PAIRS
        }
        used = [group["last"] for group in groups if group["outcome"] == "allow"]
        return cls(
            calls=sum(group["n"] for group in groups),
            people=len({group["person"] for group in groups if group["person"] is not None}),
            last_used=max(used, default=None),
            **counts,
        )


_PAIRS = tuple(OUTCOMES.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The usage with one tool, or by the people of one role."""

    title: str
    usage: Usage


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """Who holds two roles with this prompt counts in both, so roles may add up to more than `total`."""

    total: Usage
    tools: Sequence[Part]
    roles: Sequence[Part]


def by_prompt(keys: Iterable[str], *, at: datetime) -> dict[str, Usage]:
    """The usage of each of these prompts that was called. One query."""
    counts: dict[str, Any] = {name: Count("pk", filter=Q(outcome=key)) for name, key in _PAIRS}
    rows = _recent(at).filter(prompt__in=list(keys)).order_by().values("prompt")
    counted = rows.annotate(
        calls=Count("pk"),
        people=Count("person", distinct=True),
        last_used=Max("at", filter=Q(outcome="allow")),
        **counts,
    )
    found: dict[str, Usage] = {}
    for row in counted:
        values: dict[str, Any] = dict(row)
        key = values.pop("prompt")
        found[key] = Usage(**values)
    return found


def of_prompt(prompt: Prompt, *, at: datetime) -> Whole | None:
    """In all, by tool and by role; None where nobody called. Four queries."""
    rows = _recent(at).filter(prompt=prompt.key).order_by().values("microtool", "person", "outcome")
    groups = list(rows.annotate(n=Count("pk"), last=Max("at")))
    if not groups:
        return None
    titles = dict(Microtool.objects.values_list("key", "title"))
    tools = [
        (
            titles.get(key, key) or _("A tool unknown here"),
            [each for each in groups if each["microtool"] == key],
        )
        for key in dict.fromkeys(each["microtool"] for each in groups)
    ]
    return Whole(total=Usage.of(groups), tools=_parts(tools), roles=_parts(_of_roles(prompt, groups, at=at)))


def _of_roles(
    prompt: Prompt, groups: Sequence[Mapping[str, Any]], *, at: datetime
) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """The calls of everybody who held a role within these days that holds the prompt now."""
    profiles = (
        RoleProfile.objects.filter(role__retired_at=None).select_related("role").order_by("role__title")
    )
    roles = {profile.role_id: profile.role.title for profile in profiles if prompt.key in profile.prompts}
    held = RoleAssignment.objects.filter(Q(ended_at=None) | Q(ended_at__gt=_since(at)), role__in=roles)
    people: dict[int, set[Any]] = {role: set() for role in roles}
    for role, person in held.values_list("role", "user"):
        people[role].add(person)
    found = [
        (title, [each for each in groups if each["person"] in people[role]]) for role, title in roles.items()
    ]
    known = set().union(*people.values())
    others = [each for each in groups if each["person"] not in known]
    return [*found, (_("Nobody of these roles"), others)]


def _parts(groups: Iterable[tuple[str, Sequence[Mapping[str, Any]]]]) -> list[Part]:
    """Those with calls, the most called first."""
    parts = [Part(title=title, usage=Usage.of(rows)) for title, rows in groups if rows]
    return sorted(parts, key=lambda part: (-part.usage.calls, part.title))


def _recent(at: datetime) -> QuerySet[DecisionRecord]:
    return DecisionRecord.objects.filter(at__gt=_since(at))


def _since(at: datetime) -> datetime:
    return at - timedelta(days=USAGE_DAYS)
