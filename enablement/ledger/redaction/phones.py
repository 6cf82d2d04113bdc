"""Telephone numbers, as libphonenumber knows them."""

import re
from collections.abc import Iterator

import phonenumbers
from django.conf import settings

#: Digits with what people write between them; neither inside an id nor inside a version.
_CANDIDATE = re.compile(
    r"(?<![\w.:/+-])(?:\+|00 ?)?(?:\(\d{1,5}\)|\d)(?:[ ()./-]{0,3}\d){5,16}(?![\w]|[-:/]\w|\.\d)"
)
_DATE = re.compile(r"(?:19|20)\d\d-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./](?:19|20)?\d\d(?!\d)")
#: A month, by which models are called as well ("2026-09"): all of it, or it may be the beginning of a number.
_MONTH = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])")
_WORD = re.compile(r"tel|phone|fon|mobil|cell|call|fax|handy|whatsapp|sms|ring|reach", re.IGNORECASE)
_NEAR = 25
#: So many candidates are asked about; what comes after them counts as a number unseen.
MOST = 200


def phones(text: str) -> Iterator[tuple[int, int]]:
    for asked, found in enumerate(_CANDIDATE.finditer(text)):
        if _DATE.match(found[0]) or _MONTH.fullmatch(found[0]):
            continue
        near = text[max(0, found.start() - _NEAR) : found.start()]
        if asked >= MOST or _is_phone(found[0], said=_WORD.search(near) is not None):
            yield found.span()


def _is_phone(written: str, *, said: bool) -> bool:
    """International ones by themselves; national ones where they look like one, or a word says so."""
    if written.startswith("+"):
        return _is_known(written, None)
    if written.startswith("00") and _is_known("+" + written[2:], None):
        return True
    if not said and written.isdigit() and not written.startswith("0"):
        return False
    return any(_is_known(written, region) for region in settings.REDACTION_PHONE_REGIONS)


def _is_known(written: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written, region))
    except phonenumbers.NumberParseException:
        return False
