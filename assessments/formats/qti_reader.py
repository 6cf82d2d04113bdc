"""QTI 3.0 items (1EdTech): choice, order, match and text entry become questions; the rest is named by line.

A response is worth what the item's processing says, as far as it follows one of four ways: all of the correct
response, the mapping, or branches that compare with a number or a text and set SCORE.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from html import escape

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.formats.gift_reader import BLANK
from assessments.formats.numbers import decimal_of
from assessments.formats.parsed import Answer, Form, Item, ItemKind, Pair, Text, Unmappable
from assessments.formats.qti_response import (
    KNOWN_RULES,
    Branch,
    Response,
    every_node,
    lost_bounds,
    read_branches,
    read_response,
    uses_mapping,
)
from assessments.formats.xml_source import Node

ITEM = "qti-assessment-item"
SCORING_CLASS = "x-scoring-"
UNIT_CLASS = "x-unit"
DELETED_CLASS = "x-deleted"
_REASONS = {
    "qti-extended-text-interaction": gettext_lazy("It is an essay, which a person would have to mark."),
    "qti-upload-interaction": gettext_lazy("It asks for a file; here that is a lab."),
    "qti-inline-choice-interaction": gettext_lazy("It has choices inside its text."),
    "qti-gap-match-interaction": gettext_lazy("It has gaps to fill from a list."),
    "qti-hottext-interaction": gettext_lazy("It asks to mark words inside a text."),
    "qti-associate-interaction": gettext_lazy("It pairs the things of one list with each other."),
    "qti-portable-custom-interaction": gettext_lazy("It brings a program of its own."),
}
_HIDDEN = frozenset({"qti-feedback-inline", "qti-feedback-block", "qti-rubric-block", "qti-template-inline"})
_RIGHT = frozenset({"right", "correct", "ok", "yes", "true"})
_WRONG = frozenset({"wrong", "incorrect", "no", "false"})
_GENERAL = frozenset({"explanation", "general", "solution", "feedback"})
_WHOLE = Decimal(100)
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """An item taken apart."""

    node: Node
    interaction: Node
    response: Response
    uses_mapping: bool
    branches: tuple[Branch, ...]
    modal: Mapping[str, Text]


def read_item(root: Node) -> Item:
    """One assessment item. Raises Unmappable where it cannot be a question here."""
    _check_root(root)
    interaction = _interaction(root)
    response = read_response(root, interaction)
    processing = root.first("qti-response-processing")
    modal = {node.get("identifier"): _html_text(node) for node in root.nodes("qti-modal-feedback")}
    asked = _Asked(
        node=root,
        interaction=interaction,
        response=response,
        uses_mapping=uses_mapping(processing, response),
        branches=tuple(read_branches(processing, response)),
        modal=modal,
    )
    identifier = root.get("identifier")
    question = Item(
        line=root.line,
        kind=ItemKind.CHOICE,
        title=root.get("title"),
        key=identifier.removeprefix("_"),
        prompt=Text(_body(root, interaction), Form.HTML),
        right=_said(modal, _RIGHT),
        wrong=_said(modal, _WRONG),
        explanation=_said(modal, _GENERAL),
        lost=tuple(_lost(root, processing, modal, asked.branches, interaction)),
    )
    return _READERS[interaction.tag](asked, question)


def _check_root(root: Node) -> None:
    if root.tag == "assessmentItem":
        raise Unmappable(
            _("It is an item of QTI 2; only QTI 3 can be read."), _("Convert it to QTI 3."), line=root.line
        )
    if root.tag != ITEM:
        raise Unmappable(
            _("It begins with <%(tag)s>; an item begins with <qti-assessment-item>.")
            % {"tag": root.tag[:60]},
            _("Export single items, or a package of them."),
            line=root.line,
            column=root.column,
        )
    if root.get("adaptive") == "true" or root.first("qti-template-declaration"):
        raise Unmappable(
            _("It is adaptive, or its values are drawn from a template."),
            _("Make it an item with fixed values."),
            line=root.line,
        )


def _interaction(root: Node) -> Node:
    body = root.first("qti-item-body")
    found = [node for node in every_node(body) if node.tag.endswith("-interaction")] if body else []
    if len(found) != 1:
        raise Unmappable(
            _("It has %(count)s interactions; a question here has one.") % {"count": len(found)},
            _("Split it into items with one interaction each."),
            line=found[1].line if len(found) > 1 else root.line,
        )
    if found[0].tag not in _READERS:
        reason = _REASONS.get(found[0].tag) or _("There is nothing like its %(name)s here.") % {
            "name": found[0].tag[:60]
        }
        raise Unmappable(str(reason), _("Ask it in another way, or leave it out."), line=found[0].line)
    return found[0]


def _choice(asked: _Asked, question: Item) -> Item:
    choices = list(asked.interaction.nodes("qti-simple-choice"))
    several = asked.interaction.get("max-choices", "1") != "1"
    shares, lost = _shares(asked, choices, several=several)
    answers = tuple(
        Answer(text=_choice_text(node), share=share, feedback=_choice_feedback(node), line=node.line)
        for node, share in zip(choices, shares, strict=True)
    )
    question = replace(question, lost=(*question.lost, *lost))
    truth = _truth(choices)
    if not several and truth and sorted(answer.share for answer in answers) == [0, _WHOLE]:
        right = next(value for value, answer in zip(truth, answers, strict=True) if answer.share)
        return replace(question, kind=ItemKind.TRUE_FALSE, truth=right, answers=answers)
    return replace(question, several=several, scoring=_scoring(asked, ""), answers=answers)


def _shares(asked: _Asked, choices: list[Node], *, several: bool) -> tuple[list[Decimal], list[str]]:
    """What each choice is worth (percent), and what of that does not hold here."""
    response = asked.response
    names = [node.get("identifier") for node in choices]
    if not asked.uses_mapping:
        if not response.correct:
            raise _unanswered(asked)
        part = _WHOLE / len(response.correct)
        return [part if name in response.correct else Decimal(0) for name in names], []
    points = [response.points(name) for name in names]
    gains = [value for value in points if value > 0] or [Decimal(0)]
    best = sum(gains, Decimal(0)) if several else max(gains)
    # Up to 1 they are shares already; else they are marks of this item's own.
    whole = best if best > 1 or not several else Decimal(1)
    shares = [value / whole * 100 if whole > 0 else value for value in points]
    return shares, list(lost_bounds(response, points, best=best))


def _truth(choices: list[Node]) -> list[bool]:
    """What two choices that are true and false stand for; empty for others."""
    for names in (
        [node.get("identifier").lower() for node in choices],
        [_own(node).lower() for node in choices],
    ):
        if sorted(names) == ["false", "true"]:
            return [_TRUTH[name] for name in names]
    return []


def _match(asked: _Asked, question: Item) -> Item:
    sets = list(asked.interaction.nodes("qti-simple-match-set"))
    pairs = [value.split() for value in (asked.response.correct or _mapped_pairs(asked.response))]
    if len(sets) != 2 or not pairs or any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004
        raise _unanswered(asked)
    lefts, rights = (list(side.nodes("qti-simple-associable-choice")) for side in sets)
    partners = dict(pairs)
    names = [node.get("identifier") for node in lefts]
    if len(partners) != len(pairs) or set(names) != set(partners):
        raise Unmappable(
            _("Something on its left belongs to several things, or to none."),
            _("Give everything on the left exactly one partner."),
            line=asked.interaction.line,
        )
    texts = {node.get("identifier"): _choice_text(node) for node in rights}
    if not set(partners.values()) <= texts.keys():
        raise _unanswered(asked)
    found = [Pair(left=_choice_text(node), right=texts[partners[node.get("identifier")]]) for node in lefts]
    used = set(partners.values())
    found += [Pair(left=Text(), right=text) for name, text in texts.items() if name not in used]
    lost = question.lost
    if asked.uses_mapping and len({asked.response.mapped.get(" ".join(pair)) for pair in pairs}) > 1:
        lost = (*lost, _("different marks for single pairs; each counts the same here"))
    wrong = (asked.response.unmapped, *asked.response.mapped.values())
    if asked.uses_mapping and (min(wrong) < 0 or asked.response.unmapped):
        lost = (*lost, _("points of wrong pairs; here they earn nothing and cost nothing"))
    scoring = "proportional" if asked.uses_mapping else "exact"
    return replace(question, kind=ItemKind.MATCH, pairs=tuple(found), scoring=scoring, lost=lost)


def _mapped_pairs(response: Response) -> list[str]:
    return [name for name, points in response.mapped.items() if points > 0]


def _order(asked: _Asked, question: Item) -> Item:
    nodes = {node.get("identifier"): node for node in asked.interaction.nodes("qti-simple-choice")}
    if set(asked.response.correct) != set(nodes) or len(asked.response.correct) != len(nodes):
        raise _unanswered(asked)
    answers = tuple(
        Answer(text=_choice_text(nodes[name]), feedback=_choice_feedback(nodes[name]), line=nodes[name].line)
        for name in asked.response.correct
    )
    return replace(question, kind=ItemKind.ORDER, answers=answers, scoring=_scoring(asked, "exact"))


def _entry(asked: _Asked, question: Item) -> Item:
    if asked.uses_mapping and not asked.branches:
        if asked.response.unmapped > 0:
            raise Unmappable(
                _("Any answer at all earns points."),
                _("Set the default value of its mapping to 0."),
                line=asked.interaction.line,
            )
        points = (*asked.response.mapped.values(), asked.response.unmapped)
        lost = lost_bounds(asked.response, points, best=max(points))
        question = replace(question, lost=(*question.lost, *lost))
    if asked.response.base_type in {"float", "integer"}:
        return _number(asked, question)
    if asked.response.base_type != "string":
        raise _unanswered(asked)
    response = asked.response
    answers, folded = [], response.folded and asked.uses_mapping
    if asked.branches:
        best = max(branch.points for branch in asked.branches)
        answers = [
            Answer(
                text=Text(branch.value or branch.pattern),
                pattern=branch.pattern,
                share=_share(branch.points, best),
                feedback=asked.modal.get(branch.feedback, Text()),
                line=asked.interaction.line,
            )
            for branch in asked.branches
        ]
        folded = any(branch.folded for branch in asked.branches)
    elif asked.uses_mapping:
        best = max(response.mapped.values())
        answers = [
            Answer(text=Text(name), share=_share(points, best)) for name, points in response.mapped.items()
        ]
    else:
        answers = [Answer(text=Text(value), share=_WHOLE) for value in response.correct]
    if not answers:
        raise _unanswered(asked)
    return replace(question, kind=ItemKind.SHORT_TEXT, answers=tuple(answers), case_sensitive=not folded)


def _number(asked: _Asked, question: Item) -> Item:
    response = asked.response
    branches = [branch for branch in asked.branches if branch.low is not None]
    if not branches:
        values = response.mapped if asked.uses_mapping else dict.fromkeys(response.correct, Decimal(1))
        numbers = {name: decimal_of(name, line=asked.interaction.line) for name in values}
        branches = [
            Branch(value=name, points=points, low=numbers[name], high=numbers[name])
            for name, points in values.items()
        ]
    if not branches:
        raise _unanswered(asked)
    best = max(branch.points for branch in branches)
    answers = tuple(
        Answer(
            text=Text(branch.value),
            share=_share(branch.points, best),
            low=branch.low,
            high=branch.high,
            feedback=asked.modal.get(branch.feedback, Text()),
        )
        for branch in branches
    )
    unit = next(
        (node.text.strip() for node in asked.node.every("span") if node.get("class") == UNIT_CLASS), ""
    )
    return replace(question, kind=ItemKind.NUMBER, answers=answers, unit=unit)


_READERS: Mapping[str, Callable[[_Asked, Item], Item]] = {
    "qti-choice-interaction": _choice,
    "qti-order-interaction": _order,
    "qti-match-interaction": _match,
    "qti-text-entry-interaction": _entry,
}


def _share(points: Decimal, best: Decimal) -> Decimal:
    return points / best * 100 if best > 0 else Decimal(0)


def _scoring(asked: _Asked, default: str) -> str:
    """What we write into the class of an interaction, because no rule of QTI says it."""
    words = asked.interaction.get("class").split()
    named = [word.removeprefix(SCORING_CLASS) for word in words if word.startswith(SCORING_CLASS)]
    if named and named[0] in {"proportional", "by_option"}:
        return named[0]
    return default if default or asked.uses_mapping else "exact"


def _said(modal: Mapping[str, Text], names: frozenset[str]) -> Text:
    return next((text for name, text in modal.items() if name.lower() in names), Text())


def _lost(
    root: Node,
    processing: Node | None,
    modal: Mapping[str, Text],
    branches: tuple[Branch, ...],
    interaction: Node,
) -> Iterator[str]:
    body = root.first("qti-item-body")
    if body and any(body.every("qti-rubric-block")):
        yield _("the instructions in its rubric block")
    inside = {id(node) for node in interaction.every("qti-feedback-inline")}
    shown = body.every("qti-feedback-inline", "qti-feedback-block") if body else iter(())
    if any(id(node) not in inside and node.text.strip() for node in shown):
        yield _("feedback that is shown inside its text")
    if processing and any(node.tag not in KNOWN_RULES for node in every_node(processing)):
        yield _("its own rules of scoring; the declared answers count")
    used = {branch.feedback for branch in branches}
    for name, text in modal.items():
        if text and name.lower() not in _RIGHT | _WRONG | _GENERAL and name not in used:
            yield _("the feedback “%(name)s”") % {"name": name[:40]}
    if any(root.every("qti-assessment-stimulus-ref")):
        yield _("a text or picture that it shares with other items")


def _body(root: Node, interaction: Node) -> str:
    body = root.first("qti-item-body")
    return _html(body, interaction) if body else ""


def _html(node: Node, interaction: Node) -> str:
    """What stands inside a node, with a blank for a text entry and an interaction's prompt in its place."""
    parts = []
    for child in node.children:
        if isinstance(child, str):
            parts.append(escape(child, quote=False))
        elif child is interaction:
            prompt = child.first("qti-prompt")
            is_entry = child.tag == "qti-text-entry-interaction"
            parts.append(BLANK if is_entry else f"<div>{prompt.inner_html}</div>" if prompt else "")
        elif child.tag not in _HIDDEN and not _only_asks(child, interaction):
            inner = _html(child, interaction)
            tag = "s" if child.get("class") == DELETED_CLASS else child.tag
            attributes = "".join(f' {name}="{escape(value)}"' for name, value in child.attributes.items())
            void = child.tag in {"img", "br", "hr"}
            parts.append(f"<{tag}{attributes}>" + ("" if void else f"{inner}</{tag}>"))
    return "".join(parts)


def _only_asks(node: Node, interaction: Node) -> bool:
    """A paragraph that holds a text entry, perhaps its unit, and nothing to read."""
    if interaction.tag != "qti-text-entry-interaction" or interaction not in node.children:
        return False
    others = [child for child in node.children if child is not interaction]
    return all(
        not child.strip() if isinstance(child, str) else child.get("class") == UNIT_CLASS for child in others
    )


def _choice_text(node: Node) -> Text:
    return Text(_html(node, node), Form.HTML)


def _own(node: Node) -> str:
    return "".join(child for child in node.children if isinstance(child, str)).strip()


def _choice_feedback(node: Node) -> Text:
    """What is said of a choice that was picked."""
    said = [child for child in node.nodes("qti-feedback-inline") if child.get("show-hide", "show") == "show"]
    return Text(" ".join(child.inner_html for child in said), Form.HTML)


def _html_text(node: Node) -> Text:
    holder = node.first("qti-content-body") or node
    return Text(_html(holder, node), Form.HTML)


def _unanswered(asked: _Asked) -> Unmappable:
    return Unmappable(
        _("It does not say which answer is right in a way that can be read."),
        _("Declare the correct response, or a mapping."),
        line=asked.interaction.line,
    )
