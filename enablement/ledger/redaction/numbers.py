"""Addresses, bank accounts and payment cards: the same everywhere, each with its form or check."""

import re
from collections.abc import Iterator
from functools import lru_cache

from stdnum import luhn, numdb
from stdnum.iso7064 import mod_97_10

# Each begins only where a run begins, so that a long text is read once.
_EMAIL = re.compile(r"(?<![\w.%+'-])[\w.%+'-]+@(?:[\w-]+\.)+\w*[^\W\d_]\w*")
_IBAN = re.compile(r"(?<![^\W_])(?=([A-Za-z]{2}) ?\d\d)")
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?![ -]?\d)")
#: First digits of the schemes (Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, Maestro).
_SCHEMES = re.compile(r"3[04-9]|4|5[0-9]|6|2[2-7]")
_SEPARATORS = " -"


def emails(text: str) -> Iterator[tuple[int, int]]:
    if "@" in text:
        for found in _EMAIL.finditer(text):
            yield found.span()


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Of the length that the country has, with the right check digits."""
    for found in _IBAN.finditer(text):
        length = _iban_length(found[1].upper())
        number, end = _compact(text, found.start(), length)
        if length and len(number) == length and not text[end : end + 1].isalnum():
            checked = number[4:] + number[:4]
            if checked.isascii() and mod_97_10.is_valid(checked.upper()):
                yield found.start(), end


def cards(text: str) -> Iterator[tuple[int, int]]:
    for found in _CARD.finditer(text):
        number = found[0].replace(" ", "").replace("-", "")
        if _SCHEMES.match(number) and luhn.is_valid(number):
            yield found.span()


def _compact(text: str, start: int, length: int) -> tuple[str, int]:
    """The next `length` letters and digits, over single separators; and where they end."""
    letters, place = "", start
    while len(letters) < length and place < len(text):
        letter = text[place]
        if letter.isalnum():
            letters += letter
        elif letter not in _SEPARATORS or text[place - 1] in _SEPARATORS:
            break
        place += 1
    return letters, place


@lru_cache
def _iban_length(country: str) -> int:
    """0 where this is no country that has IBANs."""
    known = dict(numdb.get("iban").info(country + "0" * 30)).get(country)
    if not known:
        return 0
    return 4 + sum(int(part) for part in re.findall(r"(\d+)!", known["bban"]))
