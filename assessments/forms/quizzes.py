"""Forms of the quiz pages."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from assessments.models.quiz import MAX_PAGE_SIZE
from assessments.selectors.asking import Typed
from assessments.services.responses import WHY

_POSITION = re.compile(r"[1-9][0-9]{0,2}")


class RawAnswer(forms.Field):
    """What the inputs of one question sent, as a list; the service says whether it is an answer."""

    widget = forms.CheckboxSelectMultiple

    def to_python(self, value: Any) -> list[str]:
        return [_lines(text) for text in value or [] if text.strip()]


class AnswersForm(forms.Form):
    """Answers and flags of some questions, as a page or as its script sends them.

    `item` (repeated) names the positions; for each there are `q-N` (repeated; see `services.responses` for
    what each kind sends), `why-N` (a decision's justification), `flag-N`, and `was-N` and `was-flag-N`, the
    values that the page had shown: what was not changed on this page is left alone, so that an old tab does
    not undo what another one saved. `stamp` is when the answer was given, in milliseconds of the server's
    clock.
    """

    stamp = forms.IntegerField(required=False, min_value=0, max_value=9_999_999_999_999)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.positions = _positions(data.getlist("item"))
        self.typed: dict[int, list[str]] = {}
        for position in self.positions:
            self.fields |= _fields(position)

    def clean(self) -> dict[str, Any]:
        if not self.positions:
            raise ValidationError(_("This request names no question."), code="position")
        # Kept apart: Django forgets the value of a field that gets an error.
        self.typed = {
            position: [
                *self.cleaned_data[f"q-{position}"],
                *(f"{WHY}{text}" for text in self.cleaned_data[f"why-{position}"]),
            ]
            for position in self.positions
        }
        return self.cleaned_data

    @property
    def answers(self) -> dict[int, object]:
        """The answers that differ from what the page had shown, as the service takes them."""
        return {
            position: values
            for position, values in self.typed.items()
            if _lines(self.data.get(f"was-{position}", "?")) != self.shown[position]
        }

    @property
    def shown(self) -> dict[int, str]:
        """What `was-N` has to be once these values are what the page shows."""
        return {position: ",".join(sorted(values)) for position, values in self.typed.items()}

    @property
    def flags(self) -> dict[int, bool]:
        flags = {position: self.cleaned_data[f"flag-{position}"] for position in self.positions}
        was = {position: self.data.get(f"was-flag-{position}") for position in self.positions}
        return {position: flag for position, flag in flags.items() if was[position] != ("1" if flag else "")}

    @property
    def typed_at(self) -> datetime | None:
        stamp = self.cleaned_data.get("stamp")
        return datetime.fromtimestamp(stamp / 1000, tz=UTC) if stamp else None

    def add_errors(self, error: ValidationError) -> None:
        """Errors of the service, by position."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for position, errors in error.error_dict.items():
            self.add_error(f"q-{position}", errors)

    def as_typed(self) -> Typed:
        return Typed(
            values=self.typed,
            flags={position: self.cleaned_data.get(f"flag-{position}", False) for position in self.positions},
            errors={
                position: " ".join(map(str, self.errors[f"q-{position}"]))
                for position in self.positions
                if f"q-{position}" in self.errors
            },
        )


@lru_cache(maxsize=128)
def _fields(position: int) -> Mapping[str, forms.Field]:
    """What one question sends. Made once a process: a save would spend a tenth of its time on them."""
    label = _("Question %(position)s") % {"position": position}
    return {
        f"q-{position}": RawAnswer(label=label, required=False),
        f"why-{position}": RawAnswer(label=label, required=False),
        f"flag-{position}": forms.BooleanField(required=False),
    }


def _lines(text: str) -> str:
    """A form sends the ends of lines in a way of its own."""
    return text.replace("\r\n", "\n")


def _positions(raw: list[str]) -> list[int]:
    """At most a page's worth of positions; anything else is not from our pages."""
    if len(raw) > MAX_PAGE_SIZE or not all(_POSITION.fullmatch(text) for text in raw):
        return []
    return sorted({int(text) for text in raw})
