"""What counts as an answer to an item; forms and services ask here, so that both say the same."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from surveys.models import Item
from surveys.specs import DEFAULT_LENGTH

LIKERT = range(1, 6)
YES, NO = "yes", "no"
#: Digits after the decimal point that a number may have, and before it.
DECIMALS = 6
WHOLE_DIGITS = 14

#: "1,500" is fifteen hundred to some and one and a half to others; "2,5" is the same to everybody.
_THOUSAND_OR_DECIMAL = re.compile(r"[+-]?\d{1,3},\d{3}")

Value = Decimal | str


def clean(item: Item, raw: object) -> Value | None:
    """The answer as it is kept; None where nothing was said. ValidationError says what is expected."""
    text = "" if raw is None else str(raw).replace("\r\n", "\n").strip()
    if "\0" in text:
        raise ValidationError(_("Take out the NUL character; it cannot be kept."), code="nul")
    if not text:
        if item.required:
            raise ValidationError(_("This question needs an answer."), code="required")
        return None
    return _CLEANERS[Item.Kind(item.kind)](item, text)


def clean_all(items: Iterable[Item], answers: Mapping[str, object]) -> dict[Item, Value]:
    """The answers by item, without the ones left empty. ValidationError by item key, all faults at once."""
    given, errors = {}, {}
    known = {item.key: item for item in items}
    for key in answers.keys() - known.keys():
        errors[key] = [_("This survey does not ask that.")]
    for key, item in known.items():
        try:
            value = clean(item, answers.get(key))
        except ValidationError as error:
            errors[key] = error.messages
        else:
            if value is not None:
                given[item] = value
    if errors:
        raise ValidationError(errors)
    return given


def _likert(_item: Item, text: str) -> Value:
    if text not in {str(step) for step in LIKERT}:
        raise ValidationError(_("Choose a step from 1 to 5."), code="likert")
    return Decimal(text)


def _yes_no(_item: Item, text: str) -> Value:
    if text not in {YES, NO}:
        raise ValidationError(_("Choose yes or no."), code="yes_no")
    return text


def _choice(item: Item, text: str) -> Value:
    if text not in {option["key"] for option in item.options}:
        raise ValidationError(_("Choose one of the answers offered."), code="choice")
    return text


def _number(item: Item, text: str) -> Value:
    if _THOUSAND_OR_DECIMAL.fullmatch(text):
        raise ValidationError(
            _("Write the number without a comma: “%(text)s” may be read in two ways.") % {"text": text},
            code="comma",
        )
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValidationError(_("Enter a number, such as 2.5."), code="number")
    if number.adjusted() >= WHOLE_DIGITS or number != round(number, DECIMALS):
        raise ValidationError(_("Enter a number with fewer digits."), code="digits")
    low, high = item.minimum, item.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise ValidationError(_out_of_bounds(low, high), code="bounds")
    return number


def _out_of_bounds(low: Decimal | None, high: Decimal | None) -> str:
    bounds = {"low": plain(low), "high": plain(high)}
    if high is None:
        return _("Enter %(low)s or more.") % bounds
    if low is None:
        return _("Enter %(high)s or less.") % bounds
    return _("Enter a number from %(low)s to %(high)s.") % bounds


def _text(item: Item, text: str) -> Value:
    most = item.max_length or DEFAULT_LENGTH
    if len(text) > most:
        message = _("Use at most %(most)d characters; these are %(count)d.")
        raise ValidationError(message % {"most": most, "count": len(text)}, code="max_length")
    return text


def plain(number: Decimal | None) -> str:
    """A number as people write it, without trailing zeros."""
    return "" if number is None else str(number_format(f"{number.normalize():f}"))


_CLEANERS = {
    Item.Kind.LIKERT: _likert,
    Item.Kind.YES_NO: _yes_no,
    Item.Kind.CHOICE: _choice,
    Item.Kind.NUMBER: _number,
    Item.Kind.TEXT: _text,
}
