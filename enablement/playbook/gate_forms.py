"""Forms of the gate editor: one for each requirement, made from the keys that its type takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import UnionType
from typing import Any, Union, get_args, get_origin

from django import forms
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError as SchemaError
from pydantic.fields import FieldInfo

from enablement.access import registry
from enablement.playbook.faults import findings
from enablement.playbook.gate_outline import ALL, ANY, COUNT, NONE, Group, Leaf
from enablement.playbook.titles import humanised
from tracks.day_field import DayField

Pairs = list[tuple[str, str]]
#: Shares that people read as per cent; other decimals stand as they are.
_PERCENT = frozenset({"threshold", "right", "lower_bound", "share"})
_HUNDRED = Decimal(100)
_LABELS = {
    "threshold": _("Share of the points to reach, in per cent"),
    "quiz": _("Quiz"),
    "survey": _("Survey"),
    "labs": _("Labs"),
    "modules": _("Modules"),
    "track": _("Track"),
    "valid_months": _("Months for which it holds"),
    "n": _("How many"),
    "right": _("Share that has to be right, in per cent"),
    "sample_size": _("Judged cases"),
    "qa_owner": _("Who answers for the judgements (e-mail)"),
    "lower_bound": _("Lower bound to reach, in per cent"),
    "kappa": _("Agreement beyond chance (kappa), 0 to 1"),
    "critical_misses": _("Critical misses, at most"),
    "yellow_cases": _("Yellow-zone cases, at least"),
    "cases": _("Judged outputs, at least"),
    "sessions": _("Sessions attended, at least"),
    "share": _("Of the sessions held attended, in per cent, at least"),
    "policy": _("Key of the policy"),
    "title": _("What people call it"),
    "statement": _("Words that people confirm"),
    "not_before": _("First day"),
    "not_after": _("Last day"),
}
_HELP = {
    "labs": _("None chosen: every lab of the track."),
    "modules": _("None chosen: every module of the track."),
    "valid_months": _("Calendar months; empty: for good."),
    "sessions": _("Sessions of one's own cohort. Empty: only the share counts."),
    "share": _("A session is held once attendance is marked; excused does not count. Empty: any share."),
    "policy": _("Letters, digits, hyphens or underscores. It stays for good."),
    "statement": _("Other words have to be confirmed anew."),
    "not_after": _("The gate closes after this day."),
}
_LONG_TEXT = frozenset({"statement"})
GROUP_KINDS = (
    (ALL, _("All of these")),
    (ANY, _("One of these")),
    (COUNT, _("At least so many of these")),
    (NONE, _("None of these")),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a track's requirements can name, by the name of the key: pairs of a key and its words.

    marks: by type, the marks of the gate, below which an overlay may not go.
    """

    by_name: Mapping[str, Pairs] = field(default_factory=dict)
    marks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, name: str) -> Pairs | None:
        return self.by_name.get(name)


class LeafForm(forms.Form):
    """`leaf()` is the requirement as filled in. A type that nobody registered has no field and stays."""

    def __init__(self, *args: Any, leaf: Leaf, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before = leaf
        self._requirement = registry.get(leaf.type)
        for name, info in self._known().items():
            given = leaf.params.get(name)
            self.fields[name] = _field(name, info, choices.of(name), given)
            self.initial[name] = _shown(name, info, given if name in leaf.params else info.get_default())

    def leaf(self) -> Leaf:
        said = {name: self._said(name, info) for name, info in self._known().items()}
        order = [*(name for name in self._before.params if name in said), *said]
        kept = {} if self._known() else dict(self._before.params)
        return Leaf(self._before.type, kept | {n: said[n] for n in order if said[n] is not None})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self._requirement is None or self.errors:
            return cleaned
        params = dict(self.leaf().params)
        try:
            self._requirement.params.model_validate(params)
        except SchemaError as error:
            for each in findings(error, self._requirement.params):
                words = f"{each.message}; {each.expected}" if each.expected else each.message
                self.add_error(str(each.name) if each.name in self.fields else None, words)
        return cleaned

    def _known(self) -> Mapping[str, FieldInfo]:
        return self._requirement.params.model_fields if self._requirement else {}

    def _said(self, name: str, info: FieldInfo) -> Any:
        """As a gate's tree has it; None for what is not said. What did not change stays as it was written."""
        value = self.cleaned_data.get(name)
        if value in (None, "", []):
            return None
        if isinstance(value, Decimal):
            value = format((value / _HUNDRED if name in _PERCENT else value).normalize(), "f")
        elif isinstance(value, date):
            value = value.isoformat()
        before = self._before.params.get(name)
        if before is not None and _same(before, value):
            return before
        default = None if info.is_required() else info.get_default()
        return None if before is None and default is not None and _same(default, value) else value


class GroupForm(forms.Form):
    """Of how many of a group's parts is to be met."""

    kind = forms.ChoiceField(label=_("To be met"), choices=GROUP_KINDS)
    n = forms.IntegerField(label=_("How many"), required=False, min_value=1)

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"kind": group.kind, "n": group.n if group.kind == COUNT else None}

    def group(self, before: Group) -> Group:
        """The group as filled in; where nobody said how many, all of them."""
        said = self.cleaned_data
        return replace(before, kind=said["kind"], n=said["n"] or max(len(before.parts), 1))


