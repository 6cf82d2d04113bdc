"""Gates: trees of requirements, evaluated for many people at once.

A node is one of
- `{"all_of": [node, …]}`, `{"any_of": […]}`, `{"at_least": n, "of": […]}`, `{"not": node}`;
- a leaf `{"type": "quiz", …parameters of that type…}`.

Three-valued, and only True opens: an empty gate, an unknown leaf and missing data deny, and `not` of
something that cannot be established cannot be established either.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from pydantic import ValidationError

from enablement.access import registry
from enablement.access.leaves import Leaf, unknown
from tracks.models import Enrolment, Track

Node = Mapping[str, Any]
MAX_DEPTH = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How one person stands before a gate: the verdict, and every leaf in the order of the tree.

    shown: met by what the person has shown themself, without a waiver; a certificate says no less.
    demanded: what overlays ask of this person besides; `leaves` are the gate's own.
    """

    met: bool
    shown: bool
    leaves: tuple[Leaf, ...]
    demanded: tuple[Leaf, ...] = ()

    @property
    def everything(self) -> tuple[Leaf, ...]:
        return (*self.leaves, *self.demanded)

    @property
    def unmet(self) -> tuple[Leaf, ...]:
        return tuple(leaf for leaf in self.everything if leaf.met is not True)

    @property
    def met_count(self) -> int:
        """Of the gate's own requirements."""
        return sum(leaf.met is True for leaf in self.leaves)

    @property
    def not_after(self) -> datetime | None:
        """When the first proof lapses that this standing rests on."""
        return min((leaf.lapses_at for leaf in self.everything if leaf.met and leaf.lapses_at), default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiving:
    """That a requirement counts as met until `ends_at`, by whose word, and where that is on record."""

    ends_at: datetime
    by: str
    proof: str

    def over(self, leaf: Leaf) -> Leaf:
        words = {"day": date_format(localtime(self.ends_at)), "by": self.by}
        return replace(
            leaf,
            met=True,
            actual=_("waived until %(day)s by %(by)s") % words,
            lapses_at=self.ends_at,
            proof=(self.proof,),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """A requirement, or a tree of them, beside the gate: what one overlay asks.

    asked_by: its title; key: which of its requirements.
    """

    node: Node
    asked_by: str
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tightening:
    """What overlays do to gates, by enrolment: asked besides, and who is barred whatever is shown.

    What is demanded has to be met too; waivers do not reach it.
    """

    demands: Mapping[UUID, Sequence[Demand]] = field(default_factory=dict)
    barred: Mapping[UUID, Leaf] = field(default_factory=dict)


NOTHING_MORE = Tightening()

#: By person, the requirements that are waived, by `identity`.
Waived = Mapping[UUID, Mapping[str, Waiving]]


class GateError(ValueError):
    """The tree of a gate is malformed; `path` leads to the node."""

    def __init__(self, message: str, path: tuple[str | int, ...]) -> None:
        super().__init__(message)
        self.path = path


def check(node: object, *, path: tuple[str | int, ...] = ()) -> None:
    """Refuse a malformed tree. Raises GateError with the path of the first fault."""
    if len(path) > MAX_DEPTH * 2:
        raise GateError(f"a gate nests at most {MAX_DEPTH} levels", path)
    if not isinstance(node, Mapping):
        raise GateError("expected a requirement with a `type`, or all_of, any_of, at_least, not", path)
    if "type" in node:
        _check_leaf(node, path)
    elif set(node) == {"not"}:
        check(node["not"], path=(*path, "not"))
    else:
        _check_group(node, path)


def _check_group(node: Node, path: tuple[str | int, ...]) -> None:
    key = next((name for name, keys in _GROUPS.items() if set(node) == keys), None)
    if key is None:
        raise GateError("expected `type`, or exactly one of all_of, any_of, not, at_least with of", path)
    children = node["of" if key == "at_least" else key]
    if not isinstance(children, list) or not children:
        raise GateError(f"`{key}` needs at least one requirement: an empty gate never opens", path)
    wanted = node.get("at_least", 1)
    if not isinstance(wanted, int) or isinstance(wanted, bool) or not 1 <= wanted <= len(children):
        raise GateError(f"`at_least` must be a whole number from 1 to {len(children)}", path)
    for index, child in enumerate(children):
        check(child, path=(*path, "of" if key == "at_least" else key, index))


_GROUPS = {"all_of": {"all_of"}, "any_of": {"any_of"}, "at_least": {"at_least", "of"}}


def _check_leaf(node: Node, path: tuple[str | int, ...]) -> None:
    requirement = registry.get(str(node["type"]))
    if requirement is None:
        known = ", ".join(registry.types())
        message = f"unknown requirement type {node['type']!r}; expected one of {known}"
        raise GateError(message, (*path, "type"))
    try:
        requirement.params.model_validate(_params(node))
    except ValidationError as error:
        first = error.errors()[0]
        raise GateError(first["msg"], (*path, *first["loc"])) from error


def _params(node: Node) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != "type"}


def leaf_nodes(node: Node) -> Iterator[Node]:
    """The leaves of a tree, in order."""
    if "type" in node:
        yield node
        return
    for key in ("all_of", "any_of", "of"):
        for child in node.get(key, []):
            yield from leaf_nodes(child)
    if "not" in node:
        yield from leaf_nodes(node["not"])


def waivable_nodes(node: Node) -> Iterator[Node]:
    """The leaves that a waiver can stand in for: under a `not` it would open by what is missing."""
    if "type" in node:
        yield node
        return
    for key in ("all_of", "any_of", "of"):
        for child in node.get(key, []):
            yield from waivable_nodes(child)


def evaluate(
    *,
    tree: Node,
    track: Track,
    enrolments: Sequence[Enrolment],
    at: datetime,
    waived: Waived | None = None,
    tightening: Tightening = NOTHING_MORE,
) -> dict[UUID, Standing]:
    """The standing of each enrolment. Queries depend on the number of distinct leaves, not of people.

    waived: what counts as met for whom though it is not; without it nothing does.
    """
    by_type: dict[str, dict[str, Node]] = defaultdict(dict)
    asked = [tightening.demands.get(enrolment.pk, ()) for enrolment in enrolments]
    trees = [tree, *(demand.node for demands in asked for demand in demands)]
    for node in (node for each in trees for node in leaf_nodes(each)):
        by_type[str(node["type"])][identity(node)] = node
    answers: dict[str, Mapping[UUID, Leaf]] = {}
    for type_, nodes in by_type.items():
        found = _answers(type_, nodes.values(), track, enrolments, at)
        answers |= zip(nodes, found, strict=True)
    allowed = {identity(node) for node in waivable_nodes(tree)}
    return {
        enrolment.pk: _tightened(
            _standing(tree, answers, enrolment, _of(waived, enrolment, allowed)),
            answers,
            enrolment,
            tightening,
        )
        for enrolment in enrolments
    }


def _tightened(
    standing: Standing, answers: Mapping[str, Mapping[UUID, Leaf]], enrolment: Enrolment, more: Tightening
) -> Standing:
    """The standing with what overlays ask. Who is barred has shown no less: only the tool stays closed."""
    demanded: list[Leaf] = []
    met = True
    for demand in more.demands.get(enrolment.pk, ()):
        numbers = count()

        def ask(node: Node, demand: Demand = demand, numbers: Iterator[int] = numbers) -> bool | None:
            leaf = answers[identity(node)].get(enrolment.pk) or _missing(node)
            asked_as = f"{demand.key}.{next(numbers)}"
            demanded.append(replace(leaf, asked_by=demand.asked_by, asked_as=asked_as))
            return leaf.met

        met = _truth(demand.node, ask) is True and met
    bar = more.barred.get(enrolment.pk)
    return replace(
        standing,
        met=standing.met and met and bar is None,
        shown=standing.shown and met,
        demanded=(*demanded, *([bar] if bar else ())),
    )


def _of(waived: Waived | None, enrolment: Enrolment, allowed: Collection[str]) -> dict[str, Waiving]:
    if not waived:
        return {}
    return {key: by for key, by in waived.get(enrolment.user_id, {}).items() if key in allowed}


def identity(node: Node) -> str:
    """A leaf and its parameters as text: the same requirement, wherever it stands."""
    return json.dumps(node, sort_keys=True, default=str)


def _answers(
    type_: str, nodes: Iterable[Node], track: Track, enrolments: Sequence[Enrolment], at: datetime
) -> list[Mapping[UUID, Leaf]]:
    """The answers to the leaves of one type, in their order; none where a leaf is not understood."""
    requirement = registry.get(type_)
    asked = [_valid(requirement, node) for node in nodes]
    params = [one for one in asked if one is not None]
    if requirement is None or not params:
        return [{} for _one in asked]
    if isinstance(requirement, registry.Batched):
        found = requirement.evaluate_all(track=track, enrolments=enrolments, params=params, at=at)
    else:
        found = [
            requirement.evaluate(track=track, enrolments=enrolments, params=one, at=at) for one in params
        ]
    answers = iter(found)
    return [{} if one is None else next(answers) for one in asked]


def _valid(requirement: registry.Requirement | None, node: Node) -> registry.Params | None:
    if requirement is None:
        return None
    try:
        return requirement.params.model_validate(_params(node))
    except ValidationError:
        return None


def _standing(
    tree: Node,
    answers: Mapping[str, Mapping[UUID, Leaf]],
    enrolment: Enrolment,
    waived: Mapping[str, Waiving],
) -> Standing:
    leaves: list[Leaf] = []

    def shown(node: Node) -> bool | None:
        return (answers[identity(node)].get(enrolment.pk) or _missing(node)).met

    def ask(node: Node) -> bool | None:
        leaf = answers[identity(node)].get(enrolment.pk) or _missing(node)
        by = waived.get(identity(node))
        leaf = leaf if by is None or leaf.met else by.over(leaf)
        leaves.append(leaf)
        return leaf.met

    met = bool(tree) and _truth(tree, ask) is True
    return Standing(met=met, shown=met and _truth(tree, shown) is True, leaves=tuple(leaves))


def _missing(node: Node) -> Leaf:
    type_ = str(node["type"])
    why = _("This requirement cannot be established, so it counts as not met.")
    return unknown(type_, label=type_, why=why)


def _truth(node: Node, ask: Any) -> bool | None:
    """Kleene's three-valued logic; every leaf is asked, so that a person sees all that is missing."""
    if "type" in node:
        answer: bool | None = ask(node)
        return answer
    if "not" in node:
        inner = _truth(node["not"], ask)
        return None if inner is None else not inner
    children = node.get("all_of") or node.get("any_of") or node.get("of") or []
    results = [_truth(child, ask) for child in children]
    needed = node.get("at_least", len(results) if "all_of" in node else 1)
    return _at_least(results, needed)


def _at_least(results: list[bool | None], needed: int) -> bool | None:
    certain = results.count(True)
    if not results:
        return False
    if certain >= needed:
        return True
    return None if certain + results.count(None) >= needed else False
