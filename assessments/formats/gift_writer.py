"""Our questions as GIFT. Prompts and explanations are marked as Markdown, answers as plain text."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from assessments.formats.kinds import ANYTHING, from_wildcards
from assessments.formats.losses import Losses
from assessments.formats.parsed import Fault, Form, Text
from assessments.formats.text import as_words
from assessments.question_specs import Kind, NumberSpec, OptionSpec, QuestionSpec, Scoring, TextSpec

_RESERVED = re.compile(r"[\\#=~{}:]")
_ARROW = "->"
_STEP = Decimal("0.00001")


def write(questions: Iterable[QuestionSpec]) -> tuple[bytes, tuple[Fault, ...]]:
    """The file, and what of the questions it does not hold."""
    losses = Losses()
    blocks = [text for spec in questions if (text := _question(spec, losses))]
    return "\n\n".join([*blocks, ""]).encode(), tuple(losses.faults)


def _question(spec: QuestionSpec, losses: Losses) -> str:
    if reason := _unsayable(spec):
        losses.left_out(spec, reason)
        return ""
    losses.changed(spec, *_lost(spec))
    tags = "".join(f" [tag:{tag}]" for tag in spec.tags)
    general = f"\t####{_prose(spec.explanation)}\n" if spec.explanation.strip() else ""
    head = f"// [id:{spec.key}]{tags}\n::{_escaped(spec.key)}::{_prose(spec.prompt)}"
    opening, lines = _WRITERS[spec.kind](spec)
    return head + "{" + opening + "\n" + "".join(f"\t{line}\n" for line in lines) + general + "}"


def _unsayable(spec: QuestionSpec) -> str:
    """Why GIFT cannot hold this question at all; empty where it can."""
    if spec.kind == Kind.DECISION:
        return _("GIFT has no decisions with a justification.")
    if spec.kind == Kind.MATCHING and any(_ARROW in pair.left for pair in spec.pairs):
        return _("A left side holds “->”, which parts the two sides in GIFT.")
    if spec.kind == Kind.SHORT_TEXT and any(_ARROW in text.text for text in spec.texts):
        return _("An accepted answer holds “->”, which would make it a matching question in GIFT.")
    return ""


def _lost(spec: QuestionSpec) -> Iterator[str]:
    patterns = [text.pattern for text in spec.texts if text.pattern and _wildcards(text) is None]
    free = {Scoring.EXACT.value, Scoring.BY_OPTION.value}
    said = spec.kind in {Kind.TRUE_FALSE, Kind.NUMERIC}
    losses = (
        (spec.images, _("its images")),
        (spec.difficulty != 1 or spec.lesson, _("its difficulty and its lesson")),
        (
            spec.kind == Kind.MULTIPLE and spec.scoring in free,
            _("how it is scored; in GIFT each right answer earns its part and each wrong one costs as much"),
        ),
        (spec.kind == Kind.MATCHING and spec.scoring == Scoring.EXACT, _("that it is all or nothing")),
        (any(pair.why for pair in spec.pairs), _("the explanations of single pairs")),
        (spec.unit, _("its unit (%(unit)s)") % {"unit": spec.unit}),
        (spec.case_sensitive, _("that upper and lower case matter")),
        (patterns, _("patterns: %(patterns)s") % {"patterns": ", ".join(patterns)}),
        (spec.why_right and not said, _("what is said after a right answer")),
        (
            spec.why_wrong and not said and spec.kind != Kind.SHORT_TEXT,
            _("what is said after a wrong answer"),
        ),
    )
    yield from (phrase for is_lost, phrase in losses if is_lost)


def _single(spec: QuestionSpec) -> tuple[str, list[str]]:
    return "", [_option("=" if option.correct else _weight(option.share), option) for option in spec.options]


def _multiple(spec: QuestionSpec) -> tuple[str, list[str]]:
    part = Decimal(1) / max(sum(option.correct for option in spec.options), 1)
    weighted = spec.scoring == Scoring.WEIGHTED
    return "", [
        _option(_weight(option.share if weighted else part if option.correct else -part), option)
        for option in spec.options
    ]


def _option(mark: str, option: OptionSpec) -> str:
    return f"{mark}{_words(option.text)}{_feedback(option.why)}"


def _weight(share: Decimal | None) -> str:
    return f"~%{_percent(share)}%" if share else "~"


def _truth(spec: QuestionSpec) -> tuple[str, list[str]]:
    wrong = f"#{_prose(spec.why_wrong)}" if spec.why_wrong else "#" if spec.why_right else ""
    right = f"#{_prose(spec.why_right)}" if spec.why_right else ""
    return ("TRUE" if spec.answer else "FALSE") + wrong + right, []


def _numeric(spec: QuestionSpec) -> tuple[str, list[str]]:
    answer = spec.answer if isinstance(spec.answer, Decimal) else Decimal(0)
    main = NumberSpec(answer=answer, tolerance=spec.tolerance)
    right = f"#{_prose(spec.why_right)}" if spec.why_right else ""
    lines = [_number(main) + right, *(_number(number) + _feedback(number.why) for number in spec.numbers)]
    return "#", [*lines, *([f"~#{_prose(spec.why_wrong)}"] if spec.why_wrong else [])]


def _number(number: NumberSpec) -> str:
    return f"=%{_percent(number.share)}%{_plain(number.answer)}:{_plain(number.tolerance)}"


def _short_text(spec: QuestionSpec) -> tuple[str, list[str]]:
    lines = [f"=%{_percent(text.share)}%{_accepted(text)}{_feedback(text.why)}" for text in spec.texts]
    # An arrow would make it a matching question; Markdown shows \> as >.
    wrong = _prose(spec.why_wrong.replace(_ARROW, "-\\>"))
    return "", [*lines, *([f"=%0%*#{wrong}"] if spec.why_wrong else [])]


def _accepted(text: TextSpec) -> str:
    written = _wildcards(text) or text.text.replace("*", r"\*")
    return ("[plain]" if written.startswith("[") else "") + _escaped(written)


def _wildcards(text: TextSpec) -> str | None:
    """The answer with * for anything, where its pattern says no more than that."""
    if not text.pattern:
        return None
    written = text.text.replace("*", r"\*").replace(ANYTHING, "*")
    return written if from_wildcards(written) == (text.text, text.pattern) else None


def _matching(spec: QuestionSpec) -> tuple[str, list[str]]:
    lines = [f"={_words(pair.left)} -> {_escaped(pair.right)}" for pair in spec.pairs]
    return "", [*lines, *(f"= -> {_escaped(text)}" for text in spec.distractors)]


def _ordering(spec: QuestionSpec) -> tuple[str, list[str]]:
    grading = "ALL_OR_NOTHING" if spec.scoring == Scoring.EXACT else "RELATIVE_NEXT_EXCLUDE_LAST"
    return f">{len(spec.steps)} ALL VERTICAL {grading}", [_step(step) for step in spec.steps]


def _step(step: str) -> str:
    """Moodle's ordering type takes a step as the question is written; say otherwise only where it matters."""
    alike = as_words(Text(step, Form.MARKDOWN)).text == step and not step.startswith(("[", "//"))
    return _escaped(step) if alike else _words(step)


_WRITERS: Mapping[str, Callable[[QuestionSpec], tuple[str, list[str]]]] = {
    Kind.SINGLE.value: _single,
    Kind.MULTIPLE.value: _multiple,
    Kind.TRUE_FALSE.value: _truth,
    Kind.NUMERIC.value: _numeric,
    Kind.SHORT_TEXT.value: _short_text,
    Kind.MATCHING.value: _matching,
    Kind.ORDERING.value: _ordering,
}


def _prose(text: str) -> str:
    return f"[markdown]{_escaped(text.strip())}"


def _words(text: str) -> str:
    return f"[plain]{_escaped(text)}"


def _feedback(why: str) -> str:
    if not why:
        return ""
    if _ARROW in why:
        return f"#[html]{_escaped(why.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;'))}"
    return f"#{_words(why)}"


def _escaped(text: str) -> str:
    return _RESERVED.sub(r"\\\g<0>", text.replace("\r", "")).replace("\n", "\\n")


def _percent(share: Decimal) -> str:
    return _plain((share * 100).quantize(_STEP))


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
