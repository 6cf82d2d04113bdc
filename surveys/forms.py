"""The form of a survey: one field an item, in the survey's order."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from surveys import values
from surveys.models import Item
from surveys.specs import DEFAULT_LENGTH

Kind = Item.Kind
# Keys are the author's; the prefix keeps them from meeting names of the form's own.
_PREFIX = "item-"


class ItemField(forms.Field):
    """Accepts what `surveys.values` accepts for the item; `item` is there for templates."""

    def __init__(self, item: Item) -> None:
        super().__init__(
            required=item.required, label=item.prompt, help_text=_help(item), widget=_widget(item)
        )
        self.item = item

    def clean(self, value: Any) -> values.Value | None:
        return values.clean(self.item, value)


class SurveyForm(forms.Form):
    """`round` says which round was on the screen, so that a form sent twice is the same round twice."""

    round = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, items: Iterable[Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = list(items)
        for item in self.items:
            self.fields[_name(item)] = ItemField(item)

    @property
    def number(self) -> int:
        """Of the round that was sent, the first where it says none; 0 where that could be none."""
        return 0 if "round" in self.errors else self.cleaned_data.get("round") or 1

    @property
    def answers(self) -> dict[str, values.Value]:
        """By item key, without what was left empty; of a valid form."""
        cleaned = {item.key: self.cleaned_data[_name(item)] for item in self.items}
        return {key: value for key, value in cleaned.items() if value is not None}

    def add_errors(self, error: ValidationError) -> None:
        """What the service found, which knows the items of this very moment, beside the fields."""
        for key, found in error.message_dict.items():
            name = f"{_PREFIX}{key}"
            self.add_error(name if name in self.fields else None, found)


def _name(item: Item) -> str:
    return f"{_PREFIX}{item.key}"


def _widget(item: Item) -> forms.Widget:
    match item.kind:
        case Kind.LIKERT:
            return forms.RadioSelect(choices=_scale(item))
        case Kind.YES_NO:
            return forms.RadioSelect(choices=[(values.YES, _("Yes")), (values.NO, _("No"))])
        case Kind.CHOICE:
            return forms.RadioSelect(choices=[(option["key"], option["text"]) for option in item.options])
        case Kind.NUMBER:
            # Not type=number, which throws away what it does not understand.
            return forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "size": 8})
    return forms.Textarea(attrs={"rows": 5})


def _scale(item: Item) -> list[tuple[int, str]]:
    ends = {values.LIKERT[0]: item.low, values.LIKERT[-1]: item.high}
    return [(step, f"{step} · {ends[step]}" if ends.get(step) else str(step)) for step in values.LIKERT]


def _help(item: Item) -> str:
    if item.kind == Kind.TEXT:
        return _("At most %(most)d characters.") % {"most": item.max_length or DEFAULT_LENGTH}
    return _number_help(item) if item.kind == Kind.NUMBER else ""


def _number_help(item: Item) -> str:
    bounds = {"low": values.plain(item.minimum), "high": values.plain(item.maximum), "unit": item.unit}
    if item.minimum is not None and item.maximum is not None:
        return (_("From %(low)s to %(high)s %(unit)s") % bounds).strip() + "."
    return _("In %(unit)s.") % bounds if item.unit else ""
