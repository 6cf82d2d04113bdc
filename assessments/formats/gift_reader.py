"""GIFT, the text format of Moodle, after its documentation (docs.moodle.org, "GIFT format").

Questions stand apart by blank lines. Where the documentation is silent, what Moodle's own importer does
counts: the first `{` and the first `}` that are not escaped hold the answers, a `~` makes a choice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from assessments.formats.gift_tokens import find, one_line, pieces, split, split_first, split_last, unescaped
from assessments.formats.numbers import decimal_of
from assessments.formats.parsed import (
    MAX_QUESTIONS,
    OTHER_ORDER_GRADINGS,
    Answer,
    Fault,
    Form,
    Item,
    ItemKind,
    Pair,
    Source,
    Text,
    Unmappable,
    Unreadable,
    check_size,
    other_grading,
)

BLANK = "_____"
#: Characters of one question with its answers.
MAX_QUESTION = 200_000
_CATEGORY = "$CATEGORY:"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_FORM = re.compile(r"\s*\[(html|markdown|plain|moodle)\]", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*%(-?[0-9]{1,3}(?:\.[0-9]{0,10})?)%")
_IN_COMMENT = re.compile(r"\[(id|tag):([^\]\n]{1,200})\]")
_TRUTH = {"T": True, "TRUE": True, "F": False, "FALSE": False}
_LONG_COUNT = 4
_SHOWN = 40
_LOOKED_AT = 2_000


def read(data: bytes) -> Source:
    """Every question of a GIFT file that can be read, and a fault for each that cannot.

    Raises Unreadable where the file is too large or not UTF-8.
    """
    check_size(data)
    items: list[Item] = []
    faults: list[Fault] = []
    category = ""
    for block in _blocks(_decoded(data)):
        if len(items) + len(faults) >= MAX_QUESTIONS:
            faults.append(_too_many(block.line))
            break
        rest: _Block | None = block
        try:
            _check_length(block)
            category, rest = _category(block, category)
            if rest:
                items.append(_item(rest, category))
        except Unmappable as error:
            faults.append(_fault(error, rest or block))
    return Source(items=tuple(items), faults=tuple(faults))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Block:
    """One question's text without its comments; `text` keeps their lines, so places stay right."""

    text: str
    line: int
    key: str = ""
    tags: tuple[str, ...] = ()

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column in the file."""
        before = self.text[:offset]
        return self.line + before.count("\n"), offset - (before.rfind("\n") + 1) + 1

    def cut(self, start: int) -> "_Block":
        """The same from there on, at the line where that is."""
        return _Block(text=self.text[start:], line=self.place(start)[0], key=self.key, tags=self.tags)


def _decoded(data: bytes) -> str:
    if data.startswith(_UTF16):
        raise Unreadable(
            Fault(
                line=1,
                column=1,
                what=_("The file is UTF-16."),
                mend=_("Save it as UTF-8, then import it again."),
            )
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        start = before.rfind(b"\n") + 1
        raise Unreadable(
            Fault(
                line=before.count(b"\n") + 1,
                column=len(before[start:].decode("utf-8", "replace")) + 1,
                what=_("The byte 0x%(byte)s is not UTF-8.") % {"byte": f"{data[error.start]:02x}"},
                mend=_("Save the file as UTF-8, then import it again."),
            )
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _blocks(text: str) -> Iterator[_Block]:
    lines: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip():
            lines.append(line)
        elif lines:
            if block := _block(lines, number - len(lines)):
                yield block
            lines = []


def _block(lines: list[str], line: int) -> _Block | None:
    comments = [text for text in lines if text.lstrip().startswith("//")]
    kept = "\n".join("" if text.lstrip().startswith("//") else text for text in lines)
    if not kept.strip():
        return None
    said = [found.groups() for text in comments for found in _IN_COMMENT.finditer(text)]
    whole = _Block(
        text=kept,
        line=line,
        key=next((value.strip() for name, value in said if name == "id"), ""),
        tags=tuple(value.strip() for name, value in said if name == "tag"),
    )
    return whole.cut(len(kept) - len(kept.lstrip()))


def _check_length(block: _Block) -> None:
    if len(block.text) > MAX_QUESTION:
        raise Unmappable(
            _("It has %(size)s characters; at most %(most)s can be read.")
            % {"size": f"{len(block.text):,}", "most": f"{MAX_QUESTION:,}"},
            _("Leave a blank line between two questions."),
        )


def _category(block: _Block, current: str) -> tuple[str, _Block | None]:
    """The category from here on, and what is left of the block."""
    while block.text.startswith(_CATEGORY):
        first, _newline, rest = block.text.partition("\n")
        current = unescaped(first.removeprefix(_CATEGORY)).strip()
        if not rest.strip():
            return current, None
        block = block.cut(len(first) + 1 + len(rest) - len(rest.lstrip()))
    return current, block


def _item(block: _Block, category: str) -> Item:
    title, block = _title(block)
    start, end = _braces(block)
    body = block.text[start + 1 : end]
    before, after = block.text[:start].rstrip(), block.text[end + 1 :].strip()
    asked = f"{before} {BLANK}{'' if after[:1] in '.,;:?!' else ' '}{after}" if after else before
    prompt = _text(asked, Form.MOODLE)
    answers, _mark, general = split_last(body, "####")
    question = Item(
        line=block.line,
        kind=ItemKind.CHOICE,
        title=title,
        key=block.key,
        tags=(*((category,) if category else ()), *block.tags),
        prompt=prompt,
        explanation=_text(general, prompt.form),
    )
    return _answered(answers, _Place(block, start + 1, question))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an answer block begins, and the question that it belongs to."""

    block: _Block
    start: int
    question: Item

    @property
    def form(self) -> Form:
        """How texts are written unless they say otherwise."""
        return self.question.prompt.form

    def line(self, offset: int) -> int:
        return self.block.place(self.start + offset)[0]


