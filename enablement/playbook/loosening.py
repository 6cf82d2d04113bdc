"""What a change of the playbook loosens: all that is not listed here as tightening, or as moving nothing.

A field is weighed here, or counts as loosening; so does a kind of item that nobody has thought of yet.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from enablement.playbook.plan import Condition, Item, difference
from enablement.playbook.strictness import Node, gate_holds, has_negation, rule_holds
from enablement.playbook.titles import humanised

Values = Mapping[str, Any]
Holds = Callable[[Any, Any], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What is in force: `items` as `in_force.snapshot` has them, `gates` as trees by track."""

    items: Mapping[Item, Values]
    gates: Mapping[str, Node]


def loosened(before: State, after: State) -> tuple[str, ...]:
    """One line for each thing that is looser, or cannot be shown not to be; none where all of it tightens."""
    negation = any(has_negation(tree) for tree in after.gates.values())
    found: list[str] = []
    for item in sorted(before.items.keys() | after.items.keys()):
        old, new = before.items.get(item), after.items.get(item)
        tree = _tree_of(item)
        if old == new and before.gates.get(tree) == after.gates.get(tree):
            continue
        if negation and item.kind in _PROOF:
            found.append(
                f"{_name(item, new or old)}: some gate says “not”, so what is to be shown may open it"
            )
        elif old is None:
            found += [] if _may_come(item, before) else [f"{_name(item, new)}: new"]
        elif new is None:
            found += [] if _may_go(item, after) else [f"{_name(item, old)}: no longer there"]
        elif item.kind == "gate":
            found += _gate(item, before.gates, after.gates)
        elif item.kind == "overlay":
            found += _overlay(item, before, after)
        else:
            found += _fields(item, old, new)
    return tuple(found)


def _gate(item: Item, before: Mapping[str, Node], after: Mapping[str, Node]) -> Iterator[str]:
    old, new = before.get(item.name), after.get(item.name)
    if old is None or new is None or not gate_holds(new, old):
        yield f"{_name(item, None)}: what it asks for now does not include all that it asked for"


def _overlay(item: Item, before: State, after: State) -> Iterator[str]:
    """More to show is stricter for whom it holds. Another "for", or another of all else that it asks, may be
    milder for somebody: nothing here says that it is not.
    """
    old, new = before.items[item], after.items[item]
    key = _tree_of(item)
    was, now = before.gates.get(key, _ASKS_NOTHING), after.gates.get(key, _ASKS_NOTHING)
    if was != _ASKS_NOTHING and not gate_holds(now, was):
        yield f"{_name(item, new)}: what it asks for now does not include all that it asked for"
    if old["for"] != new["for"] or _of_calls(old["asks"]) != _of_calls(new["asks"]):
        yield f"{_name(item, new)}: for whom it is, or what it asks of calls, is another"


def _tree_of(item: Item) -> str:
    """What its tree is kept by among the gates."""
    return f"overlay:{item.name}" if item.kind == "overlay" else item.name


def _of_calls(asks: Iterable[str]) -> list[str]:
    return [line for line in asks if not isinstance(line, Condition)]


_ASKS_NOTHING: Node = {"all_of": []}


def _fields(item: Item, old: Values, new: Values) -> Iterator[str]:
    for field in dict.fromkeys((*old, *new)):
        before, after = old.get(field), new.get(field)
        if before != after and not _field_holds(item, field, before, after):
            yield f"{_name(item, new)}: {field.replace('_', ' ')}: {_words(field, before, after)}"


def _field_holds(item: Item, field: str, before: Any, after: Any) -> bool:
    if field in _HARMLESS.get(item.kind, ()):
        return True
    if item.kind == "section" and item.name in _HARMLESS_SECTIONS:
        return True
    holds = _TIGHTER.get((item.kind if item.kind != "section" else f"section {item.name}", field))
    return holds is not None and holds(before, after)


def _may_come(item: Item, before: State) -> bool:
    """More to do is stricter, unless it is the first of its kind and so makes possible what was not."""
    if item.kind == "section":
        return item.name in _HARMLESS_SECTIONS
    if item.kind in {"judge", "document", "overlay"}:  # An overlay only adds (decision 0090).
        return True
    track, _slash, rest = item.name.partition("/")
    if Item("track", track) not in before.items:
        return False
    if item.kind == "module":
        return True
    if item.kind not in {"lesson", "lab"}:
        return False
    module = f"{track}/{rest.partition('/')[0]}"
    filled = {(each.kind, each.name.rpartition("/")[0]) for each in before.items if each.kind in _FILLS}
    known = Item("module", module) not in before.items or any(place == module for _kind, place in filled)
    labs = any(kind == "lab" and place.startswith(f"{track}/") for kind, place in filled)
    return known and (item.kind == "lesson" or labs)


def _may_go(item: Item, after: State) -> bool:
    """What is no longer there opens nothing; what belonged to a track goes with it."""
    if item.kind in {"microtool", "prompt", "track", "judge", "document"}:
        return True
    if item.kind == "section":
        return item.name in _HARMLESS_SECTIONS
    return item.kind in _PROOF and Item("track", item.name.partition("/")[0]) not in after.items