class BaseForm(forms.Form):
    """`base`: the revision whose gate is being edited."""

    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    immediate = forms.BooleanField(
        label=_("What changes binds at once whoever holds the tools"),
        required=False,
        help_text=_("Else they keep them until they are certified anew, a year at most."),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it should change"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For whoever reads the plan. It is kept with the draft."),
    )


def _same(one: Any, other: Any) -> bool:
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except ArithmeticError:
        return bool(one == other)


def _shown(name: str, info: FieldInfo, value: Any) -> Any:
    """A value as its field has it; pydantic has one of its own for "there is no default"."""
    if _kind(info) is not Decimal:
        return value if isinstance(value, str | int | list | date) else None
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return format((number * _HUNDRED if name in _PERCENT else number).normalize(), "f")


def _kind(info: FieldInfo) -> Any:
    """The type of a key without `| None`: int, Decimal, date, str, bool or list."""
    annotation: Any = info.annotation
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(each for each in get_args(annotation) if each is not type(None))
    return get_origin(annotation) or annotation


def _field(name: str, info: FieldInfo, choices: Pairs | None, given: Any) -> forms.Field:
    options: dict[str, Any] = {
        "label": _LABELS.get(name, humanised(name)),
        "help_text": _HELP.get(name, ""),
        "required": info.is_required(),
    }
    kind = _kind(info)
    if choices is not None:
        return _choice(kind, choices, given, options)
    if kind is Decimal:
        return forms.DecimalField(
            min_value=0,
            max_value=100 if name in _PERCENT else None,
            widget=forms.NumberInput(attrs={"step": "any"}),
            **options,
        )
    if kind is int:
        return forms.IntegerField(min_value=_limit(info, "ge"), max_value=_limit(info, "le"), **options)
    if kind is date:
        return DayField(**options)
    if kind is bool:
        return forms.BooleanField(**(options | {"required": False}))
    if kind is list:
        return _choice(kind, [], given, options)
    if name == "qa_owner":
        return forms.EmailField(**options)
    widget = forms.Textarea(attrs={"rows": 4}) if name in _LONG_TEXT else None
    return forms.CharField(max_length=_limit(info, "max_length"), widget=widget, **options)


def _choice(kind: Any, choices: Pairs, given: Any, options: dict[str, Any]) -> forms.Field:
    """What is named and is no longer there stays a choice: nothing changes by being looked at."""
    named = given if isinstance(given, list) else [given] if isinstance(given, str) else []
    known = {key for key, _words in choices}
    pairs = [*choices, *((key, key) for key in named if key not in known)]
    if kind is list:
        return forms.MultipleChoiceField(choices=pairs, widget=forms.CheckboxSelectMultiple, **options)
    empty = [] if options["required"] and pairs else [("", _("The only one"))]
    return forms.ChoiceField(choices=[*empty, *pairs], **options)


def _limit(info: FieldInfo, name: str) -> Any:
    return next((getattr(each, name) for each in info.metadata if hasattr(each, name)), None)