def _title(block: _Block) -> tuple[str, _Block]:
    if not block.text.startswith("::"):
        return "", block
    end = find(block.text, "::", 2)
    if end < 0:
        return "", block
    rest = block.text[end + 2 :]
    return one_line(unescaped(block.text[2:end])), block.cut(end + 2 + len(rest) - len(rest.lstrip()))


def _braces(block: _Block) -> tuple[int, int]:
    """Where the answers begin and end. Raises Unmappable, saying which brace is missing."""
    start, end = find(block.text, "{"), find(block.text, "}")
    if start < 0 and end < 0:
        raise Unmappable(
            _("It is a description: it has no answers in braces."),
            _("Put its text into a lesson, or add answers."),
        )
    if start < 0 or (0 <= end < start):
        line, column = block.place(end)
        raise Unmappable(
            _("A } stands here without a { before it."),
            _("A blank line ends a question: take out blank lines between the braces, or write \\}."),
            line=line,
            column=column,
        )
    if end < 0:
        line, column = block.place(start)
        raise Unmappable(
            _("The { here is never closed."),
            _("Add the }; a blank line ends a question, so there may be none between the braces."),
            line=line,
            column=column,
        )
    if (second := find(block.text, "{", end)) >= 0:
        line, column = block.place(second)
        raise Unmappable(
            _("A second { stands here: a question has one block of answers."),
            _("Leave a blank line between two questions, or write \\{."),
            line=line,
            column=column,
        )
    return start, end


def _answered(body: str, place: _Place) -> Item:
    """The question with its kind and what belongs to that kind."""
    stripped = body.strip()
    if not stripped:
        raise Unmappable(
            _("It is an essay, which a person would have to mark."),
            _("Write it as a lab, or as a decision with justification."),
        )
    if stripped.startswith("#"):
        return _number(body, place)
    if stripped.startswith(">") and "\n" in stripped:
        return _order(stripped, place)
    if find(body, "~") >= 0:
        return _choice(body, place)
    if find(body, "=") >= 0 and find(body, "->") >= 0:
        return _match(body, place)
    head = split(body, "#")[0].strip().upper()
    return _truth(body, head, place) if head in _TRUTH else _short_text(body, place)


def _choice(body: str, place: _Place) -> Item:
    answers = []
    for mark, offset, piece in pieces(body, "~="):
        right = Decimal(100) if mark == "=" else Decimal(0)
        answers.append(_answer(piece, right, place.line(offset), place.form))
    several = find(body, "=") < 0
    return replace(place.question, kind=ItemKind.CHOICE, several=several, answers=tuple(answers))


def _short_text(body: str, place: _Place) -> Item:
    answers = [
        _answer(piece, Decimal(100), place.line(offset), Form.PLAIN)
        for _m, offset, piece in pieces(body, "=")
    ]
    return replace(place.question, kind=ItemKind.SHORT_TEXT, wildcards=True, answers=tuple(answers))


def _truth(body: str, head: str, place: _Place) -> Item:
    """The first feedback is for a wrong answer, the second for the right one."""
    feedback = [_text(text, place.form) for text in split(body, "#")[1:3]]
    wrong, right = (*feedback, Text(), Text())[:2]
    truth = _TRUTH[head]
    shares = (
        ((True, Decimal(100)), (False, Decimal(0))) if truth else ((True, Decimal(0)), (False, Decimal(100)))
    )
    answers = tuple(
        Answer(
            text=Text("true" if value else "false"),
            share=share,
            feedback=right if value is truth else wrong,
            line=place.line(0),
        )
        for value, share in shares
    )
    return replace(place.question, kind=ItemKind.TRUE_FALSE, truth=truth, answers=answers)


