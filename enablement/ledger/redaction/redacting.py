"""One pass for each kind, the most certain kind first: a mark that stands in its place is found by none."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from enablement.ledger.redaction import names, national, numbers, phones

Span = tuple[int, int]
Key = TypeVar("Key")
#: Kinds in the order in which they are looked for: a card number could be read as a telephone number.
FINDERS: Mapping[str, Callable[[str], Iterable[Span]]] = {
    "email": numbers.emails,
    "iban": numbers.ibans,
    "card": numbers.cards,
    "national_id": national.ids,
    "phone": phones.phones,
}
KINDS = (*FINDERS, "name")
#: Fewer digits, and no address: none of the patterns could find anything.
_FEWEST_DIGITS = re.compile(r"(?:\d\D*){6}|@")
#: Characters that are not seen, between which a number would hide.
_UNSEEN = frozenset({"Cf", "Cs"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Redacted:
    """`found`: how often each kind stood there; kinds that did not are absent."""

    text: str
    found: Mapping[str, int] = field(default_factory=dict)


def redact(text: str, *, prose: bool = True) -> Redacted:
    """`text` with `[email]`, `[phone]`… where personal data stood.

    The rest stays as it was, but for what Unicode holds to be the same (NFKC, digits of any script) and
    characters that nobody sees: otherwise those would be the way around it.

    prose: names of people are looked for as well, where that is switched on; not in keys and ids.
    """
    text = _plain(text)
    found: Counter[str] = Counter()
    finders = dict(FINDERS) if _FEWEST_DIGITS.search(text) else {}
    if prose:
        finders["name"] = names.names
    for kind, find in finders.items():
        spans = _apart(find(text))
        if spans:
            found[kind] += len(spans)
            text = _marked(text, spans, f"[{kind}]")
    return Redacted(text=text, found=dict(found))


def redact_all(texts: Mapping[Key, str], *, prose: bool = True) -> tuple[dict[Key, str], dict[str, int]]:
    """Several texts; what was found is added up."""
    redacted = {name: redact(text, prose=prose) for name, text in texts.items()}
    found: Counter[str] = Counter()
    for one in redacted.values():
        found.update(one.found)
    return {name: one.text for name, one in redacted.items()}, dict(found)


def _plain(text: str) -> str:
    if text.isascii():
        return text
    seen = (letter for letter in text if unicodedata.category(letter) not in _UNSEEN)
    return "".join(_letter(letter) for letter in unicodedata.normalize("NFKC", "".join(seen)))


def _letter(letter: str) -> str:
    """Digits and dashes of every script as ASCII has them."""
    if letter.isascii():
        return letter
    digit = unicodedata.decimal(letter, None)
    if digit is not None:
        return str(digit)
    return "-" if unicodedata.category(letter) == "Pd" else letter


def _apart(spans: Iterable[Span]) -> list[Span]:
    """In their order, without those that begin inside another."""
    kept: list[Span] = []
    for start, end in sorted(spans):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _marked(text: str, spans: Iterable[Span], mark: str) -> str:
    return "".join(_pieces(text, spans, mark))


def _pieces(text: str, spans: Iterable[Span], mark: str) -> Iterator[str]:
    done = 0
    for start, end in spans:
        yield text[done:start]
        yield mark
        done = end
    yield text[done:]
