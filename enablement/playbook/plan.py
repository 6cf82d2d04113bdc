"""A plan: what applying a playbook changes, for whom, and what to know about it."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

from django.utils.timezone import localtime

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
#: So many lines of a text, and parts of a list, are written out; the files show all of them.
_LINES, _PARTS = 40, 12


class Item(NamedTuple):
    """One thing that a playbook puts; `name` is its key, with those of its track and module before it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


class Text(str):
    """Prose: a plan says which of its lines came and which went."""

    __slots__ = ()


class Entries(dict[str, Any]):
    """Parts by key (questions, cases): a plan names those that came, changed and went."""


class Rubric(Entries):
    """A role's activities, by line and key: a plan says which moved, and what they read before and after."""


class Lines(tuple[str, ...]):
    """Conditions, one a line: a plan says which came and which went."""

    __slots__ = ()


class Condition(str):
    """A condition of a gate in full, as what is compared; `said`: the same as people read it."""

    __slots__ = ("said",)
    said: str

    def __new__(cls, full: str, said: str) -> Self:
        made = super().__new__(cls, full)
        made.said = said
        return made


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


class Kept(NamedTuple):
    """Somebody who keeps a tool though its gate becomes stricter, until then at the latest."""

    person: Person
    until: datetime

    def __str__(self) -> str:
        return f"{self.person} until {localtime(self.until):%Y-%m-%d}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """Whom applying gives or takes one tool, at once; all of them, in order of their names.

    tool: its key; title: what people call it.
    keep: who would lose it and keeps it until they are certified anew.
    """

    tool: str
    gain: tuple[Person, ...] = ()
    lose: tuple[Person, ...] = ()
    title: str = ""
    keep: tuple[Kept, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEffect:
    """Who can call a tool no more, or again, for one activity or with one prompt (`what`), though the tool
    stays open to them; all of them, in order of their names. tool: its title, "" where it is any tool.
    """

    what: str
    tool: str = ""
    stops: tuple[Person, ...] = ()
    lets_in: tuple[Person, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """`base_number`: the revision it was made against; 0 before the first one. `warnings`: what is undone.

    loosens: what of it needs the approval of others; never anything before the first revision.
    uncounted: of `notes`, what effects and calls leave out.
    """

    base_number: int
    sha256: str
    changes: tuple[Change, ...]
    effects: tuple[Effect, ...] = ()
    calls: tuple[CallEffect, ...] = ()
    notes: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    loosens: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()
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
            yield from map(_said, value)
        elif isinstance(value, ReworkRule) and value.own:
            yield f"{name}: {value}"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if isinstance(before, Lines) and isinstance(after, Lines):
            yield from _lines(before, after)
        elif isinstance(before, Rubric) and isinstance(after, Rubric):
            yield from _activities(before, after)
        elif before != after and isinstance(after, Text) and (before is None or isinstance(before, str)):
            yield f"{name}: reworded"
            yield from _reworded(before or "", after)
        elif before != after:
            yield f"{name}: {difference(before, after)}"


def _lines(before: Lines, after: Lines) -> Iterator[str]:
    went = [line for line in before if line not in after]
    came = [line for line in after if line not in before]
    # Where two read the same and are not, people need the whole of it.
    same = {_said(line) for line in went} & {_said(line) for line in came}
    for action, lines in ((RETIRE, went), (ADD, came)):
        for line in lines:
            said = _said(line)
            yield f"{action} {said} ({line})" if said in same else f"{action} {said}"


def _said(line: str) -> str:
    return line.said if isinstance(line, Condition) else line


def _activities(before: Rubric, after: Rubric) -> Iterator[str]:
    """In the order of the new rubric, then what went."""
    old, new = _by_activity(before), _by_activity(after)
    for key in dict.fromkeys((*new, *old)):
        was, now = old.get(key), new.get(key)
        if was is None and now is not None:
            yield f"{ADD} {now[0]}: “{now[1]['text']}” Why: {now[1]['why']}"
        elif now is None and was is not None:
            yield f"{RETIRE} {was[0]}: “{was[1]['text']}”"
        elif was is not None and now is not None:
            yield from _activity(was, now)


def _activity(was: tuple[str, Mapping[str, Any]], now: tuple[str, Mapping[str, Any]]) -> Iterator[str]:
    (old_line, old), (line, new) = was, now
    if old_line != line:
        yield f"“{new['text']}”: {old_line} → {line}. Why: {new['why']}"
    for part in dict.fromkeys((*old, *new)):
        if old.get(part) != new.get(part):
            yield f"“{new['text']}”: {part.replace('_', ' ')}: {difference(old.get(part), new.get(part))}"


def _by_activity(rubric: Rubric) -> dict[str, tuple[str, Mapping[str, Any]]]:
    return {
        activity["key"]: (place.partition("/")[0].replace("_", " "), activity)
        for place, activity in rubric.items()
    }


def _reworded(before: str, after: str) -> Iterator[str]:
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    lines = [line for line in found if not line.startswith(("---", "+++", "@@"))]
    yield from (f"{line[:1]} {line[1:]}" for line in lines[:_LINES])
    if len(lines) > _LINES:
        yield f"… and {len(lines) - _LINES} more lines"


def difference(before: Any, after: Any) -> str:
    """How a value changed, in words: before → after, or what came, changed and went."""
    if isinstance(before, Rubric) and isinstance(after, Rubric):
        return "; ".join(_activities(before, after))
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return _parts(before, after)
    if isinstance(after, Text):
        return "reworded"
    if _is_list(before) and _is_list(after) and len(before) + len(after) > _PARTS:
        came = [str(each) for each in after if each not in before]
        went = [str(each) for each in before if each not in after]
        return _came_and_went(came, [], went) or "another order"
    return f"{_word(before)} → {_word(after)}"


def _parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    changed = [
        _part(key, before[key], after[key]) for key in after if key in before and before[key] != after[key]
    ]
    came, went = [key for key in after if key not in before], [key for key in before if key not in after]
    return _came_and_went(came, changed, went) or "another order"


def _part(key: str, before: Any, after: Any) -> str:
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return key
    fields = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    words = ", ".join(f"{name}: {difference(before.get(name), after.get(name))}" for name in fields)
    return f"{key} ({words})"


def _came_and_went(came: Sequence[str], changed: Sequence[str], went: Sequence[str]) -> str:
    said = (("added", came), ("changed", changed), ("taken away", went))
    return "; ".join(f"{verb}: {_listed(names)}" for verb, names in said if names)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_PARTS])
    return f"{shown} and {len(names) - _PARTS} more" if len(names) > _PARTS else shown


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _word(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if _is_list(value):
        return ", ".join(map(str, value)) or "none"
    return str(value)
