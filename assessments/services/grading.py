"""What an answer is worth. Pure functions: no database, no clock.

Points are exact fractions until they are stored: three answers worth a third each are worth one, and a
threshold is met exactly or not at all.

What `scoring` says:

- exact: the whole mark for the right answer, else nothing;
- proportional: multiple choice, each right pick earns 1/n of the mark and each wrong one costs 1/n (where n
  options are right); matching, each right pair earns its part; ordering, each step that is directly
  followed by the right next one earns its part of n-1;
- by_option: multiple choice, each option that is rightly picked or rightly left earns its part;
- weighted: each picked option earns its own share; the right ones together are the whole mark.

Nothing is worth less than 0 or more than 1. The decision earns half of a decision question's mark; a mentor's
marks for the justification earn the other half.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.models import QuestionVersion
from assessments.patterns import first_accepted
from assessments.services.responses import Response, read_response

if TYPE_CHECKING:
    from assessments.models.question import AcceptedNumber, Option, Pair, Step

__all__ = [
    "Response",
    "accepted_number",
    "accepted_text",
    "best_marks",
    "needs_marking",
    "option_keys",
    "passes",
    "read_marks",
    "read_response",
    "right_response",
    "score",
    "stored",
]
Kind = QuestionVersion.Kind
Scoring = QuestionVersion.Scoring
#: What the decision alone earns of a decision question's mark.
DECISION_SHARE = Fraction(1, 2)
_STEP = Decimal("0.0001")


def score(
    version: QuestionVersion, response: Response, *, marks: Mapping[str, int] | None = None
) -> Fraction:
    """The share of the mark, from 0 to 1, that a stored response earns; unanswered earns 0.

    marks: for a decision, a mentor's points by criterion (see `read_marks`); without them, the justification
    earns nothing yet. A response that does not fit the version earns 0.
    """
    if version.kind == Kind.DECISION:
        return _score_decision(version, response, marks or {})
    return _SCORES[version.kind](version, response)


def _score_true_false(version: QuestionVersion, response: Response) -> Fraction:
    return Fraction(isinstance(response, bool) and response is (version.answer == "true"))


def _score_number(version: QuestionVersion, response: Response) -> Fraction:
    accepted = accepted_number(version, response) if isinstance(response, str) else None
    return _fraction(accepted["share"]) if accepted else Fraction(0)


def _score_text(version: QuestionVersion, response: Response) -> Fraction:
    accepted = accepted_text(version, response) if isinstance(response, str) else None
    return _fraction(accepted["share"]) if accepted else Fraction(0)


def _score_matching(version: QuestionVersion, response: Response) -> Fraction:
    pairs: list[Pair] = version.details.get("pairs", [])
    chosen = response if isinstance(response, dict) else {}
    return _of_parts(version, sum(chosen.get(pair["key"]) == pair["right_key"] for pair in pairs), len(pairs))


def _of_parts(version: QuestionVersion, right: int, parts: int) -> Fraction:
    if version.scoring == Scoring.EXACT:
        return Fraction(right == parts)
    return Fraction(right, parts)


def _score_picks(version: QuestionVersion, response: Response) -> Fraction:
    picked = frozenset(map(str, response)) if isinstance(response, list) else frozenset({str(response)})
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


def _score_order(version: QuestionVersion, response: Response) -> Fraction:
    """By neighbours, so that one step in the wrong place does not spoil all after it."""
    places = response if isinstance(response, dict) else {}
    keys = option_keys(version)
    taken = [place for key, place in places.items() if key in keys]
    at = {
        key: place
        for key, place in places.items()
        if key in keys and isinstance(place, int) and taken.count(place) == 1
    }
    followed = sum(first in at and at.get(then) == at[first] + 1 for first, then in pairwise(keys))
    return _of_parts(version, followed, len(keys) - 1)


def _score_decision(version: QuestionVersion, response: Response, marks: Mapping[str, int]) -> Fraction:
    if not isinstance(response, dict):
        return Fraction(0)
    decided = DECISION_SHARE if response.get("decision") == version.answer else Fraction(0)
    if not response.get("justification"):
        return decided
    best, weights = best_marks(version), _weights(version)
    earned = sum(weights[key] * min(max(marks.get(key, 0), 0), most) for key, most in best.items())
    whole = sum(weights[key] * most for key, most in best.items())
    return decided + (1 - DECISION_SHARE) * Fraction(earned, whole)


def _weights(version: QuestionVersion) -> dict[str, int]:
    rubric: list[dict[str, Any]] = version.details.get("rubric", [])
    return {criterion["key"]: criterion.get("weight", 1) for criterion in rubric}


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
    texts, case_sensitive = version.details.get("texts", []), version.details.get("case_sensitive", False)
    return first_accepted(texts, response, case_sensitive=case_sensitive)


_SCORES: Mapping[str, Callable[[QuestionVersion, Response], Fraction]] = {
    Kind.SINGLE.value: _score_picks,
    Kind.MULTIPLE.value: _score_picks,
    Kind.TRUE_FALSE.value: _score_true_false,
    Kind.NUMERIC.value: _score_number,
    Kind.SHORT_TEXT.value: _score_text,
    Kind.MATCHING.value: _score_matching,
    Kind.ORDERING.value: _score_order,
}


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
            return {pair["key"]: pair["right_key"] for pair in version.details.get("pairs", [])}
        case Kind.ORDERING:
            return {key: place for place, key in enumerate(option_keys(version), start=1)}
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
            pairs: list[Pair] = version.details.get("pairs", [])
            wrong: list[Step] = version.details.get("distractors", [])
            rights = [pair["right_key"] for pair in pairs] + [step["key"] for step in wrong]
            return [pair["key"] for pair in pairs] + list(dict.fromkeys(rights))
        case Kind.ORDERING:
            steps: list[Step] = version.details.get("steps", [])
            return [step["key"] for step in steps]
        case _:
            options: list[Option] = version.options
            return [option["key"] for option in options]


def _fraction(number: str) -> Fraction:
    return Fraction(Decimal(number))
