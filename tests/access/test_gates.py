"""The logic of gates with made-up requirement types: what they answer is drawn, not loaded."""

from itertools import product
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from enablement.access import gates, registry
from enablement.access.gates import GateError
from enablement.access.leaves import Leaf


class FixedParams(registry.Params):
    answer: str
    name: str = ""


class Fixed:
    """A requirement that answers what its parameter says; "absent" leaves the person out."""

    name = "fixed"
    params = FixedParams

    def evaluate(self, *, track, enrolments, params, at):
        met = {"yes": True, "no": False, "unknown": None}.get(params.answer)
        if params.answer == "absent":
            return {}
        leaf = Leaf(type="fixed", label=params.answer, met=met, required="", actual="")
        return {enrolment.pk: leaf for enrolment in enrolments}


@pytest.fixture(autouse=True)
def fixed_requirement(monkeypatch):
    monkeypatch.setitem(registry._registry, "fixed", Fixed())


def leaf(answer):
    return {"type": "fixed", "answer": answer}


def met(tree):
    person = SimpleNamespace(pk=uuid4())
    return gates.evaluate(tree=tree, track=None, enrolments=[person], at=timezone.now())[person.pk].met


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({}, False),
        ({"all_of": []}, False),
        ({"any_of": []}, False),
        (leaf("yes"), True),
        (leaf("no"), False),
        (leaf("unknown"), False),
        (leaf("absent"), False),
        ({"type": "nobody_knows"}, False),
        ({"type": "fixed"}, False),
        ({"all_of": [leaf("yes"), leaf("yes")]}, True),
        ({"all_of": [leaf("yes"), leaf("unknown")]}, False),
        ({"any_of": [leaf("no"), leaf("yes")]}, True),
        ({"any_of": [leaf("no"), leaf("unknown")]}, False),
        ({"at_least": 2, "of": [leaf("yes"), leaf("no"), leaf("yes")]}, True),
        ({"at_least": 2, "of": [leaf("yes"), leaf("no"), leaf("unknown")]}, False),
        ({"not": leaf("no")}, True),
        ({"not": leaf("yes")}, False),
        ({"not": leaf("unknown")}, False),
        ({"not": leaf("absent")}, False),
        ({"not": {"type": "nobody_knows"}}, False),
        ({"not": {"any_of": [leaf("no"), leaf("unknown")]}}, False),
        ({"not": {"not": leaf("yes")}}, True),
    ],
)
def test_only_what_is_certain_opens(tree, expected):
    assert met(tree) is expected


def trees():
    leaves = st.sampled_from(["yes", "no", "unknown", "absent"]).map(leaf)
    return st.recursive(
        leaves,
        lambda children: st.one_of(
            st.builds(lambda of: {"all_of": of}, st.lists(children, min_size=1, max_size=3)),
            st.builds(lambda of: {"any_of": of}, st.lists(children, min_size=1, max_size=3)),
            st.builds(lambda node: {"not": node}, children),
            st.lists(children, min_size=1, max_size=3).flatmap(
                lambda of: st.integers(1, len(of)).map(lambda n: {"at_least": n, "of": of})
            ),
        ),
        max_leaves=6,
    )


def with_answers(node, answers):
    """The same tree where every leaf that cannot be established answers as drawn."""
    if "type" in node:
        return leaf(next(answers)) if node["answer"] in {"unknown", "absent"} else node
    if "not" in node:
        return {"not": with_answers(node["not"], answers)}
    key = next(name for name in ("all_of", "any_of", "of") if name in node)
    return {**node, key: [with_answers(child, answers) for child in node[key]]}


@given(trees())
def test_a_gate_opens_only_if_it_would_open_whatever_the_unknown_turns_out_to_be(tree):
    unknown = sum(node["answer"] in {"unknown", "absent"} for node in gates.leaf_nodes(tree))
    worlds = [met(with_answers(tree, iter(world))) for world in product(["yes", "no"], repeat=unknown)]
    if met(tree):
        assert all(worlds)


@given(trees())
def test_a_well_formed_tree_passes_the_check_and_shows_every_leaf(tree):
    gates.check(tree)
    person = SimpleNamespace(pk=uuid4())
    standing = gates.evaluate(tree=tree, track=None, enrolments=[person], at=timezone.now())[person.pk]
    assert len(standing.leaves) == len(list(gates.leaf_nodes(tree)))


@pytest.mark.parametrize(
    ("tree", "path", "words"),
    [
        (None, (), "expected a requirement"),
        ({}, (), "expected `type`"),
        ({"all_of": []}, (), "at least one requirement"),
        ({"all_of": [leaf("yes")], "any_of": [leaf("yes")]}, (), "exactly one"),
        ({"all_of": [{"type": "nope"}]}, ("all_of", 0, "type"), "unknown requirement type 'nope'"),
        ({"all_of": [leaf("yes"), {"type": "fixed"}]}, ("all_of", 1, "answer"), "Field required"),
        ({"any_of": [leaf("yes") | {"colour": "red"}]}, ("any_of", 0, "colour"), "not permitted"),
        ({"at_least": 3, "of": [leaf("yes")]}, (), "from 1 to 1"),
        ({"at_least": True, "of": [leaf("yes")]}, (), "whole number"),
        ({"not": []}, ("not",), "expected a requirement"),
    ],
)
def test_a_malformed_tree_is_refused_with_its_place(tree, path, words):
    with pytest.raises(GateError) as caught:
        gates.check(tree)
    assert caught.value.path == path
    assert words in str(caught.value)


def test_a_gate_does_not_nest_without_end():
    tree = leaf("yes")
    for _ in range(40):
        tree = {"not": tree}
    with pytest.raises(GateError, match="at most 8 levels"):
        gates.check(tree)
