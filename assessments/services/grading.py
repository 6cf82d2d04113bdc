"""What an answer may look like, and what it is worth. Pure functions: no database, no clock.

Points are exact fractions until they are stored: three answers worth a third each are worth one, and a
threshold is met exactly or not at all.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.models import QuestionVersion

if TYPE_CHECKING:
    from assessments.models.question import Option

Kind = QuestionVersion.Kind
Response = str | list[str] | bool | None

_NUMBER = re.compile(r"[+-]?(\d{1,12}(\.\d{0,8})?|\.\d{1,8})", re.ASCII)
_STEP = Decimal("0.0001")
TRUE_FALSE_KEYS = ("true", "false")


def read_response(*, kind: str, keys: Sequence[str], raw: object) -> Response:
    """The stored form of an answer; None where nothing was answered.

    kind: of the question. keys: its options' keys. raw: a value, or a list as forms send one.
    Raises ValidationError where the value cannot be an answer to this question.
    """
    if raw in (None, "", []):
        return None
    if kind == Kind.MULTIPLE:
        if not isinstance(raw, list):
            raise ValidationError(_("This is not one of the answers."), code="response")
        return sorted({_one_of(keys, key) for key in raw})
    value = raw[0] if isinstance(raw, list) and len(raw) == 1 else raw
    if kind == Kind.SINGLE:
        return _one_of(keys, value)
    if kind == Kind.TRUE_FALSE:
        return value if isinstance(value, bool) else _one_of(TRUE_FALSE_KEYS, value) == "true"
    return _number(value)


def _one_of(keys: Sequence[str], raw: object) -> str:
    if not isinstance(raw, str) or raw not in keys:
        raise ValidationError(_("This is not one of the answers."), code="response")
    return raw


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


def score(version: QuestionVersion, response: Response) -> Fraction:
    """The share of the mark, from 0 to 1, that a stored response earns; unanswered earns 0."""
    if response is None:
        return Fraction(0)
    match version.kind:
        case Kind.TRUE_FALSE:
            return Fraction(response is (version.answer == "true"))
        case Kind.NUMERIC:
            off = abs(Decimal(str(response)) - Decimal(version.answer))
            return Fraction(off <= version.tolerance)
        case Kind.SINGLE:
            return Fraction({response} == version.right_keys)
        case _:
            return _score_multiple(version, frozenset(response if isinstance(response, list) else ()))


def _score_multiple(version: QuestionVersion, picked: frozenset[str]) -> Fraction:
    """All or nothing; or each right pick +1/n, each wrong pick -1/n (n right ones), never below 0."""
    right = version.right_keys
    if version.scoring == QuestionVersion.Scoring.EXACT:
        return Fraction(picked == right)
    return max(Fraction(len(picked & right) - len(picked - right), len(right)), Fraction(0))


def stored(points: Fraction) -> Decimal:
    """Rounded down to four decimals, so that what is stored never says more than what was earned."""
    return Decimal(points.numerator * 10_000 // points.denominator) * _STEP


def passes(*, points: Fraction | Decimal, max_points: int, threshold: Decimal) -> bool:
    """Whether the points reach the threshold's share: 17 of 20 reach 0.85, 16.9999 do not."""
    return Fraction(points) >= Fraction(threshold) * max_points


def right_response(version: QuestionVersion) -> Response:
    """A response that earns the whole mark."""
    match version.kind:
        case Kind.TRUE_FALSE:
            return version.answer == "true"
        case Kind.NUMERIC:
            return version.answer
        case Kind.SINGLE:
            return min(version.right_keys)
        case _:
            return sorted(version.right_keys)


def option_keys(version: QuestionVersion) -> list[str]:
    options: Iterable[Option] = version.options
    return [option["key"] for option in options]
