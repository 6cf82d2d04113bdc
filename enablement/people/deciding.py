"""Which rights let a person decide about others: every staff group, and the roles that somebody asks.

A mentor's sign-off opens a tool as an approver's word does, so no staff group is left out. Which roles are
asked is known further up: access and playbook register where to look.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

Source = Callable[[], Iterable[str]]
_sources: list[Source] = []


class Right(NamedTuple):
    """`kind` as in `RightRequest.Kind`; `name` that of a group, or the key of a role."""

    kind: str
    name: str


def register(source: Source) -> None:
    """`source` gives the keys of the roles whose holders decide, as things stand when it is called."""
    if source not in _sources:
        _sources.append(source)


def deciding_roles() -> frozenset[str]:
    return frozenset(key for source in _sources for key in source())
