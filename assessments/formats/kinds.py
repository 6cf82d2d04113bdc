"""One builder for each kind of question: from an `Item` to a `QuestionSpec`, with what is lost on the way."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.formats.parsed import Answer, Item, ItemKind, Text, Unmappable
from assessments.formats.text import Converted, as_markdown, as_words
from assessments.question_specs import (
    MAX_ALT,
    MAX_IMAGES,
    MAX_PARTS,
    ImageSpec,
    Kind,
    NumberSpec,
    OptionSpec,
    PairSpec,
    QuestionSpec,
    Scoring,
    TextSpec,
)
from assessments.services.question_images import media_type_of

_WHOLE = Decimal(100)
#: Moodle writes a third as 33.33333.
_CLOSE = Decimal("0.1")
_STEP = Decimal("0.00001")
#: How text shows the rest of an answer that may be anything.
ANYTHING = "…"
_WILDCARD = re.compile(r"\\\*|\*")
_PLUGIN_FILE = "@@PLUGINFILE@@/"


class _Carrier:
    """Turns an item's texts into ours and remembers what was lost."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.lost = list(item.lost)
        self.shown: list[tuple[str, str]] = []

    def prose(self, text: Text, *, shows_images: bool = False) -> str:
        found = as_markdown(text)
        self._note(found)
        if shows_images:
            self.shown += found.images
        elif found.images:
            self.lost.append(_("an image in a feedback or an explanation"))
        return found.text

    def words(self, text: Text) -> str:
        found = as_words(text)
        self._note(found)
        if found.images and not found.text:
            raise Unmappable(
                _("One of its answers is a picture that no words stand for."),
                _("Give the picture an alternative text that says what it shows."),
            )
        if found.images:
            self.lost.append(_("an image in an answer; its alternative text stands in its place"))
        return found.text

    def remark(self, text: Text) -> str:
        """What is said of an answer; without words it says nothing."""
        found = as_words(text)
        self._note(found)
        if found.images:
            self.lost.append(_("an image in a feedback or an explanation"))
        return found.text

    def _note(self, found: Converted) -> None:
        self.lost += sorted(found.lost)

    def share(self, share: Decimal, *, low: Decimal) -> Decimal:
        """Percent as a share of the mark with at most five decimals."""
        held = min(max(share, low), _WHOLE)
        if held != share:
            self.lost.append(_("a weight of %(share)s %%, now %(held)s %%") % {"share": share, "held": held})
        return (held / 100).quantize(_STEP).normalize() + 0

    def images(self) -> tuple[ImageSpec, ...]:
        held = {image.name: image for image in self.item.images}
        found: list[ImageSpec] = []
        for source, alt in dict.fromkeys(self.shown):
            name = unquote(source.removeprefix(_PLUGIN_FILE))
            image = held.get(name)
            if image is None or not _is_image(image.data):
                self.lost.append(
                    _("the image %(name)s, which is not in the file or of no known type")
                    % {"name": name[:80]}
                )
            elif len(found) == MAX_IMAGES:
                self.lost.append(_("the image %(name)s, one too many") % {"name": name[:80]})
            else:
                found.append(ImageSpec(alt=self._alt(alt or image.alt, name), content=image.data))
        return tuple(found)

    def _alt(self, alt: str, name: str) -> str:
        words = " ".join(alt.split())[:MAX_ALT]
        if not words:
            self.lost.append(
                _("words for who does not see the image %(name)s; the file has none") % {"name": name[:80]}
            )
        return words or _("Image: %(name)s") % {"name": name[:80]}


