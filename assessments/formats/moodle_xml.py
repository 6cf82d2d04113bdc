"""Moodle XML (docs.moodle.org, "Moodle XML format"): the types that map; the others by name and line."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.formats.numbers import decimal_of
from assessments.formats.parsed import (
    MAX_QUESTIONS,
    OTHER_ORDER_GRADINGS,
    Answer,
    Fault,
    Form,
    Image,
    Item,
    ItemKind,
    Pair,
    Source,
    Text,
    Unmappable,
    Unreadable,
    other_grading,
)
from assessments.formats.xml_source import Node, read_xml

#: Texts, answers and the spaces between them.
MAX_PARTS = 500
_FORMS = {
    "html": Form.HTML,
    "markdown": Form.MARKDOWN,
    "plain_text": Form.PLAIN,
    "moodle_auto_format": Form.MOODLE,
}
_REASONS = {
    "essay": gettext_lazy("It is an essay, which a person would have to mark."),
    "description": gettext_lazy("It is a description: it asks nothing."),
    "cloze": gettext_lazy("It is a cloze: several answers inside one text."),
    "multianswer": gettext_lazy("It is a cloze: several answers inside one text."),
    "calculated": gettext_lazy("Its numbers are drawn by a formula."),
    "calculatedsimple": gettext_lazy("Its numbers are drawn by a formula."),
    "calculatedmulti": gettext_lazy("Its numbers are drawn by a formula."),
    "random": gettext_lazy("It draws another question; quizzes do that by tag here."),
    "randomsamatch": gettext_lazy("It draws its pairs from other questions."),
}
#: What Moodle puts in by itself; it says nothing about the question.
_BOILERPLATE = frozenset(
    {"Your answer is correct.", "Your answer is partially correct.", "Your answer is incorrect."}
)
_INLINE_IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/=\s]+)")
_GRADING = {
    "-1": "ALL_OR_NOTHING",
    "0": "ABSOLUTE_POSITION",
    "1": "RELATIVE_NEXT_EXCLUDE_LAST",
    "2": "RELATIVE_NEXT_INCLUDE_LAST",
    "3": "RELATIVE_ONE_PREVIOUS_AND_NEXT",
    "4": "RELATIVE_ALL_PREVIOUS_AND_NEXT",
    "5": "LONGEST_ORDERED_SUBSET",
    "6": "LONGEST_CONTIGUOUS_SUBSET",
    "7": "RELATIVE_TO_CORRECT",
}


def read(data: bytes) -> Source:
    """Every question that can be read, and a fault for each that cannot. Raises Unreadable."""
    root = read_xml(data)
    if root.tag != "quiz":
        raise Unreadable(
            Fault(
                line=root.line,
                column=root.column,
                what=_("The file begins with <%(tag)s>; Moodle's question files begin with <quiz>.")
                % {"tag": root.tag},
                mend=_("Export the questions from Moodle as “Moodle XML format”."),
            )
        )
    items: list[Item] = []
    faults: list[Fault] = []
    category = ""
    for node in root.nodes("question"):
        if node.get("type") == "category":
            category = node.text_of("category", "text")
            continue
        if len(items) + len(faults) >= MAX_QUESTIONS:
            what = _("The file holds more than %(most)s questions; the rest is left out.") % {
                "most": MAX_QUESTIONS
            }
            faults.append(Fault(line=node.line, what=what, mend=_("Split it into smaller files.")))
            break
        try:
            items.append(_item(node, category))
        except Unmappable as error:
            title = node.text_of("name", "text")
            faults.append(
                Fault(line=error.line or node.line, title=title[:60], what=error.what, mend=error.mend)
            )
    return Source(items=tuple(items), faults=tuple(faults))


def _item(node: Node, category: str) -> Item:
    kind = node.get("type")
    reader = _READERS.get(kind)
    if reader is None:
        raise Unmappable(
            str(_REASONS.get(kind) or _("There is no question type “%(kind)s” here.") % {"kind": kind[:40]}),
            _("Ask it in another way, or leave it out."),
        )
    if node.text_of("hidden") == "1":
        raise Unmappable(_("It is hidden in Moodle: an old version, or one that was deleted."), "")
    if len(node.children) > MAX_PARTS:
        raise Unmappable(_("It has more than %(most)s parts.") % {"most": MAX_PARTS}, _("Split it."))
    prompt = _text(node.first("questiontext"), Form.HTML)
    question = Item(
        line=node.line,
        kind=ItemKind.CHOICE,
        title=node.text_of("name", "text"),
        key=node.text_of("idnumber"),
        tags=(*((category,) if category else ()), *_tags(node)),
        prompt=prompt,
        explanation=_text(node.first("generalfeedback"), prompt.form),
        right=_said(node.first("correctfeedback"), prompt.form),
        wrong=_said(node.first("incorrectfeedback"), prompt.form),
        images=tuple(_images(node)),
        lost=tuple(_lost(node)),
    )
    return reader(node, question)


def _choice(node: Node, question: Item) -> Item:
    several = node.text_of("single").lower() in {"false", "0"}
    answers = tuple(_answer(answer, Form.HTML) for answer in node.nodes("answer"))
    return replace(question, kind=ItemKind.CHOICE, several=several, answers=answers)


def _truth(node: Node, question: Item) -> Item:
    answers = tuple(_answer(answer, Form.PLAIN) for answer in node.nodes("answer"))
    right = next((answer.text.raw.strip().lower() for answer in answers if answer.share > 0), "")
    if right not in {"true", "false"}:
        raise Unmappable(_("It does not say whether true or false is right."), _("Give one of them 100."))
    return replace(question, kind=ItemKind.TRUE_FALSE, truth=right == "true", answers=answers)


def _short_text(node: Node, question: Item) -> Item:
    answers = tuple(_answer(answer, Form.PLAIN, always=True) for answer in node.nodes("answer"))
    sensitive = node.text_of("usecase") == "1"
    return replace(
        question, kind=ItemKind.SHORT_TEXT, wildcards=True, case_sensitive=sensitive, answers=answers
    )


def _number(node: Node, question: Item) -> Item:
    answers = tuple(_ranged(answer) for answer in node.nodes("answer"))
    unit, lost = _unit(node)
    return replace(question, kind=ItemKind.NUMBER, unit=unit, answers=answers, lost=(*question.lost, *lost))


def _ranged(node: Node) -> Answer:
    answer = _answer(node, Form.PLAIN, always=True)
    if answer.text.raw.strip() == "*":
        return replace(answer, text=Text())
    value = decimal_of(answer.text.raw, line=node.line)
    tolerance = abs(decimal_of(node.text_of("tolerance") or "0", line=node.line))
    return replace(answer, low=value - tolerance, high=value + tolerance)


def _unit(node: Node) -> tuple[str, list[str]]:
    """The unit that counts as one, and what is lost of the others."""
    lost: list[str] = []
    names: list[str] = []
    for unit in node.every("unit"):
        name = unit.text_of("unit_name")
        if unit.text_of("multiplier") in {"1", "1.0", ""} or not names:
            names.insert(0, name)
        else:
            names.append(name)
    if len(names) > 1:
        lost.append(_("answers in other units: %(units)s") % {"units": ", ".join(names[1:])[:80]})
    if node.text_of("unitgradingtype") in {"1", "2"}:
        lost.append(_("the mark for the unit itself"))
    return (names[0] if names else ""), lost


def _match(node: Node, question: Item) -> Item:
    pairs = tuple(
        Pair(left=_text(pair, question.prompt.form), right=Text(pair.text_of("answer", "text")))
        for pair in node.nodes("subquestion")
    )
    return replace(question, kind=ItemKind.MATCH, pairs=pairs)


def _order(node: Node, question: Item) -> Item:
    """The fraction of an answer is its place."""
    steps = sorted(
        (_answer(answer, Form.HTML) for answer in node.nodes("answer")), key=lambda answer: answer.share
    )
    name = node.text_of("gradingtype").upper()
    name = _GRADING.get(name, name)
    lost = [other_grading(name)] if name in OTHER_ORDER_GRADINGS else []
    asked = node.text_of("selectcount")
    some = node.text_of("selecttype").upper() in {"RANDOM", "CONTIGUOUS", "1", "2"}
    if some and asked.isdecimal() and len(asked) < 4 and 1 < int(asked) < len(steps):  # noqa: PLR2004
        lost.append(_("only %(some)s of the steps would be asked at a time") % {"some": asked})
    scoring = "exact" if name == "ALL_OR_NOTHING" else "proportional"
    return replace(
        question, kind=ItemKind.ORDER, answers=tuple(steps), scoring=scoring, lost=(*question.lost, *lost)
    )


_READERS: Mapping[str, Callable[[Node, Item], Item]] = {
    "multichoice": _choice,
    "truefalse": _truth,
    "shortanswer": _short_text,
    "numerical": _number,
    "matching": _match,
    "match": _match,
    "ordering": _order,
}


def _answer(node: Node, form: Form, *, always: bool = False) -> Answer:
    """always: whatever format the file names, the answer is plain text."""
    text = _text(node, form)
    return Answer(
        text=Text(text.raw, form) if always else text,
        share=decimal_of(node.get("fraction") or "0", line=node.line),
        feedback=_text(node.first("feedback"), Form.HTML),
        line=node.line,
    )


def _text(node: Node | None, default: Form) -> Text:
    if node is None:
        return Text()
    holder = node.first("text") or node
    raw = holder.inner_html if holder is not node and any(holder.nodes()) else holder.own_text
    numbers = iter(range(1, 100))
    raw = _INLINE_IMAGE.sub(lambda _found: f"inline-{node.line}-{next(numbers, 0)}", raw)
    return Text(raw.strip(), _FORMS.get(node.get("format"), default))


def _said(node: Node | None, default: Form) -> Text:
    text = _text(node, default)
    return Text() if re.sub(r"<[^<>]*>", "", text.raw).strip() in _BOILERPLATE else text


def _tags(node: Node) -> Iterator[str]:
    tags = node.first("tags")
    for tag in tags.nodes("tag") if tags else ():
        yield tag.text_of("text") or tag.text.strip()


def _images(node: Node) -> Iterator[Image]:
    for file in node.every("file"):
        try:
            data = base64.b64decode(file.own_text, validate=False)
        except (binascii.Error, ValueError):
            continue
        yield Image(name=file.get("path", "/").lstrip("/") + file.get("name"), data=data)
    for holder in (node, *node.every("answer", "subquestion", "questiontext", "generalfeedback", "feedback")):
        inner = holder.first("text")
        found = _INLINE_IMAGE.finditer(inner.text if inner else "")
        for number, image in enumerate(found, start=1):
            try:
                data = base64.b64decode("".join(image[2].split()), validate=True)
            except (binascii.Error, ValueError):
                continue
            yield Image(name=f"inline-{holder.line}-{number}", data=data)


def _lost(node: Node) -> Iterator[str]:
    if any(hint.text.strip() for hint in node.nodes("hint")):
        yield _("its hints")
    if _said(node.first("partiallycorrectfeedback"), Form.HTML):
        yield _("the feedback for partly right answers")
    grade = node.text_of("defaultgrade") or "1"
    if decimal_of(grade, line=node.line) != 1:
        yield _("its mark of %(grade)s; every question counts the same here") % {
            "grade": grade.rstrip("0").rstrip(".")
        }
