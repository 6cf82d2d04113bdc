"""Forms of the pages on which access is changed by hand."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from enablement.access.models import Microtool, Stop
from tracks.words import capitalised

REASON_MAX = 500


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays on record beside the step."),
    )

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = label


class StopForm(forms.Form):
    """A tool is chosen; a model or a region is written as gateways send it."""

    kind = forms.ChoiceField(
        label=_("What to stop"), choices=capitalised(Stop.Kind), widget=forms.RadioSelect
    )
    microtool = forms.ModelChoiceField(
        label=_("Which tool"), queryset=Microtool.objects.none(), to_field_name="key", required=False
    )
    value = forms.CharField(
        label=_("Which model or region"),
        max_length=255,
        required=False,
        help_text=_("As gateways send it: gpt-4o-mini, say, or eu-west-1. Not needed for a tool."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=REASON_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, microtools: QuerySet[Microtool], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["microtool"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        field.queryset = microtools

    def clean(self) -> dict[str, str]:
        """`kind`, `value` and `reason`, as the service takes them."""
        data = self.cleaned_data
        tool: Microtool | None = data.get("microtool")
        of_tool = data.get("kind") == Stop.Kind.MICROTOOL
        if of_tool and tool is None:
            self.add_error("microtool", ValidationError(_("Choose the tool."), code="required"))
        if not of_tool and not data.get("value"):
            self.add_error("value", ValidationError(_("Say which model or region."), code="required"))
        value = tool.key if of_tool and tool else data.get("value", "")
        return {"kind": data.get("kind", ""), "value": value, "reason": data.get("reason", "")}
