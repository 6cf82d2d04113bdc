"""What an answer may look like, and what it is worth. Pure functions: no database, no clock.

Points are exact fractions until they are stored: three answers worth a third each are worth one, and a
threshold is met exactly or not at all.

What `scoring` says:

- exact: the whole mark for the right answer, else nothing;
- proportional: multiple choice, each right pick earns 1/n of the mark and each wrong one costs 1/n (n right
  options); matching, each right pair earns its part; ordering, each step that is directly followed by the
  right next one earns its part of n-1;
- by_option: multiple choice, each option that is rightly picked or rightly left earns its part;
- weighted: each picked option earns its own share; the right ones together are the whole mark.

Nothing is worth less than 0 or more than 1. A decision earns half the mark by itself; a mentor's marks for its
justification earn the other half.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.models import QuestionVersion
from assessments.patterns import first_accepted, is_storable

if TYPE_CHECKING:
    from assessments.models.question import AcceptedNumber, Option, Pair, Step

Kind = QuestionVersion.Kind
Scoring = QuestionVersion.Scoring
Response = str | list[str] | bool | dict[str, Any] | None

TRUE_FALSE_KEYS = ("true", "false")
LEFT, RIGHT = "l-", "r-"
#: How a form tells a justification from a decision.
WHY = "why:"
MAX_TEXT = 300
MAX_JUSTIFICATION = 5_000
#: What the decision alone earns of a decision question's mark.
DECISION_SHARE = Fraction(1, 2)
_NUMBER = re.compile(r"[+-]?(\d{1,12}(\.\d{0,8})?|\.\d{1,8})", re.ASCII)
_STEP = Decimal("0.0001")


def read_response(*, kind: str, keys: Sequence[str], raw: object) -> Response:
    """The stored form of an answer; None where nothing was answered.

    kind: of the question. keys: what `option_keys` says of it. raw: a value, or a list as forms send one:
    "left:right" for each pair, "step:3" for each step's position, and for a decision the decision and
    "why:" with the justification.
    Raises ValidationError where the value cannot be an answer to this question.
    """
    if raw in (None, "", [], {}):
        return None
    match kind:
        case Kind.MULTIPLE:
            return _several(keys, raw)
        case Kind.MATCHING:
            return _matched(keys, raw)
        case Kind.ORDERING:
            return _ordered(keys, raw)
        case Kind.DECISION:
            return _decided(raw)
    value = raw[0] if isinstance(raw, list) and len(raw) == 1 else raw
    match kind:
        case Kind.SINGLE:
            return _one_of(keys, value)
        case Kind.TRUE_FALSE:
            return value if isinstance(value, bool) else _one_of(TRUE_FALSE_KEYS, value) == "true"
        case Kind.NUMERIC:
            return _number(value)
        case _:
            return _words(value, limit=MAX_TEXT) or None


def _wrong() -> ValidationError:
    return ValidationError(_("This is not one of the answers."), code="response")


def _one_of(keys: Sequence[str], raw: object) -> str:
    if not isinstance(raw, str) or raw not in keys:
        raise _wrong()
    return raw


def _several(keys: Sequence[str], raw: object) -> list[str]:
    if not isinstance(raw, list):
        raise _wrong()
    return sorted({_one_of(keys, key) for key in raw})


def _entries(raw: object) -> dict[str, object]:
    """`{key: value}`, or a form's list of "key:value"; a key may come once."""
    if isinstance(raw, dict):
        return raw
    if not isinstance(raw, list) or not all(isinstance(entry, str) for entry in raw):
        raise _wrong()
    pairs = [entry.partition(":")[::2] for entry in raw]
    entries: dict[str, object] = dict(pairs)
    if len(entries) < len(pairs):
        raise _wrong()
    return entries


def _matched(keys: Sequence[str], raw: object) -> dict[str, str] | None:
    """The right side's key by the left side's; sides that were left open are absent."""
    lefts = [key for key in keys if key.startswith(LEFT)]
    rights = [key for key in keys if key.startswith(RIGHT)]
    chosen = {_one_of(lefts, left): _one_of(rights, right) for left, right in _entries(raw).items() if right}
    return dict(sorted(chosen.items())) or None


def _ordered(keys: Sequence[str], raw: object) -> dict[str, int] | None:
    """The position (from 1) by the step's key; steps without one are absent, two may claim the same."""
    places = {str(place): place for place in range(1, len(keys) + 1)}
    chosen: dict[str, int] = {}
    for key, place in _entries(raw).items():
        if place in ("", None):
            continue
        if isinstance(place, bool) or not isinstance(place, int | str) or str(place) not in places:
            raise _wrong()
        chosen[_one_of(keys, key)] = places[str(place)]
    return dict(sorted(chosen.items())) or None


