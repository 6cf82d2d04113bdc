"""What keeps a question from being asked, graded or kept: pairs of a field's name and a plain sentence."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.patterns import check_pattern, first_accepted, is_storable, normalised
from assessments.question_specs import (
    CHOICE_KINDS,
    MAX_ALT,
    MAX_ANSWER,
    MAX_DECIMALS,
    MAX_DIFFICULTY,
    MAX_IMAGES,
    MAX_PART,
    MAX_PARTS,
    MAX_PROSE,
    SCORINGS,
    Decision,
    Kind,
    QuestionSpec,
    Scoring,
    decimals_of,
    is_slug,
    key_of,
    repeated,
)
from tracks.rubric import validate_rubric

Problem = tuple[str, str]
MIN_PARTS = 2
MAX_SHARE_DECIMALS = 5
MAX_UNIT = 40
#: Which fields only some kinds use.
_KIND_FIELDS: Mapping[str, frozenset[str]] = {
    "options": CHOICE_KINDS,
    "numbers": frozenset({Kind.NUMERIC.value}),
    "texts": frozenset({Kind.SHORT_TEXT.value}),
    "pairs": frozenset({Kind.MATCHING.value}),
    "distractors": frozenset({Kind.MATCHING.value}),
    "steps": frozenset({Kind.ORDERING.value}),
    "policy": frozenset({Kind.DECISION.value}),
    "rubric": frozenset({Kind.DECISION.value}),
}
_ANSWERED = frozenset({Kind.TRUE_FALSE.value, Kind.NUMERIC.value, Kind.DECISION.value})


def problems_of(spec: QuestionSpec) -> Iterator[Problem]:
    """All that is wrong with a question; empty where it is sound."""
    if spec.kind not in Kind.values:
        yield "kind", _("its kind must be one of %(kinds)s.") % {"kinds": ", ".join(Kind.values)}
    yield from _common(spec)
    yield from _texts_kept(spec)
    if spec.kind in Kind.values:
        yield from _foreign_fields(spec)
        yield from _CHECKS[spec.kind](spec)


def _common(spec: QuestionSpec) -> Iterator[Problem]:
    if not is_slug(spec.key):
        yield "key", _("its key must be letters, digits, hyphens or underscores.")
    if not spec.prompt.strip():
        yield "prompt", _("it has no prompt.")
    if not 1 <= spec.difficulty <= MAX_DIFFICULTY:
        yield "difficulty", _("its difficulty must be 1, 2 or 3.")
    if not all(is_slug(tag) for tag in spec.tags):
        yield "tags", _("its tags must be letters, digits, hyphens or underscores.")
    if spec.scoring not in Scoring.values:
        yield "scoring", _("its scoring must be one of %(all)s.") % {"all": ", ".join(Scoring.values)}
    elif spec.scoring != Scoring.EXACT and spec.scoring not in SCORINGS.get(spec.kind, ()):
        yield (
            "scoring",
            _("a question of its kind cannot be scored “%(scoring)s”.") % {"scoring": spec.scoring},
        )
    yield from _images(spec)


def _images(spec: QuestionSpec) -> Iterator[Problem]:
    if len(spec.images) > MAX_IMAGES:
        yield "images", _("it may show at most %(most)d images.") % {"most": MAX_IMAGES}
    for image in spec.images:
        if not 0 < len(image.alt.strip()) <= MAX_ALT:
            yield "images", _("an image needs an alternative text of at most 500 characters.")
        if not image.digest:
            yield "images", _("an image has no content.")


def _texts_kept(spec: QuestionSpec) -> Iterator[Problem]:
    """Every text must fit, and hold nothing that a database refuses."""
    prose = {
        name: [getattr(spec, name)] for name in ("prompt", "policy", "explanation", "why_right", "why_wrong")
    }
    parts: dict[str, list[str]] = {
        "unit": [spec.unit],
        "options": [text for option in spec.options for text in (option.text, option.why)],
        "numbers": [number.why for number in spec.numbers],
        "texts": [text for entry in spec.texts for text in (entry.text, entry.why)],
        "pairs": [text for pair in spec.pairs for text in (pair.left, pair.right, pair.why)],
        "distractors": list(spec.distractors),
        "steps": list(spec.steps),
        "rubric": list(_rubric_texts(spec.rubric)),
        "images": [image.alt for image in spec.images],
    }
    for limit, texts in ((MAX_PROSE, prose), (MAX_PART, parts)):
        for name, values in texts.items():
            if not all(is_storable(value) for value in values):
                yield name, _("“%(field)s” holds a character that cannot be kept.") % {"field": name}
            if any(len(value) > limit for value in values):
                yield (
                    name,
                    _("“%(field)s” has a text of more than %(most)d characters.")
                    % {
                        "field": name,
                        "most": limit,
                    },
                )
    if len(spec.unit) > MAX_UNIT:
        yield "unit", _("its unit has more than 40 characters.")
    for name in ("options", "numbers", "texts", "pairs", "distractors", "steps", "rubric"):
        if len(getattr(spec, name)) > MAX_PARTS:
            yield name, _("“%(field)s” has more than %(most)d entries.") % {"field": name, "most": MAX_PARTS}


def _rubric_texts(rubric: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for criterion in rubric:
        yield criterion["title"]
        for level in criterion["levels"]:
            yield from (level["title"], level["description"])


def _foreign_fields(spec: QuestionSpec) -> Iterator[Problem]:
    for name, kinds in _KIND_FIELDS.items():
        if getattr(spec, name) and spec.kind not in kinds:
            yield name, _("a question of its kind has no “%(field)s”.") % {"field": name}
    if spec.answer is not None and spec.kind not in _ANSWERED:
        yield "answer", _("its answer is given by its parts, not by “answer”.")


def _choice(spec: QuestionSpec) -> Iterator[Problem]:
    right = sum(option.correct for option in spec.options)
    if len(spec.options) < MIN_PARTS:
        yield "options", _("it needs at least two options.")
    yield from _distinct("options", [option.text for option in spec.options], _("two options say the same."))
    if any(not option.text.strip() for option in spec.options):
        yield "options", _("an option has no text.")
    if spec.kind == Kind.SINGLE and right != 1:
        yield "options", _("exactly one option must be correct; %(count)d are.") % {"count": right}
    if spec.kind == Kind.MULTIPLE and not 0 < right < len(spec.options):
        yield "options", _("at least one option must be correct and at least one wrong.")
    yield from _weights(spec)


def _weights(spec: QuestionSpec) -> Iterator[Problem]:
    if spec.scoring != Scoring.WEIGHTED:
        if any(option.share is not None for option in spec.options):
            yield "options", _("its options have shares, so its scoring must be weighted.")
        return
    shares = [(option.correct, option.share) for option in spec.options]
    if any(share is None or not _is_share(share, low=-1) for _correct, share in shares):
        yield "options", _("every option needs a share from -1 to 1 with at most 5 decimals.")
    elif spec.kind == Kind.SINGLE and any((share == 1) != correct for correct, share in shares):
        yield "options", _("the correct option, and no other, must have the share 1.")
    elif spec.kind == Kind.MULTIPLE and any(((share or 0) > 0) != correct for correct, share in shares):
        yield "options", _("the correct options, and no others, must have shares above 0.")


def _true_false(spec: QuestionSpec) -> Iterator[Problem]:
    if not isinstance(spec.answer, bool):
        yield "answer", _("its answer must be true or false.")


def _numeric(spec: QuestionSpec) -> Iterator[Problem]:
    if not _is_number(spec.answer):
        yield "answer", _("its answer must be a number with at most 12 digits and 8 decimals.")
    if not _is_number(spec.tolerance) or spec.tolerance < 0:
        yield "tolerance", _("its tolerance must be a number that is not negative.")
    for number in spec.numbers:
        if not _is_number(number.answer) or not _is_number(number.tolerance) or number.tolerance < 0:
            yield (
                "numbers",
                _("an accepted number needs at most 12 digits and 8 decimals, and no negative tolerance."),
            )
        if not _is_share(number.share):
            yield "numbers", _("the share of an accepted number must be from 0 to 1.")


def _short_text(spec: QuestionSpec) -> Iterator[Problem]:
    problems = list(_accepted_texts(spec))
    yield from problems
    if problems:
        return
    entries = [{"text": text.text, "pattern": text.pattern, "share": text.share} for text in spec.texts]
    best = next((text.text for text in spec.texts if text.share == 1), None)
    if best is None:
        yield "texts", _("one accepted answer must be worth the whole mark.")
        return
    counted = first_accepted(entries, best, case_sensitive=spec.case_sensitive)
    if counted and counted["share"] != 1:
        yield "texts", _("“%(text)s” is caught by an earlier answer that is worth less.") % {"text": best}


def _accepted_texts(spec: QuestionSpec) -> Iterator[Problem]:
    if not spec.texts:
        yield "texts", _("it needs at least one accepted answer.")
    for text in spec.texts:
        if not normalised(text.text, case_sensitive=True):
            yield "texts", _("an accepted answer has no text.")
        if not _is_share(text.share):
            yield "texts", _("the share of an accepted answer must be from 0 to 1.")
        if text.pattern:
            try:
                check_pattern(text.pattern)
            except ValidationError as error:
                yield "texts", error.messages[0]


def _matching(spec: QuestionSpec) -> Iterator[Problem]:
    if len(spec.pairs) < MIN_PARTS:
        yield "pairs", _("it needs at least two pairs.")
    if any(not text.strip() for pair in spec.pairs for text in (pair.left, pair.right)):
        yield "pairs", _("a pair lacks one side.")
    yield from _distinct("pairs", [pair.left for pair in spec.pairs], _("two pairs begin alike."))
    rights = {pair.right_key for pair in spec.pairs}
    wrong = {f"r-{key_of(text)}" for text in spec.distractors}
    if any(not text.strip() for text in spec.distractors):
        yield "distractors", _("a distractor has no text.")
    yield from _distinct("distractors", spec.distractors, _("two distractors say the same."))
    if rights & wrong:
        yield "distractors", _("a distractor is the right side of a pair.")
    if len(rights | wrong) < MIN_PARTS:
        yield "pairs", _("there must be at least two right sides to choose from.")


def _ordering(spec: QuestionSpec) -> Iterator[Problem]:
    if len(spec.steps) < MIN_PARTS:
        yield "steps", _("it needs at least two steps.")
    if any(not text.strip() for text in spec.steps):
        yield "steps", _("a step has no text.")
    yield from _distinct("steps", spec.steps, _("two steps say the same."))


def _decision(spec: QuestionSpec) -> Iterator[Problem]:
    if spec.answer not in Decision.values:
        yield "answer", _("its answer must be approve, deny or escalate.")
    if not spec.policy.strip():
        yield "policy", _("it needs the extract of the policy that the decision rests on.")
    if not spec.rubric:
        yield "rubric", _("it needs a rubric by which a mentor marks the justification.")
    try:
        validate_rubric(spec.rubric)
    except ValidationError as error:
        for message in error.messages:
            yield "rubric", message


def _distinct(name: str, texts: Iterable[str], message: str) -> Iterator[Problem]:
    if repeated(key_of(text) for text in texts):
        yield name, message


def _is_number(number: object) -> bool:
    return (
        isinstance(number, Decimal)
        and number.is_finite()
        and abs(number) < MAX_ANSWER
        and decimals_of(number) <= MAX_DECIMALS
    )


def _is_share(share: Decimal, *, low: int = 0) -> bool:
    return share.is_finite() and low <= share <= 1 and decimals_of(share) <= MAX_SHARE_DECIMALS


_CHECKS: Mapping[str, Callable[[QuestionSpec], Iterator[Problem]]] = {
    Kind.SINGLE.value: _choice,
    Kind.MULTIPLE.value: _choice,
    Kind.TRUE_FALSE.value: _true_false,
    Kind.NUMERIC.value: _numeric,
    Kind.SHORT_TEXT.value: _short_text,
    Kind.MATCHING.value: _matching,
    Kind.ORDERING.value: _ordering,
    Kind.DECISION.value: _decision,
}
