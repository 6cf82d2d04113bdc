"""A track's conditions as a gate: the tree that is stored, its words, what it says of quizzes and pools."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from assessments.services.agreement import DEFAULT_RULE, PassRule
from enablement.access import gates
from enablement.access.requirements.shadow import ShadowParams
from enablement.playbook.schema import Overlay, Track, gate_tree

#: Judged cases of a look where no gate says otherwise (the playbook's figure).
SAMPLE_SIZE = 50


def tree_of(track: Track) -> dict[str, Any]:
    """The gate of a track whose conditions have been checked."""
    return gate_tree(track.gating_conditions)


def leaves_of(track: Track, type_: str) -> Iterator[Mapping[str, Any]]:
    return (leaf for leaf in gates.leaf_nodes(tree_of(track)) if leaf["type"] == type_)


def all_leaves(track: Track, overlays: Iterable[Overlay], type_: str) -> Iterator[Mapping[str, Any]]:
    """`leaves_of`, and those of these overlays."""
    yield from leaves_of(track, type_)
    for overlay in overlays:
        for node in overlay.conditions:
            yield from (leaf for leaf in gates.leaf_nodes(node) if leaf["type"] == type_)


def sample_size(track: Track) -> int:
    """The largest look that the gate asks for."""
    return max((int(leaf["sample_size"]) for leaf in leaves_of(track, "shadow_mode")), default=SAMPLE_SIZE)


def pass_rule(track: Track) -> PassRule:
    """The strictest marks that the gate asks of a look; DESIGN's where it says nothing."""
    asked = [
        ShadowParams.model_validate({key: value for key, value in leaf.items() if key != "type"})
        for leaf in leaves_of(track, "shadow_mode")
    ]
    if not asked:
        return DEFAULT_RULE
    return PassRule(
        lower=max(each.lower_bound for each in asked),
        kappa=Fraction(max(each.kappa for each in asked)),
        critical=min(each.critical_misses for each in asked),
        yellow=max(each.yellow_cases for each in asked),
    )


def qa_owners(track: Track) -> list[str]:
    return sorted({str(leaf["qa_owner"]) for leaf in leaves_of(track, "shadow_mode")})


def quiz_threshold(track: Track, quiz: str, own: Decimal) -> Decimal:
    """What the gate asks of this quiz, the strictest where several conditions do; else the quiz's own."""
    asked = [
        Decimal(str(leaf["threshold"]))
        for leaf in leaves_of(track, "quiz")
        if leaf.get("quiz") in (None, quiz)
    ]
    return max(asked, default=own)


def shortest_months(track: Track, overlays: Iterable[Overlay], type_: str, key: str) -> int | None:
    """For how long gate and overlays let proof by this quiz or survey hold; the shortest where they say
    several.
    """
    asked = [
        leaf.get("valid_months")
        for leaf in all_leaves(track, overlays, type_)
        if leaf.get(type_) in (None, key)
    ]
    return min((int(months) for months in asked if months is not None), default=None)


def shortest_months_of_module(track: Track, overlays: Iterable[Overlay], module: str) -> int | None:
    """As `shortest_months`, for the completion of this module; without names, a leaf is about all of them."""
    asked = [
        leaf.get("valid_months")
        for leaf in all_leaves(track, overlays, "modules_completed")
        if leaf.get("modules") is None or module in leaf["modules"]
    ]
    return min((int(months) for months in asked if months is not None), default=None)


def conditions(tree: Mapping[str, Any]) -> list[str]:
    """A gate in words, one line for each condition that has to be met."""
    if set(tree) == {"all_of"}:
        return [words(node) for node in tree["all_of"]]
    return [words(tree)]


def words(node: Mapping[str, Any]) -> str:
    """A gate on one line: `all of: quiz (threshold 0.85); labs_signed_off`."""
    if "type" in node:
        params = ", ".join(f"{key} {_word(value)}" for key, value in node.items() if key != "type")
        return f"{node['type']} ({params})" if params else str(node["type"])
    if "not" in node:
        return f"not ({words(node['not'])})"
    for key, label in (
        ("all_of", "all of"),
        ("any_of", "any of"),
        ("of", f"at least {node.get('at_least')} of"),
    ):
        if key in node:
            return f"{label}: " + "; ".join(_inner(child) for child in node[key])
    return "nothing: it never opens"


def _inner(node: Mapping[str, Any]) -> str:
    return words(node) if "type" in node or "not" in node else f"({words(node)})"


def _word(value: Any) -> str:
    return " and ".join(str(entry) for entry in value) if isinstance(value, list) else str(value)
