"""What an answer may look like: from what a page or a program sends to what is stored."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.models import QuestionVersion
from assessments.patterns import is_storable

Kind = QuestionVersion.Kind
Response = str | list[str] | bool | dict[str, Any] | None

TRUE_FALSE_KEYS = ("true", "false")
#: How the keys of a matching's sides begin.
LEFT, RIGHT = "l-", "r-"
#: How a form tells a justification from a decision.
WHY = "why:"
MAX_TEXT = 300
MAX_JUSTIFICATION = 5_000
_NUMBER = re.compile(r"[+-]?(\d{1,12}(\.\d{0,8})?|\.\d{1,8})", re.ASCII)


def read_response(*, kind: str, keys: Sequence[str], raw: object) -> Response:
    """The stored form of an answer; None where nothing was answered.

    kind: of the question. keys: what `option_keys` says of it. raw: a value, or a list as forms send one:
    "left:right" for each pair, "step:3" for each step's position, and for a decision the decision and
    "why:" with the justification.
    Raises ValidationError where the value cannot be an answer to this question.
    """
    if raw in (None, "", [], {}):
        return None
    return _READERS[kind](keys, raw)


def _wrong() -> ValidationError:
    return ValidationError(_("This is not one of the answers."), code="response")


def _one_of(keys: Sequence[str], raw: object) -> str:
    if not isinstance(raw, str) or raw not in keys:
        raise _wrong()
    return raw


def _only(raw: object) -> object:
    """A form sends a list even where there can be one value."""
    return raw[0] if isinstance(raw, list) and len(raw) == 1 else raw


def _single(keys: Sequence[str], raw: object) -> str:
    return _one_of(keys, _only(raw))


def _true_false(_keys: Sequence[str], raw: object) -> bool:
    value = _only(raw)
    return value if isinstance(value, bool) else _one_of(TRUE_FALSE_KEYS, value) == "true"


def _short_text(_keys: Sequence[str], raw: object) -> str | None:
    return _words(_only(raw), limit=MAX_TEXT) or None


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
    """The position (from 1) by the step's key; steps without one are absent."""
    places = {str(place): place for place in range(1, len(keys) + 1)}
    chosen: dict[str, int] = {}
    for key, place in _entries(raw).items():
        if place in ("", None):
            continue
        if isinstance(place, bool) or not isinstance(place, int | str) or str(place) not in places:
            raise _wrong()
        chosen[_one_of(keys, key)] = places[str(place)]
    taken = Counter(chosen.values())
    if twice := sorted(place for place, times in taken.items() if times > 1):
        raise ValidationError(
            _("Position %(place)d is given more than once: each step needs its own.") % {"place": twice[0]},
            code="response",
        )
    return dict(sorted(chosen.items())) or None


def _decided(_keys: Sequence[str], raw: object) -> dict[str, str] | None:
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


def _number(_keys: Sequence[str], raw: object) -> str | None:
    """A decimal number as plain text. A comma is refused: it is a point to some and a thousand to others."""
    value = _only(raw)
    if not isinstance(value, str):
        raise ValidationError(_("Write the answer as a number."), code="response")
    text = unicodedata.normalize("NFKC", value).replace("\N{MINUS SIGN}", "-").strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValidationError(
            _("Write a number in digits, with a point for decimals and nothing else: 1500 or 0.75."),
            code="response",
        )
    return format(Decimal(text), "f")


_READERS: Mapping[str, Callable[[Sequence[str], object], Response]] = {
    Kind.SINGLE.value: _single,
    Kind.MULTIPLE.value: _several,
    Kind.TRUE_FALSE.value: _true_false,
    Kind.NUMERIC.value: _number,
    Kind.SHORT_TEXT.value: _short_text,
    Kind.MATCHING.value: _matched,
    Kind.ORDERING.value: _ordered,
    Kind.DECISION.value: _decided,
}