def _rubric_holds(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Nothing that is avoided or watched becomes milder; what is newly named is avoided, so denied.

    An activity that no line names waits for a review, so leaving one out is never milder, except of `avoid`.
    """
    old, new = _names(before), _names(after)
    named = new["automate"] | new["yellow_zone"] | new["avoid"]
    known = old["automate"] | old["yellow_zone"] | old["avoid"]
    watched = new["yellow_zone"] | new["avoid"]
    return (
        old["avoid"] <= new["avoid"]
        and (old["yellow_zone"] & named) <= watched
        and not ((new["automate"] - old["automate"]) - new["avoid"])
        and (named - known) <= new["avoid"]
    )


def _names(rubric: Mapping[str, Any]) -> dict[str, set[str]]:
    """The workflows and prompts on each line."""
    found: dict[str, set[str]] = {"automate": set(), "yellow_zone": set(), "avoid": set()}
    for place, activity in rubric.items():
        found[place.partition("/")[0]] |= {activity["key"], activity.get("prompt") or activity["key"]}
    return found


def _higher(before: Any, after: Any) -> bool:
    return before is not None and after is not None and Decimal(str(after)) >= Decimal(str(before))


def _lower(before: Any, after: Any) -> bool:
    """None is no limit at all."""
    return after is not None and (before is None or Decimal(str(after)) <= Decimal(str(before)))


def _threshold_holds(before: Any, after: Any) -> bool:
    """A tool without a threshold has every output looked at."""
    return after is None or _higher(before, after)


def _becomes_true(before: Any, after: Any) -> bool:
    return after is True and before is not None


def _fewer(before: Any, after: Any) -> bool:
    return set(after or ()) <= set(before or ())


def _more(before: Any, after: Any) -> bool:
    return set(after or ()) >= set(before or ())


#: What proof is made of: where a gate says "not", none of it is known to tighten.
_PROOF = frozenset({"track", "module", "lesson", "lab", "quiz", "survey", "shadow pool", "scenarios", "gate"})
_FILLS = frozenset({"lesson", "lab", "quiz"})
#: What people read, and the order in which they do: no decision and no gate looks at it.
_HARMLESS: Mapping[str, frozenset[str]] = {
    "role": frozenset({"title", "description"}),
    "prompt": frozenset({"title"}),
    "track": frozenset({"title", "summary", "kpis", "place"}),
    "module": frozenset({"title", "duration_min", "outcomes", "place"}),
    "lesson": frozenset({"title", "minutes", "text", "place"}),
    "lab": frozenset({"title", "minutes", "place"}),
    "quiz": frozenset({"title", "intro"}),
    "survey": frozenset({"title", "intro"}),
    "shadow pool": frozenset({"title"}),
    "scenarios": frozenset({"title", "intro"}),
    "microtool": frozenset({"title"}),
    "procedure": frozenset({"title", "purpose", "begins"}),
}
_HARMLESS_SECTIONS = frozenset({"version", "communication"})
#: The directions in which a field tightens; one that is not here has none.
_TIGHTER: Mapping[tuple[str, str], Holds] = {
    ("role", "prompts"): _fewer,
    ("role", "approvals"): _more,
    ("role", "human_in_loop"): _becomes_true,
    ("role", "rubric"): _rubric_holds,
    ("prompt", "tool"): lambda _before, after: after is None,
    ("track", "due_days"): _lower,
    ("lab", "pass_points"): _higher,
    ("quiz", "threshold"): _higher,
    ("quiz", "max_attempts"): _lower,
    ("quiz", "cooldown_hours"): _higher,
    ("quiz", "time_limit_min"): _lower,
    ("microtool", "confidence_threshold"): _threshold_holds,
    ("microtool", "approval_rule"): lambda before, after: rule_holds(after, before),
    ("microtool", "manual_grant"): _becomes_true,
    ("microtool", "rework_rule"): lambda before, after: after.as_strict_as(before),
    ("policy", "regions"): _fewer,
    ("policy", "yellow_zone_terms"): _more,
    ("policy", "block_on_confidence_lt"): _higher,
    ("policy", "manual_review_required"): _becomes_true,
    ("policy", "slo.training_completion"): _higher,
    ("policy", "slo.adoption_rate"): _higher,
    ("policy", "slo.exception_clearance_hours"): _lower,
    ("section regions", "pii_redaction"): _becomes_true,
    ("section observability", "model_versions"): _becomes_true,
    ("section observability", "audit_trail.retention_days"): _higher,
}


def _name(item: Item, values: Values | None) -> str:
    """As people call it."""
    title = str((values or {}).get("title") or " / ".join(map(humanised, item.name.split("/"))))
    return f"{humanised(item.kind)} {title}".strip()


def _words(field: str, before: Any, after: Any) -> str:
    shown = _LISTS.get(field)
    if isinstance(before, list | tuple) and isinstance(after, list | tuple) and shown is not None:
        came = [f"{shown(each)} added" for each in after if each not in before]
        went = [f"{shown(each)} taken away" for each in before if each not in after]
        return ", ".join([*came, *went]) or "another order"
    return difference(before, after)


#: Lists of names, and how people read one.
_LISTS: Mapping[str, Callable[[str], str]] = {
    "prompts": humanised,
    "approvals": humanised,
    "regions": str,
    "yellow_zone_terms": str,
    "steps": "“{}”".format,
}
