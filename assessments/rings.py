"""Rings: people who sign for each other in a circle, however long. Pure functions over (signer, learner)."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import TypeVar

N = TypeVar("N")


def rings(edges: Iterable[tuple[N, N]]) -> list[list[N]]:
    """A shortest ring for each group of people who reach each other by signatures: each signs for the next,
    the last one for the first. In the order in which the edges came; groups do not overlap.
    """
    ahead: dict[N, dict[N, None]] = defaultdict(dict)
    behind: dict[N, dict[N, None]] = defaultdict(dict)
    for signer, learner in edges:
        ahead[signer][learner] = None
        behind[learner][signer] = None
    found: list[list[N]] = []
    done: set[N] = set()
    for person in list(ahead):
        if person not in done:
            reached = _reach(person, ahead)
            reaching = _reach(person, behind)
            group = reached & reaching
            done |= group
            if group:
                found.append(min((_ring(each, ahead, group) for each in ahead if each in group), key=len))
    return found


def _reach(start: N, ways: Mapping[N, Mapping[N, None]]) -> set[N]:
    """Everybody whom one comes to in at least one step; the start itself only by a way back."""
    seen: set[N] = set()
    open_ = deque(ways.get(start, {}))
    while open_:
        person = open_.popleft()
        if person not in seen:
            seen.add(person)
            open_.extend(ways.get(person, {}))
    return seen


def _ring(start: N, ahead: Mapping[N, dict[N, None]], group: set[N]) -> list[N]:
    """The shortest way from `start` back to itself. `start` lies on a ring within `group`."""
    came_from: dict[N, N] = {}
    open_ = deque([start])
    while open_:
        person = open_.popleft()
        for following in ahead.get(person, {}):
            if following == start:
                way = [person]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if following in group and following not in came_from:
                came_from[following] = person
                open_.append(following)
    raise ValueError("nobody here signs back to the start")