def build(item: Item, *, key: str, tags: tuple[str, ...]) -> tuple[QuestionSpec, list[str]]:
    """Our question, and phrases that say what of the foreign one it does not hold.

    Raises Unmappable where there is no such question here.
    """
    if max(len(item.answers), len(item.pairs)) > MAX_PARTS * 2:
        raise Unmappable(_("It has more than %(most)s answers.") % {"most": MAX_PARTS * 2}, _("Split it."))
    carrier = _Carrier(item)
    prompt = carrier.prose(item.prompt, shows_images=True)
    own = _BUILDERS[item.kind](item, carrier)
    shared: dict[str, Any] = {
        "explanation": carrier.prose(item.explanation),
        "why_right": carrier.prose(item.right),
        "why_wrong": carrier.prose(item.wrong),
        "difficulty": item.difficulty or 1,
    }
    spec = QuestionSpec(key=key, prompt=prompt, tags=tags, images=carrier.images(), **(shared | own))
    return spec, carrier.lost


def _is_image(data: bytes) -> bool:
    try:
        media_type_of(data)
    except ValidationError:
        return False
    return True


def _choice(item: Item, carrier: _Carrier) -> dict[str, Any]:
    return _several(item, carrier) if item.several else _single(item, carrier)


def _single(item: Item, carrier: _Carrier) -> dict[str, Any]:
    right = [answer for answer in item.answers if answer.share >= _WHOLE - _CLOSE]
    if len(right) != 1:
        raise Unmappable(
            _("It is single choice, and %(count)s of its answers are worth 100 %%.") % {"count": len(right)},
            _("Make exactly one answer right, or let several be picked."),
        )
    weighted = any(answer.share for answer in item.answers if answer is not right[0])
    options = tuple(
        OptionSpec(
            text=carrier.words(answer.text),
            correct=answer is right[0],
            why=carrier.remark(answer.feedback),
            share=_single_share(answer, right[0], carrier) if weighted else None,
        )
        for answer in item.answers
    )
    scoring = Scoring.WEIGHTED if weighted else Scoring.EXACT
    return {"kind": Kind.SINGLE.value, "options": options, "scoring": scoring.value}


def _single_share(answer: Answer, right: Answer, carrier: _Carrier) -> Decimal:
    return Decimal(1) if answer is right else carrier.share(answer.share, low=-_WHOLE)


def _several(item: Item, carrier: _Carrier) -> dict[str, Any]:
    if not any(answer.share > 0 for answer in item.answers):
        raise Unmappable(
            _("None of its answers is worth anything."), _("Give the right ones a weight: ~%50%…")
        )
    total = sum(answer.share for answer in item.answers if answer.share > 0)
    if abs(total - _WHOLE) > 1:
        carrier.lost.append(
            _("right answers that add up to %(total)s %%; here they are the whole mark together")
            % {"total": f"{total:f}"}
        )
    scoring = item.scoring if item.scoring == Scoring.EXACT else _scoring_of(item.answers)
    options = tuple(
        OptionSpec(
            text=carrier.words(answer.text),
            correct=answer.share > 0,
            why=carrier.remark(answer.feedback),
            share=carrier.share(answer.share, low=-_WHOLE) if scoring == Scoring.WEIGHTED else None,
        )
        for answer in item.answers
    )
    return {"kind": Kind.MULTIPLE.value, "options": options, "scoring": str(scoring)}


def _scoring_of(answers: Sequence[Answer]) -> str:
    """In proportion where every right pick earns, and every wrong one costs, the same."""
    part = _WHOLE / sum(answer.share > 0 for answer in answers)
    alike = all(abs(abs(answer.share) - part) <= _CLOSE for answer in answers)
    return Scoring.PROPORTIONAL.value if alike else Scoring.WEIGHTED.value


def _truth(item: Item, carrier: _Carrier) -> dict[str, Any]:
    right = next((answer.feedback for answer in item.answers if answer.share > 0), Text())
    wrong = next((answer.feedback for answer in item.answers if answer.share <= 0), Text())
    own: dict[str, Any] = {"kind": Kind.TRUE_FALSE.value, "answer": item.truth}
    if right:
        own["why_right"] = carrier.prose(right)
    if wrong:
        own["why_wrong"] = carrier.prose(wrong)
    return own


