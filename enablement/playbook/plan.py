"""A plan: what applying a playbook changes, for whom, and what to know about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from enablement.access.rework import ReworkRule

#: In this order a plan lists what it changes.
KINDS = (
    "role",
    "prompt",
    "track",
    "module",
    "lesson",
    "lab",
    "quiz",
    "survey",
    "shadow pool",
    "judge",
    "scenarios",
    "microtool",
    "gate",
    "procedure",
    "policy",
    "line of business",
    "overlay",
    "section",
    "document",
)
#: What goes with its track or module, so that the plan names only those.
_INSIDE = frozenset(
    {"module", "lesson", "lab", "quiz", "survey", "shadow pool", "judge", "scenarios", "gate"}
)
ADD, CHANGE, RETIRE = "+", "~", "-"
#: So many people are named for each tool; the rest is counted.
NAMED = 20
_LONG = 100


class Item(NamedTuple):
    """One thing that a playbook puts; `name` is its key, with those of its track and module before it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


class Text(str):
    """Prose: a plan says that it changed, not how."""

    __slots__ = ()


class Entries(dict[str, Any]):
    """Parts by key (questions, cases): a plan counts those that came, changed and went."""


class Lines(tuple[str, ...]):
    """Conditions, one a line: a plan says which came and which went."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """`action` is + (added), ~ (changed) or - (retired). `details`: "name: old → new" and the like.

    title: what people call the item, "" where it has no name but its key.
    """

    action: str
    item: Item
    details: tuple[str, ...] = ()
    title: str = ""


class Person(NamedTuple):
    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """Whom applying gives or takes one tool, at once; all of them, in order of their names.

    tool: its key; title: what people call it.
    """

    tool: str
    gain: tuple[Person, ...] = ()
    lose: tuple[Person, ...] = ()
    title: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """`base_number`: the revision it was made against; 0 before the first one. `warnings`: what is undone.

    loosens: what of it needs the approval of others; never anything before the first revision.
    """

    base_number: int
    sha256: str
    changes: tuple[Change, ...]
    effects: tuple[Effect, ...] = ()
    notes: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    loosens: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        counts = {
            action: sum(change.action == action for change in self.changes)
            for action in (ADD, CHANGE, RETIRE)
        }
        object.__setattr__(self, "counts", counts)

    def __bool__(self) -> bool:
        return bool(self.changes)


def compare(
    before: Mapping[Item, Mapping[str, Any]], after: Mapping[Item, Mapping[str, Any]]
) -> tuple[Change, ...]:
    """What is different, in the order of `KINDS`, then by name."""
    changes = [_change(item, before.get(item), after.get(item)) for item in before.keys() | after.keys()]
    found = [
        replace(change, title=_title(change.item, before, after)) for change in changes if change is not None
    ]
    retired = {change.item for change in found if change.action == RETIRE}
    shown = [change for change in found if not _goes_with_another(change, retired)]
    return tuple(sorted(shown, key=lambda change: (KINDS.index(change.item.kind), change.item.name)))


def _title(
    item: Item, before: Mapping[Item, Mapping[str, Any]], after: Mapping[Item, Mapping[str, Any]]
) -> str:
    """A gate is called as its track."""
    named = Item("track", item.name) if item.kind == "gate" else item
    return str((after.get(named) or before.get(named) or {}).get("title") or "")


def _change(item: Item, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Change | None:
    if old is None:
        return Change(action=ADD, item=item, details=tuple(_contents(new or {})))
    if new is None:
        return Change(action=RETIRE, item=item)
    details = tuple(_differences(old, new))
    return Change(action=CHANGE, item=item, details=details) if details else None


def _goes_with_another(change: Change, retired: set[Item]) -> bool:
    if change.action != RETIRE or change.item.kind not in _INSIDE:
        return False
    track, _slash, rest = change.item.name.partition("/")
    module = rest.partition("/")[0]
    around = {Item("track", track), Item("module", f"{track}/{module}")} - {change.item}
    return bool(around & retired)


def _contents(new: Mapping[str, Any]) -> Iterator[str]:
    """Of something added, only how many parts it has, and a rule of its own."""
    for name, value in new.items():
        if isinstance(value, Entries) and value:
            yield f"{name}: {len(value)}"
        elif isinstance(value, Lines):
            yield from value
        elif isinstance(value, ReworkRule) and value.own:
            yield f"{name}: {value}"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if isinstance(before, Lines) and isinstance(after, Lines):
            yield from (f"{RETIRE} {line}" for line in before if line not in after)
            yield from (f"{ADD} {line}" for line in after if line not in before)
        elif before != after:
            yield f"{name}: {difference(before, after)}"


def difference(before: Any, after: Any) -> str:
    """How a value changed, in a few words."""
    if isinstance(before, Entries) and isinstance(after, Entries):
        changed = sum(before[key] != after[key] for key in before.keys() & after.keys())
        return f"+{len(after.keys() - before.keys())} ~{changed} -{len(before.keys() - after.keys())}"
    words = f"{_word(before)} → {_word(after)}"
    return words if not isinstance(after, Text) and len(words) <= _LONG * 2 else "new text"


def _word(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value)) or "none"
    return str(value)