def _match(body: str, place: _Place) -> Item:
    pairs = []
    for _mark, offset, piece in pieces(body, "="):
        left, arrow, right = split_first(piece, "->")
        if not arrow:
            raise Unmappable(
                _("One of the pairs has no “->”."), _("Write =left -> right."), line=place.line(offset)
            )
        pairs.append(Pair(left=_text(left, place.form), right=Text(unescaped(one_line(right)).strip())))
    return replace(place.question, kind=ItemKind.MATCH, pairs=tuple(pairs))


def _order(body: str, place: _Place) -> Item:
    """As Moodle's ordering type writes it: `>`, how many, how to grade; then the things, line by line."""
    settings, _newline, listed = body.removeprefix(">").partition("\n")
    answers = tuple(
        Answer(text=_text(text, place.form), line=place.line(0) + number)
        for number, text in enumerate(listed.split("\n"), start=1)
        if text.strip()
    )
    words = settings.upper().split()
    asked = int(words[0]) if words and words[0].isdecimal() and len(words[0]) < _LONG_COUNT else 0
    lost = []
    if 1 < asked < len(answers):
        lost.append(_("only %(some)s of the steps would be asked at a time") % {"some": asked})
    if other := [word for word in words if word in OTHER_ORDER_GRADINGS]:
        lost.append(other_grading(other[0]))
    scoring = "exact" if "ALL_OR_NOTHING" in words else "proportional"
    return replace(place.question, kind=ItemKind.ORDER, answers=answers, scoring=scoring, lost=tuple(lost))


def _number(body: str, place: _Place) -> Item:
    shift = body.index("#") + 1
    right, tilde, wrong = split_first(body[shift:], "~")
    answers = [
        _range(piece, place.line(shift + offset), place.form) for _m, offset, piece in pieces(right, "=")
    ]
    if not answers:
        raise Unmappable(_("It asks for a number and gives none."), _("Write {#42} or {#42:0.5}."))
    if tilde:
        answers.append(Answer(feedback=_text(split_first(wrong, "#")[2], place.form), line=place.line(shift)))
    return replace(place.question, kind=ItemKind.NUMBER, answers=tuple(answers))


def _range(piece: str, line: int, form: Form) -> Answer:
    share, rest = _weight(piece, Decimal(100))
    written, _hash, feedback = split_first(rest, "#")
    said = unescaped(written).strip()
    if ".." in said:
        low, _dots, high = said.partition("..")
        ends = (decimal_of(low, line=line), decimal_of(high, line=line))
    else:
        middle, _colon, tolerance = said.partition(":")
        value = decimal_of(middle, line=line)
        margin = decimal_of(tolerance, line=line) if tolerance.strip() else Decimal(0)
        ends = (value - margin, value + margin)
    return Answer(
        text=Text(said), share=share, feedback=_text(feedback, form), low=min(ends), high=max(ends), line=line
    )


def _answer(piece: str, share: Decimal, line: int, form: Form) -> Answer:
    share, rest = _weight(piece, share)
    written, _hash, feedback = split_first(rest, "#")
    feedback_form = Form.MOODLE if form is Form.PLAIN else form
    return Answer(text=_text(written, form), share=share, feedback=_text(feedback, feedback_form), line=line)


def _weight(piece: str, share: Decimal) -> tuple[Decimal, str]:
    found = _WEIGHT.match(piece)
    return (Decimal(found[1]), piece[found.end() :]) if found else (share, piece)


def _text(raw: str, form: Form) -> Text:
    """Its own [format] counts before the question's."""
    found = _FORM.match(raw)
    if found:
        form, raw = Form(found[1].lower()), raw[found.end() :]
    if form in (Form.PLAIN, Form.MOODLE):
        # Lines of the file are only wrapped; a wanted new line is written \n.
        raw = one_line(raw)
    return Text(unescaped(raw).strip(), form)


def _fault(error: Unmappable, block: _Block) -> Fault:
    block = _Block(text=block.text[:_LOOKED_AT], line=block.line)
    title = _title(block)[0] or one_line(unescaped(_FORM.sub("", block.text, count=1)))[:_SHOWN]
    return Fault(
        line=error.line or block.line, column=error.column, what=error.what, mend=error.mend, title=title
    )


def _too_many(line: int) -> Fault:
    return Fault(
        line=line,
        what=_("The file holds more than %(most)s questions; the rest is left out.")
        % {"most": MAX_QUESTIONS},
        mend=_("Split it into smaller files."),
    )
