"""Our questions as QTI 3.0 items, with nothing but the standard's own elements and attributes.

Two things have no rule in QTI and stand in a class: `x-scoring-…` on the interaction, `x-unit` on the words
behind a number. Other systems ignore them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from html import escape

from django.utils.translation import gettext as _
from markdown_it import MarkdownIt

from assessments.formats.qti_reader import DELETED_CLASS, SCORING_CLASS, UNIT_CLASS
from assessments.question_specs import Kind, NumberSpec, OptionSpec, QuestionSpec, Scoring, key_of

_NAMESPACE = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
_SCHEMA = "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0p1_v1p0.xsd"
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
_R = "RESPONSE"
_VARIABLE = f'<qti-variable identifier="{_R}"/>'
_CORRECT = f'<qti-correct identifier="{_R}"/>'
_MATCHED = f"<qti-match>{_VARIABLE}{_CORRECT}</qti-match>"


def write_item(spec: QuestionSpec, *, images: Sequence[tuple[str, str]] = ()) -> str:
    """One item. images: (address inside the package, alternative text)."""
    declaration, interaction, processing = _WRITERS[spec.kind](spec)
    pictures = "".join(f'<p><img src="{_attr(src)}" alt="{_attr(alt)}"/></p>' for src, alt in images)
    item = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<qti-assessment-item xmlns="{_NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\n'
        f'  xsi:schemaLocation="{_NAMESPACE} {_SCHEMA}"\n'
        f'  identifier="{identifier(spec.key)}" title="{_attr(spec.key)}"\n'
        '  adaptive="false" time-dependent="false">\n'
        f"{declaration}\n{_outcomes(spec)}\n"
        f"<qti-item-body>\n<div>{_html(spec.prompt)}</div>\n{pictures}{interaction}\n</qti-item-body>\n"
        f"<qti-response-processing>\n{processing}{_says(spec)}</qti-response-processing>\n"
        f"{''.join(_modal(spec))}</qti-assessment-item>\n"
    )
    return _NOT_XML.sub("", item)


def lost(spec: QuestionSpec) -> Iterator[str]:
    """What such an item does not say, or says only to us."""
    if spec.lesson:
        yield _("its lesson")
    if any(pair.why for pair in spec.pairs):
        yield _("the explanations of single pairs")
    if spec.kind == Kind.ORDERING and spec.scoring == Scoring.PROPORTIONAL:
        yield _("to other systems, that steps are scored one by one; they take it as all or nothing")
    if spec.scoring == Scoring.BY_OPTION:
        yield _("to other systems, how it is scored; they deduct wrong picks from right ones")


def identifier(key: str) -> str:
    """A name of XML: it may not begin with a digit or a hyphen."""
    return key if key[:1].isalpha() else f"_{key}"


def _single(spec: QuestionSpec) -> tuple[str, str, str]:
    right = [_id(option) for option in spec.options if option.correct]
    if spec.scoring == Scoring.WEIGHTED:
        points = [(_id(option), option.share or Decimal(0)) for option in spec.options if option.share]
        declared = _declared("single", "identifier", right, points=points, upper=Decimal(1))
        return declared, _choices(spec, most=1), _mapped()
    return _declared("single", "identifier", right), _choices(spec, most=1), _whole()


def _multiple(spec: QuestionSpec) -> tuple[str, str, str]:
    right = [_id(option) for option in spec.options if option.correct]
    if spec.scoring == Scoring.EXACT:
        return _declared("multiple", "identifier", right), _choices(spec, most=0), _whole()
    if spec.scoring == Scoring.WEIGHTED:
        points = [(_id(option), option.share or Decimal(0)) for option in spec.options if option.share]
        upper = sum((share for _name, share in points if share > 0), Decimal(0))
    else:
        points = [(_id(option), Decimal(1 if option.correct else -1)) for option in spec.options]
        upper = Decimal(len(right))
    declared = _declared("multiple", "identifier", right, points=points, upper=upper)
    return declared, _choices(spec, most=0), _mapped()


def _truth(spec: QuestionSpec) -> tuple[str, str, str]:
    right = "true" if spec.answer else "false"
    choices = "".join(
        f'<qti-simple-choice identifier="{name}" fixed="true">{label}</qti-simple-choice>'
        for name, label in (("true", _("True")), ("false", _("False")))
    )
    head = f'<qti-choice-interaction response-identifier="{_R}" max-choices="1">'
    return _declared("single", "identifier", [right]), f"{head}{choices}</qti-choice-interaction>", _whole()


def _numeric(spec: QuestionSpec) -> tuple[str, str, str]:
    answer = spec.answer if isinstance(spec.answer, Decimal) else Decimal(0)
    numbers = (NumberSpec(answer=answer, tolerance=spec.tolerance), *spec.numbers)
    branches = [(_equal(number), number.share, number.why) for number in numbers]
    unit = f' <span class="{UNIT_CLASS}">{_text(spec.unit)}</span>' if spec.unit else ""
    return _declared("single", "float", [_plain(answer)]), _entry(unit), _chain(branches)


def _equal(number: NumberSpec) -> str:
    margin = _plain(number.tolerance)
    value = f'<qti-base-value base-type="float">{_plain(number.answer)}</qti-base-value>'
    return (
        f'<qti-equal tolerance-mode="absolute" tolerance="{margin} {margin}">{_VARIABLE}{value}</qti-equal>'
    )


def _short_text(spec: QuestionSpec) -> tuple[str, str, str]:
    best = next((text.text for text in spec.texts if text.share == 1), spec.texts[0].text)
    branches = []
    for text in spec.texts:
        case = "true" if spec.case_sensitive else "false"
        test = (
            f'<qti-string-match case-sensitive="{case}">{_VARIABLE}'
            f'<qti-base-value base-type="string">{_text(text.text)}</qti-base-value></qti-string-match>'
        )
        if text.pattern:
            folded = "" if spec.case_sensitive else "(?i)"
            pattern = (
                f'<qti-pattern-match pattern="{_attr(folded + text.pattern)}">{_VARIABLE}</qti-pattern-match>'
            )
            test = f"<qti-or>{test}{pattern}</qti-or>"
        branches.append((test, text.share, text.why))
    return _declared("single", "string", [best]), _entry(""), _chain(branches)


def _matching(spec: QuestionSpec) -> tuple[str, str, str]:
    rights = {pair.right_key: pair.right for pair in spec.pairs}
    rights |= {f"r-{key_of(text)}": text for text in spec.distractors}
    lefts = "".join(_associable(pair.left_key, pair.left, most=1) for pair in spec.pairs)
    others = "".join(_associable(key, text, most=0) for key, text in rights.items())
    pairs = [f"{pair.left_key} {pair.right_key}" for pair in spec.pairs]
    asked = (
        f'<qti-match-interaction response-identifier="{_R}" shuffle="true" max-associations="{len(pairs)}">'
        f"<qti-simple-match-set>{lefts}</qti-simple-match-set>"
        f"<qti-simple-match-set>{others}</qti-simple-match-set></qti-match-interaction>"
    )
    if spec.scoring == Scoring.EXACT:
        return _declared("multiple", "directedPair", pairs), asked, _whole()
    points = [(pair, Decimal(1)) for pair in pairs]
    declared = _declared("multiple", "directedPair", pairs, points=points, upper=Decimal(len(pairs)))
    return declared, asked, _mapped()


def _ordering(spec: QuestionSpec) -> tuple[str, str, str]:
    names = [f"s-{key_of(step)}" for step in spec.steps]
    # In the order of their names, so that the file does not give the answer away.
    choices = "".join(
        f'<qti-simple-choice identifier="{name}">{_text(step)}</qti-simple-choice>'
        for name, step in sorted(zip(names, spec.steps, strict=True))
    )
    asked = (
        f'<qti-order-interaction response-identifier="{_R}" shuffle="true"{_scoring_class(spec)}>'
        f"{choices}</qti-order-interaction>"
    )
    return _declared("ordered", "identifier", names), asked, _whole()


_WRITERS: Mapping[str, Callable[[QuestionSpec], tuple[str, str, str]]] = {
    Kind.SINGLE.value: _single,
    Kind.MULTIPLE.value: _multiple,
    Kind.TRUE_FALSE.value: _truth,
    Kind.NUMERIC.value: _numeric,
    Kind.SHORT_TEXT.value: _short_text,
    Kind.MATCHING.value: _matching,
    Kind.ORDERING.value: _ordering,
}
WRITABLE = frozenset(_WRITERS)


def _declared(
    cardinality: str,
    base_type: str,
    right: Sequence[str],
    *,
    points: Sequence[tuple[str, Decimal]] = (),
    upper: Decimal = Decimal(1),
) -> str:
    values = "".join(f"<qti-value>{_text(value)}</qti-value>" for value in right)
    entries = "".join(
        f'<qti-map-entry map-key="{_attr(name)}" mapped-value="{_plain(share)}"/>' for name, share in points
    )
    bounds = f'lower-bound="0" upper-bound="{_plain(upper)}" default-value="0"'
    mapping = f"<qti-mapping {bounds}>{entries}</qti-mapping>" if points else ""
    return (
        f'<qti-response-declaration identifier="{_R}" cardinality="{cardinality}" base-type="{base_type}">'
        f"<qti-correct-response>{values}</qti-correct-response>{mapping}</qti-response-declaration>"
    )


def _outcomes(spec: QuestionSpec) -> str:
    chosen = "multiple" if spec.kind == Kind.MULTIPLE else "single"
    return "\n".join(
        f'<qti-outcome-declaration identifier="{name}" cardinality="{cardinality}" base-type="{base_type}"/>'
        for name, cardinality, base_type in (
            ("SCORE", "single", "float"),
            ("CHOSEN", chosen, "identifier"),
            ("RESULT", "single", "identifier"),
            ("GENERAL", "single", "identifier"),
            ("REASON", "single", "identifier"),
        )
    )


def _says(spec: QuestionSpec) -> str:
    """What is said after the answer."""
    said = ""
    if any(option.why for option in spec.options):
        said += f'<qti-set-outcome-value identifier="CHOSEN">{_VARIABLE}</qti-set-outcome-value>\n'
    if spec.why_right or spec.why_wrong:
        said += (
            f"<qti-response-condition><qti-response-if>{_reached(spec)}{_set('GENERAL', 'right')}"
            "</qti-response-if>"
            f"<qti-response-else>{_set('GENERAL', 'wrong')}</qti-response-else></qti-response-condition>\n"
        )
    return said + (f"{_set('REASON', 'explanation')}\n" if spec.explanation else "")


def _reached(spec: QuestionSpec) -> str:
    """Whether the response has earned the whole mark, as the item counts it."""
    right = [option for option in spec.options if option.correct]
    whole = Decimal(1)
    if spec.kind == Kind.MULTIPLE and spec.scoring == Scoring.WEIGHTED:
        whole = sum((option.share or Decimal(0) for option in right), Decimal(0))
    elif spec.kind == Kind.MULTIPLE and spec.scoring != Scoring.EXACT:
        whole = Decimal(len(right))
    elif spec.kind == Kind.MATCHING and spec.scoring == Scoring.PROPORTIONAL:
        whole = Decimal(len(spec.pairs))
    value = f'<qti-base-value base-type="float">{_plain(whole)}</qti-base-value>'
    return f'<qti-gte><qti-variable identifier="SCORE"/>{value}</qti-gte>'


def _modal(spec: QuestionSpec) -> Iterator[str]:
    for outcome, name, text in (
        ("GENERAL", "right", spec.why_right),
        ("GENERAL", "wrong", spec.why_wrong),
        ("REASON", "explanation", spec.explanation),
    ):
        if text:
            yield _modal_feedback(outcome, name, _html(text))
    parts = (
        [number.why for number in spec.numbers] if spec.kind == Kind.NUMERIC else [t.why for t in spec.texts]
    )
    first = 2 if spec.kind == Kind.NUMERIC else 1
    for number, why in enumerate(parts, start=first):
        if why:
            yield _modal_feedback("RESULT", f"answer-{number}", f"<p>{_text(why)}</p>")


def _modal_feedback(outcome: str, name: str, html: str) -> str:
    return (
        f'<qti-modal-feedback outcome-identifier="{outcome}" identifier="{name}" show-hide="show">'
        f"<qti-content-body>{html}</qti-content-body></qti-modal-feedback>\n"
    )


def _chain(branches: Sequence[tuple[str, Decimal, str]]) -> str:
    """The first comparison that holds counts."""
    parts = []
    for number, (test, share, why) in enumerate(branches, start=1):
        tag = "qti-response-if" if number == 1 else "qti-response-else-if"
        told = _set("RESULT", f"answer-{number}") if why else ""
        parts.append(f"<{tag}>{test}{_score(share)}{told}</{tag}>\n")
    return f"<qti-response-condition>{''.join(parts)}</qti-response-condition>\n"


def _score(share: Decimal) -> str:
    value = f'<qti-base-value base-type="float">{_plain(share)}</qti-base-value>'
    return f'<qti-set-outcome-value identifier="SCORE">{value}</qti-set-outcome-value>'


def _set(outcome: str, name: str) -> str:
    value = f'<qti-base-value base-type="identifier">{name}</qti-base-value>'
    return f'<qti-set-outcome-value identifier="{outcome}">{value}</qti-set-outcome-value>'


def _whole() -> str:
    """All of the correct response, or nothing."""
    return (
        f"<qti-response-condition><qti-response-if>{_MATCHED}{_score(Decimal(1))}</qti-response-if>"
        f"<qti-response-else>{_score(Decimal(0))}</qti-response-else></qti-response-condition>\n"
    )


def _mapped() -> str:
    mapped = f'<qti-map-response identifier="{_R}"/>'
    return f'<qti-set-outcome-value identifier="SCORE">{mapped}</qti-set-outcome-value>\n'


def _choices(spec: QuestionSpec, *, most: int) -> str:
    tag = "qti-simple-choice"
    choices = "".join(
        f'<{tag} identifier="{_id(option)}">{_text(option.text)}{_why(option)}</{tag}>'
        for option in spec.options
    )
    return (
        f'<qti-choice-interaction response-identifier="{_R}" shuffle="true" max-choices="{most}"'
        f"{_scoring_class(spec)}>{choices}</qti-choice-interaction>"
    )


def _why(option: OptionSpec) -> str:
    if not option.why:
        return ""
    return (
        f'<qti-feedback-inline outcome-identifier="CHOSEN" identifier="{_id(option)}" show-hide="show">'
        f"{_text(option.why)}</qti-feedback-inline>"
    )


def _associable(key: str, text: str, *, most: int) -> str:
    tag = "qti-simple-associable-choice"
    return f'<{tag} identifier="{key}" match-max="{most}">{_text(text)}</{tag}>'


def _entry(unit: str) -> str:
    return f'<p><qti-text-entry-interaction response-identifier="{_R}"/>{unit}</p>'


def _scoring_class(spec: QuestionSpec) -> str:
    told = spec.scoring == Scoring.BY_OPTION or (
        spec.kind == Kind.ORDERING and spec.scoring == Scoring.PROPORTIONAL
    )
    return f' class="{SCORING_CLASS}{spec.scoring}"' if told else ""


def _id(option: OptionSpec) -> str:
    return f"o-{option.key}"


def _html(markdown: str) -> str:
    """Well-formed XHTML of a Markdown text, with the elements that QTI knows."""
    html = str(_parser().render(markdown))
    html = html.replace("<s>", f'<span class="{DELETED_CLASS}">').replace("</s>", "</span>")
    return re.sub(r'(<t[hd]) style="[^"]*"', r"\1", html)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "xhtmlOut": True}).enable(["table", "strikethrough"])


def _text(text: str) -> str:
    return escape(text, quote=False)


def _attr(text: str) -> str:
    return escape(text).replace("\n", "&#10;").replace("\t", "&#9;")


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
