"""The parts of a question as rows of a form: options, numbers, accepted answers, pairs, criteria.

A row that is left empty is no part. Nothing is demanded here that `QuestionSpec.check` demands.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.question_specs import (
    MAX_PART,
    MAX_PARTS,
    Kind,
    NumberSpec,
    OptionSpec,
    PairSpec,
    QuestionSpec,
    TextSpec,
)

Part = OptionSpec | NumberSpec | TextSpec | PairSpec | dict[str, Any]
_BLANK_ROWS = 2
_FIRST_ROWS = 4
_LEVEL_PARTS = 3
_LONGEST_TITLE = 200
_POINTS = re.compile(r"[0-9]{1,3}", re.ASCII)


class Row(forms.Form):
    """One part. `part()` is what it says, None where it is empty; `initial_of()` the way back."""

    def part(self) -> Part | None:
        raise NotImplementedError

    @classmethod
    def initial_of(cls, part: Any) -> dict[str, Any]:
        raise NotImplementedError

    @property
    def is_blank(self) -> bool:
        return not any(value for value in self.cleaned_data.values() if value is not False)


def _text(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=MAX_PART)


def _share() -> forms.DecimalField:
    return forms.DecimalField(
        label=gettext_lazy("Share of the mark"),
        required=False,
        max_digits=6,
        decimal_places=5,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )


class OptionRow(Row):
    text = _text(gettext_lazy("Answer"))
    correct = forms.BooleanField(label=gettext_lazy("Correct"), required=False)
    why = _text(gettext_lazy("Why, shown with the result"))
    share = _share()

    def part(self) -> OptionSpec | None:
        data = self.cleaned_data
        if self.is_blank:
            return None
        return OptionSpec(text=data["text"], correct=data["correct"], why=data["why"], share=data["share"])

    @classmethod
    def initial_of(cls, part: OptionSpec) -> dict[str, Any]:
        return {"text": part.text, "correct": part.correct, "why": part.why, "share": part.share}


class NumberRow(Row):
    low = forms.DecimalField(label=gettext_lazy("From"), required=False, max_digits=20, decimal_places=8)
    high = forms.DecimalField(label=gettext_lazy("To"), required=False, max_digits=20, decimal_places=8)
    share = _share()
    why = _text(gettext_lazy("Why, shown with the result"))

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not self.is_blank and data.get("low") is None:
            raise ValidationError(_("Say where the interval begins."))
        if data.get("high") is not None and data.get("low") is not None and data["high"] < data["low"]:
            raise ValidationError(_("The interval ends before it begins."))
        return data

    @property
    def is_blank(self) -> bool:
        data = self.cleaned_data
        return data.get("low") is None and data.get("high") is None and not data.get("why")

    def part(self) -> NumberSpec | None:
        data = self.cleaned_data
        if self.is_blank:
            return None
        high = data["low"] if data["high"] is None else data["high"]
        share = Decimal(1) if data["share"] is None else data["share"]
        return NumberSpec.between(data["low"], high, share=share, why=data["why"])

    @classmethod
    def initial_of(cls, part: NumberSpec) -> dict[str, Any]:
        low, high = part.answer - part.tolerance, part.answer + part.tolerance
        return {"low": _plain(low), "high": _plain(high), "share": _plain(part.share), "why": part.why}


class TextRow(Row):
    text = _text(gettext_lazy("Accepted answer"))
    pattern = _text(gettext_lazy("Pattern"))
    share = _share()
    why = _text(gettext_lazy("Why, shown with the result"))

    def part(self) -> TextSpec | None:
        data = self.cleaned_data
        if self.is_blank:
            return None
        share = Decimal(1) if data["share"] is None else data["share"]
        return TextSpec(text=data["text"], pattern=data["pattern"], share=share, why=data["why"])

    @classmethod
    def initial_of(cls, part: TextSpec) -> dict[str, Any]:
        return {"text": part.text, "pattern": part.pattern, "share": _plain(part.share), "why": part.why}


class PairRow(Row):
    left = _text(gettext_lazy("This"))
    right = _text(gettext_lazy("belongs to"))
    why = _text(gettext_lazy("Why, shown with the result"))

    def part(self) -> PairSpec | None:
        data = self.cleaned_data
        return None if self.is_blank else PairSpec(**data)

    @classmethod
    def initial_of(cls, part: PairSpec) -> dict[str, Any]:
        return {"left": part.left, "right": part.right, "why": part.why}


class CriterionRow(Row):
    key = forms.SlugField(required=False, max_length=100, widget=forms.HiddenInput)
    title = forms.CharField(label=gettext_lazy("Criterion"), required=False, max_length=_LONGEST_TITLE)
    levels = forms.CharField(
        label=gettext_lazy("Levels"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    @property
    def is_blank(self) -> bool:
        return not self.cleaned_data.get("title") and not self.cleaned_data.get("levels")

    def clean_levels(self) -> list[dict[str, Any]]:
        return [_level(line) for line in self.cleaned_data["levels"].splitlines() if line.strip()]

    def part(self) -> dict[str, Any] | None:
        data = self.cleaned_data
        if self.is_blank:
            return None
        return {
            "key": data["key"] or slugify(data["title"])[:100] or "criterion",
            "title": data["title"],
            "minimum": 0,
            "levels": data["levels"],
        }

    @classmethod
    def initial_of(cls, part: Mapping[str, Any]) -> dict[str, Any]:
        lines = (f"{level['points']} | {level['title']} | {level['description']}" for level in part["levels"])
        return {"key": part["key"], "title": part["title"], "levels": "\n".join(lines)}


def _level(line: str) -> dict[str, Any]:
    parts = [part.strip() for part in line.split("|", _LEVEL_PARTS - 1)]
    if (
        len(parts) != _LEVEL_PARTS
        or not _POINTS.fullmatch(parts[0])
        or not all(parts)
        or len(parts[1]) > _LONGEST_TITLE
    ):
        raise ValidationError(
            _("“%(line)s” is no level; write it like: 2 | Names the rule | Quotes the sentence that decides.")
            % {"line": line.strip()[:80]}
        )
    return {"points": int(parts[0]), "title": parts[1], "description": parts[2]}


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


#: By kind, the field of `QuestionSpec` whose parts are rows, and their form.
ROWS: Mapping[str, tuple[str, type[Any]]] = {
    Kind.SINGLE.value: ("options", OptionRow),
    Kind.MULTIPLE.value: ("options", OptionRow),
    Kind.NUMERIC.value: ("numbers", NumberRow),
    Kind.SHORT_TEXT.value: ("texts", TextRow),
    Kind.MATCHING.value: ("pairs", PairRow),
    Kind.DECISION.value: ("rubric", CriterionRow),
}


_LABELS: Mapping[str, tuple[Any, Any]] = {
    "options": (
        gettext_lazy("Options"),
        gettext_lazy(
            "Empty rows are left out. A share (from -1 to 1) is only for options that each have their own."
        ),
    ),
    "numbers": (
        gettext_lazy("Further accepted numbers"),
        gettext_lazy("Tried from the top. A share is from 0 to 1; without one it is the whole mark."),
    ),
    "texts": (
        gettext_lazy("Accepted answers"),
        gettext_lazy(
            "The first that fits counts, so special ones come first. A pattern is a regular expression (RE2) "
            "that has to meet the whole answer. A share is from 0 to 1; without one it is the whole mark."
        ),
    ),
    "pairs": (gettext_lazy("Pairs"), gettext_lazy("Two may belong to the same.")),
    "rubric": (
        gettext_lazy("Rubric for the justification"),
        gettext_lazy("Levels one a line, the lowest first: 2 | Names the rule | Quotes what decides."),
    ),
}


class Rows:
    """The rows of one question; `more` shows what was sent with further empty ones, and judges nothing."""

    def __init__(
        self, kind: str, *, data: Mapping[str, Any] | None, spec: QuestionSpec | None, more: bool = False
    ) -> None:
        self.name, self.row = ROWS[kind]
        parts = getattr(spec, self.name) if spec else ()
        initial = [self.row.initial_of(part) for part in parts]
        if data is not None and more:
            initial, data = self._sent(data), None
        blank = _BLANK_ROWS if initial or kind in {Kind.NUMERIC, Kind.DECISION} else _FIRST_ROWS
        made: Any = forms.formset_factory(self.row, extra=blank, max_num=MAX_PARTS, absolute_max=MAX_PARTS)
        self.formset = made(data, initial=None if data is not None else initial, prefix="rows")

    def _sent(self, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        total = str(data.get("rows-TOTAL_FORMS", ""))
        rows = range(min(int(total), MAX_PARTS) if total.isdecimal() else 0)
        fields: dict[str, forms.Field] = self.row.base_fields
        return [
            {
                name: field.widget.value_from_datadict(data, {}, f"rows-{row}-{name}")
                for name, field in fields.items()
            }
            for row in rows
        ]

    @property
    def label(self) -> str:
        return str(_LABELS[self.name][0])

    @property
    def help(self) -> str:
        return str(_LABELS[self.name][1])

    def is_valid(self) -> bool:
        return bool(self.formset.is_valid())

    def parts(self) -> tuple[Part, ...]:
        found = (row.part() for row in self.formset.forms)
        return tuple(part for part in found if part is not None)