def _decided(raw: object) -> dict[str, str] | None:
    if isinstance(raw, list) and all(isinstance(entry, str) for entry in raw):
        reasons = [entry.removeprefix(WHY) for entry in raw if entry.startswith(WHY)]
        picked = [entry for entry in raw if not entry.startswith(WHY)]
        if max(len(reasons), len(picked)) > 1:
            raise _wrong()
        raw = {"decision": "".join(picked), "justification": "".join(reasons)}
    if not isinstance(raw, dict) or not raw.keys() <= {"decision", "justification"}:
        raise _wrong()
    decision = raw.get("decision") or ""
    if decision:
        _one_of(QuestionVersion.Decision.values, decision)
    justification = _words(raw.get("justification") or "", limit=MAX_JUSTIFICATION)
    if not decision and not justification:
        return None
    return {"decision": str(decision), "justification": justification}


def _words(raw: object, *, limit: int) -> str:
    """Text as it was typed, one kind of line end, without space around it."""
    if not isinstance(raw, str):
        raise ValidationError(_("Write the answer as text."), code="response")
    if not is_storable(raw):
        raise ValidationError(_("The answer holds a character that cannot be kept."), code="response")
    text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > limit:
        raise ValidationError(
            _("The answer is too long: %(length)d characters, and %(limit)d is the most.")
            % {"length": len(text), "limit": limit},
            code="response",
        )
    return text


def _number(raw: object) -> str | None:
    """A decimal number as plain text. A comma is refused: it is a point to some and a thousand to others."""
    if not isinstance(raw, str):
        raise ValidationError(_("Write the answer as a number."), code="response")
    text = unicodedata.normalize("NFKC", raw).replace("\N{MINUS SIGN}", "-").strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValidationError(
            _("Write a number in digits, with a point for decimals and nothing else: 1500 or 0.75."),
            code="response",
        )
    return format(Decimal(text), "f")


def score(
    version: QuestionVersion, response: Response, *, marks: Mapping[str, int] | None = None
) -> Fraction:
    """The share of the mark, from 0 to 1, that a stored response earns; unanswered earns 0.

    marks: for a decision, a mentor's points by criterion (see `read_marks`); without them, the justification
    earns nothing yet. A response that does not fit the version earns 0.
    """
    match version.kind, response:
        case Kind.TRUE_FALSE, bool():
            return Fraction(response is (version.answer == "true"))
        case Kind.NUMERIC, str():
            return _fraction((accepted_number(version, response) or {}).get("share", "0"))
        case Kind.SHORT_TEXT, str():
            return _fraction((accepted_text(version, response) or {}).get("share", "0"))
        case Kind.SINGLE, str():
            return _score_picks(version, frozenset({response}))
        case Kind.MULTIPLE, list():
            return _score_picks(version, frozenset(map(str, response)))
        case Kind.MATCHING, dict():
            pairs: list[Pair] = version.details["pairs"]
            right = sum(response.get(pair["key"]) == pair["right_key"] for pair in pairs)
            return _of_parts(version, right, len(pairs))
        case Kind.ORDERING, dict():
            return _score_order(version, response)
        case Kind.DECISION, dict():
            return _score_decision(version, response, marks or {})
        case _:
            return Fraction(0)


def _of_parts(version: QuestionVersion, right: int, parts: int) -> Fraction:
    if version.scoring == Scoring.EXACT:
        return Fraction(right == parts)
    return Fraction(right, parts)


def _score_picks(version: QuestionVersion, picked: frozenset[str]) -> Fraction:
    right = version.right_keys
    options: list[Option] = version.options
    match version.scoring:
        case Scoring.PROPORTIONAL:
            points = Fraction(len(picked & right) - len(picked - right), len(right))
        case Scoring.BY_OPTION:
            rightly = sum((option["key"] in picked) == option["correct"] for option in options)
            points = Fraction(rightly, len(options)) if picked else Fraction(0)
        case Scoring.WEIGHTED:
            shares = {option["key"]: _fraction(option.get("share", "0")) for option in options}
            whole = sum((shares[key] for key in right), Fraction(0))
            points = sum((shares.get(key, Fraction(0)) for key in picked), Fraction(0)) / whole
        case _:
            points = Fraction(picked == right)
    return min(max(points, Fraction(0)), Fraction(1))


def _score_order(version: QuestionVersion, places: Mapping[str, object]) -> Fraction:
    """By neighbours, so that one step in the wrong place does not spoil all after it."""
    steps: list[Step] = version.details["steps"]
    keys = [step["key"] for step in steps]
    taken = [place for key, place in places.items() if key in keys]
    at = {
        key: place
        for key, place in places.items()
        if key in keys and isinstance(place, int) and taken.count(place) == 1
    }
    followed = sum(
        first in at and at.get(then) == at[first] + 1 for first, then in zip(keys, keys[1:], strict=False)
    )
    return _of_parts(version, followed, len(keys) - 1)