def _number(item: Item, carrier: _Carrier) -> dict[str, Any]:
    main = next(
        (answer for answer in item.answers if answer.share >= _WHOLE and answer.low is not None), None
    )
    if main is None or main.low is None or main.high is None:
        raise Unmappable(_("No number is worth 100 %."), _("Give one of them the whole mark."))
    own: dict[str, Any] = {"kind": Kind.NUMERIC.value, "unit": item.unit}
    numbers = []
    for answer in item.answers:
        if answer.low is None or answer.high is None:
            if answer.share > 0:
                raise Unmappable(_("Any number at all earns points."), _("Take that answer out."))
            own |= {"why_wrong": carrier.prose(answer.feedback)} if answer.feedback else {}
        elif answer is not main:
            share = carrier.share(answer.share, low=Decimal(0))
            why = carrier.remark(answer.feedback)
            numbers.append(NumberSpec.between(answer.low, answer.high, share=share, why=why))
    if main.feedback:
        own["why_right"] = carrier.prose(main.feedback)
    whole = NumberSpec.between(main.low, main.high)
    return own | {"answer": whole.answer, "tolerance": whole.tolerance, "numbers": tuple(numbers)}


def _short_text(item: Item, carrier: _Carrier) -> dict[str, Any]:
    own: dict[str, Any] = {"kind": Kind.SHORT_TEXT.value, "case_sensitive": item.case_sensitive}
    texts = []
    for answer in item.answers:
        words = carrier.words(answer.text)
        if item.wildcards and words == "*":
            if answer.share > 0:
                raise Unmappable(_("Any answer at all earns points."), _("Take the answer * out."))
            own |= {"why_wrong": carrier.prose(answer.feedback)} if answer.feedback else {}
            continue
        text, pattern = from_wildcards(words) if item.wildcards else (words, answer.pattern)
        share = carrier.share(answer.share, low=Decimal(0))
        texts.append(TextSpec(text=text, pattern=pattern, share=share, why=carrier.remark(answer.feedback)))
    return own | {"texts": tuple(texts)}


def from_wildcards(words: str) -> tuple[str, str]:
    r"""The text and the pattern of an answer in which * stands for anything, and \* for itself."""
    parts = _WILDCARD.split(words)
    marks = _WILDCARD.findall(words)
    text = "".join(
        part + {"*": ANYTHING, r"\*": "*", "": ""}[mark]
        for part, mark in zip(parts, [*marks, ""], strict=True)
    )
    if "*" not in marks:
        return text, ""
    pattern = "".join(
        quoted(part) + {"*": ".*", r"\*": r"\*", "": ""}[mark]
        for part, mark in zip(parts, [*marks, ""], strict=True)
    )
    return text, pattern


def quoted(text: str) -> str:
    """The pattern of exactly this text, in a way that can be read back."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def _match(item: Item, carrier: _Carrier) -> dict[str, Any]:
    pairs, distractors = [], []
    for pair in item.pairs:
        left, right = carrier.words(pair.left), carrier.words(pair.right)
        if left:
            pairs.append(PairSpec(left=left, right=right))
        elif right:
            distractors.append(right)
    rights = {pair.right for pair in pairs}
    wrong = tuple(dict.fromkeys(text for text in distractors if text not in rights))
    own = {"pairs": tuple(pairs), "distractors": wrong, "scoring": item.scoring}
    return {"kind": Kind.MATCHING.value} | own


def _order(item: Item, carrier: _Carrier) -> dict[str, Any]:
    steps = tuple(carrier.words(answer.text) for answer in item.answers)
    if any(answer.feedback for answer in item.answers):
        carrier.lost.append(_("the feedback on single steps"))
    return {"kind": Kind.ORDERING.value, "steps": steps, "scoring": item.scoring}


_BUILDERS: Mapping[ItemKind, Callable[[Item, _Carrier], dict[str, Any]]] = {
    ItemKind.CHOICE: _choice,
    ItemKind.TRUE_FALSE: _truth,
    ItemKind.SHORT_TEXT: _short_text,
    ItemKind.NUMBER: _number,
    ItemKind.MATCH: _match,
    ItemKind.ORDER: _order,
}
