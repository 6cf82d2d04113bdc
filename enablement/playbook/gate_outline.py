"""A gate while it is edited: groups and requirements, named by their places ("0.1"), sound or not yet.

`not` is a group of which none may be met, so that one list of children serves every kind of group.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from enablement.access import gates

ALL, ANY, COUNT, NONE = "all_of", "any_of", "at_least", "not"
KINDS = (ALL, ANY, COUNT, NONE)
#: What one page may hold; a gate that people understand is far smaller.
MAX_PARTS = 200
MAX_TEXT = 200_000

Place: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One requirement. params: the keys beside `type`, decimals as text."""

    type: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def tree(self) -> dict[str, Any]:
        return {"type": self.type, **self.params}


@dataclass(frozen=True, slots=True)
class Group:
    """n: how many of its parts have to be met, where the kind is `at_least`."""

    kind: str = ALL
    parts: tuple["Part", ...] = ()
    n: int = 1

    def tree(self) -> dict[str, Any]:
        inner = [part.tree() for part in self.parts]
        if self.kind == NONE:
            return {"not": inner[0] if len(inner) == 1 else {"any_of": inner}}
        return {COUNT: self.n, "of": inner} if self.kind == COUNT else {self.kind: inner}


Part: TypeAlias = Leaf | Group


def of_tree(tree: Any) -> Group:
    """The outline of a gate's tree; its root is always a group. Raises ValueError where it is no tree."""
    found = _part(tree, depth=0)
    return found if isinstance(found, Group) else Group(ALL, (found,))


def of_text(text: str) -> Group:
    """What `as_text` wrote, once it has been in a browser. Raises ValueError."""
    if len(text) > MAX_TEXT:
        raise ValueError("too long")
    try:
        outline = of_tree(json.loads(text))
    except RecursionError as error:
        raise ValueError("too deep") from error
    if sum(1 for _each in parts(outline)) > MAX_PARTS:
        raise ValueError("too many parts")
    return outline


def as_text(outline: Group) -> str:
    return json.dumps(outline.tree())


def _part(node: Any, *, depth: int) -> Part:
    if not isinstance(node, Mapping) or depth > gates.MAX_DEPTH * 2:
        raise ValueError("not a part of a gate")
    if isinstance(node.get("type"), str):
        return Leaf(node["type"], {key: value for key, value in node.items() if key != "type"})
    if set(node) == {"not"}:
        return Group(NONE, _none_of(node["not"], depth=depth + 1))
    if set(node) == {COUNT, "of"} and type(node[COUNT]) is int:
        return Group(COUNT, _parts(node["of"], depth=depth + 1), node[COUNT])
    kind = next((kind for kind in (ALL, ANY) if set(node) == {kind}), None)
    if kind is None:
        raise ValueError("not a part of a gate")
    return Group(kind, _parts(node[kind], depth=depth + 1))


def _none_of(inner: Any, *, depth: int) -> tuple[Part, ...]:
    found = _part(inner, depth=depth)
    return found.parts if isinstance(found, Group) and found.kind == ANY else (found,)


def _parts(nodes: Any, *, depth: int) -> tuple[Part, ...]:
    if not isinstance(nodes, list):
        raise ValueError("not a list")  # noqa: TRY004 - the one error of what is no tree
    return tuple(_part(node, depth=depth) for node in nodes)


def parts(part: Part, place: Place = ()) -> Iterator[tuple[Place, Part]]:
    """Everything in it, itself first, with places."""
    yield place, part
    if isinstance(part, Group):
        for index, each in enumerate(part.parts):
            yield from parts(each, (*place, index))


def dotted(place: Place) -> str:
    return ".".join(map(str, place))


def place_of(text: str) -> Place:
    """Raises ValueError."""
    return tuple(int(step) for step in text.split(".")) if text else ()


def changed(outline: Group, place: Place, change: Callable[[Part], tuple[Part, ...]]) -> Group:
    """The outline where `change` gives what stands in the stead of one part. Raises LookupError."""
    if not place:
        [root] = change(outline)
        return root if isinstance(root, Group) else Group(ALL, (root,))
    index, rest = place[0], place[1:]
    if not 0 <= index < len(outline.parts):
        raise LookupError(dotted(place))
    part = outline.parts[index]
    if not rest:
        instead = change(part)
    elif isinstance(part, Group):
        instead = (changed(part, rest, change),)
    else:
        raise LookupError(dotted(place))
    return replace(outline, parts=(*outline.parts[:index], *instead, *outline.parts[index + 1 :]))


def removed(outline: Group, place: Place) -> Group:
    return changed(outline, place, lambda _part: ())


def added(outline: Group, place: Place, part: Part) -> Group:
    """With the part at the end of a group. Raises LookupError where no group stands there."""

    def longer(group: Part) -> tuple[Part, ...]:
        if isinstance(group, Group):
            return (replace(group, parts=(*group.parts, part)),)
        raise LookupError(dotted(place))

    return changed(outline, place, longer)


def grouped(outline: Group, place: Place) -> Group:
    """With the part in a group of its own."""
    return changed(outline, place, lambda part: (Group(ANY, (part,)),))


def dissolved(outline: Group, place: Place) -> Group:
    """With the parts of a group in its stead."""
    return changed(outline, place, lambda part: part.parts if isinstance(part, Group) else (part,))