def _score_decision(
    version: QuestionVersion, response: Mapping[str, object], marks: Mapping[str, int]
) -> Fraction:
    decided = DECISION_SHARE if response.get("decision") == version.answer else Fraction(0)
    if not response.get("justification"):
        return decided
    best = best_marks(version)
    earned = sum(min(max(marks.get(key, 0), 0), most) for key, most in best.items())
    return decided + (1 - DECISION_SHARE) * Fraction(earned, sum(best.values()))


def needs_marking(version: QuestionVersion, response: Response) -> bool:
    """Whether a person has to judge this response: a decision with a justification."""
    return (
        version.kind == Kind.DECISION and isinstance(response, dict) and bool(response.get("justification"))
    )


def best_marks(version: QuestionVersion) -> dict[str, int]:
    """The most points of each criterion of a decision's rubric, by its key."""
    rubric: list[dict[str, Any]] = version.details.get("rubric", [])
    return {criterion["key"]: criterion["levels"][-1]["points"] for criterion in rubric}


def read_marks(version: QuestionVersion, raw: Mapping[str, object]) -> dict[str, int]:
    """A mentor's points by criterion. Raises ValidationError, by criterion, where one is not a level's."""
    marks: dict[str, int] = {}
    errors: dict[str, ValidationError] = {}
    rubric: list[dict[str, Any]] = version.details.get("rubric", [])
    for criterion in rubric:
        points = {str(level["points"]): level["points"] for level in criterion["levels"]}
        chosen = str(raw.get(criterion["key"], ""))
        if chosen in points:
            marks[criterion["key"]] = points[chosen]
        else:
            errors[criterion["key"]] = ValidationError(
                _("Choose a level for “%(title)s”.") % {"title": criterion["title"]}, code="marks"
            )
    if unknown := raw.keys() - {criterion["key"] for criterion in rubric}:
        errors[min(unknown)] = ValidationError(_("The rubric has no such criterion."), code="marks")
    if errors:
        raise ValidationError(errors)
    return marks


def accepted_number(version: QuestionVersion, response: str) -> "AcceptedNumber | None":
    """What a number was counted as: the answer itself (share 1) or the first further one that covers it."""
    try:
        given = Decimal(response)
    except InvalidOperation:
        return None
    main: AcceptedNumber = {
        "answer": version.answer,
        "tolerance": str(version.tolerance),
        "share": "1",
        "why": "",
    }
    further: list[AcceptedNumber] = version.details.get("numbers", [])
    if not given.is_finite():
        return None
    return next(
        (
            number
            for number in (main, *further)
            if abs(given - Decimal(number["answer"])) <= Decimal(number["tolerance"])
        ),
        None,
    )


def accepted_text(version: QuestionVersion, response: str) -> Mapping[str, Any] | None:
    """The `AcceptedText` that a text was counted as; None where none covers it."""
    return first_accepted(
        version.details["texts"], response, case_sensitive=version.details.get("case_sensitive", False)
    )


def stored(points: Fraction) -> Decimal:
    """Rounded down to four decimals, so that what is stored never says more than what was earned."""
    return Decimal(points.numerator * 10_000 // points.denominator) * _STEP


def passes(*, points: Fraction | Decimal, max_points: int, threshold: Decimal) -> bool:
    """Whether the points reach the threshold's share: 17 of 20 reach 0.85, 16.9999 do not."""
    return Fraction(points) >= Fraction(threshold) * max_points


def right_response(version: QuestionVersion) -> Response:
    """A response that earns the whole mark (a decision's, once its justification has the best marks)."""
    match version.kind:
        case Kind.TRUE_FALSE:
            return version.answer == "true"
        case Kind.NUMERIC:
            return version.answer
        case Kind.SHORT_TEXT:
            return next(str(text["text"]) for text in version.details["texts"] if Decimal(text["share"]) == 1)
        case Kind.MATCHING:
            return {pair["key"]: pair["right_key"] for pair in version.details["pairs"]}
        case Kind.ORDERING:
            return {step["key"]: place for place, step in enumerate(version.details["steps"], start=1)}
        case Kind.DECISION:
            return {"decision": version.answer, "justification": version.explanation or version.answer}
        case Kind.SINGLE:
            return min(version.right_keys)
        case _:
            return sorted(version.right_keys)


def option_keys(version: QuestionVersion) -> list[str]:
    """The keys of all that can be chosen or placed; those of a matching begin with "l-" and "r-"."""
    match version.kind:
        case Kind.MATCHING:
            pairs: list[Pair] = version.details["pairs"]
            wrong: list[Step] = version.details.get("distractors", [])
            rights = [pair["right_key"] for pair in pairs] + [step["key"] for step in wrong]
            return [pair["key"] for pair in pairs] + list(dict.fromkeys(rights))
        case Kind.ORDERING:
            steps: list[Step] = version.details["steps"]
            return [step["key"] for step in steps]
        case _:
            options: list[Option] = version.options
            return [option["key"] for option in options]


def _fraction(number: str) -> Fraction:
    return Fraction(Decimal(number))
