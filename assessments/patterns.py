"""Typed words: when two of them count as the same, and patterns that cannot run away.

Patterns are RE2's (google/re2): matching takes time linear in the text, whatever the pattern, because there
are no backreferences and no look-around.
"""

import functools
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import re2
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MAX_PATTERN = 200
#: Memory that one compiled pattern may take (bytes); RE2 refuses what needs more.
_MAX_MEMORY = 1 << 20


def normalised(text: str, *, case_sensitive: bool) -> str:
    """Unicode NFKC, one space between words; case-folded unless case matters."""
    words = " ".join(unicodedata.normalize("NFKC", text).split())
    return words if case_sensitive else unicodedata.normalize("NFKC", words.casefold())


def is_storable(text: str) -> bool:
    """Whether both databases keep this text: no U+0000, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def check_pattern(pattern: str) -> None:
    """Raise ValidationError, saying why, for a pattern that cannot be used."""
    if len(pattern) > MAX_PATTERN:
        raise ValidationError(
            _("The pattern is longer than %(most)d characters.") % {"most": MAX_PATTERN}, code="pattern"
        )
    if not is_storable(pattern):
        raise ValidationError(_("The pattern holds a character that cannot be kept."), code="pattern")
    try:
        compiled = _compiled(pattern, case_sensitive=True)
    except re2.error as error:
        message = _(
            "The pattern “%(pattern)s” cannot be used: %(why)s. It may not look around or refer back."
        )
        raise ValidationError(
            message % {"pattern": pattern, "why": _reason(error)}, code="pattern"
        ) from error
    if compiled.fullmatch(""):
        raise ValidationError(_("The pattern “%(pattern)s” accepts an empty answer.") % {"pattern": pattern})


def accepts(entry: Mapping[str, Any], text: str, *, case_sensitive: bool) -> bool:
    """Whether an accepted answer (`text`, `pattern`) covers what was typed, whole."""
    own = normalised(text, case_sensitive=case_sensitive)
    if own == normalised(entry["text"], case_sensitive=case_sensitive):
        return True
    if not entry["pattern"] or not is_storable(text):
        return False
    # A pattern meets the words as they were typed, so that “É” in it still means that letter.
    typed = normalised(text, case_sensitive=True)
    return _compiled(entry["pattern"], case_sensitive=case_sensitive).fullmatch(typed) is not None


def first_accepted(
    entries: Iterable[Mapping[str, Any]], text: str, *, case_sensitive: bool
) -> Mapping[str, Any] | None:
    """The first entry that covers the text: an author puts the special case before the general one."""
    return next((entry for entry in entries if accepts(entry, text, case_sensitive=case_sensitive)), None)


@functools.lru_cache(maxsize=1000)
def _compiled(pattern: str, *, case_sensitive: bool) -> Any:
    options = re2.Options()
    options.case_sensitive = case_sensitive
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    return re2.compile(pattern, options)


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
