"""Forms of shadow mode: the blind decision, then the output."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.models import Route
from tracks.forms import CsvConfirmForm, CsvForm


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(
        label=_("Who handles this?"),
        choices=Route.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the four answers.")},
    )


class OutputForm(forms.Form):
    """`usable` as a truth value; `go` is "next" to take another case at once."""

    usable = forms.TypedChoiceField(
        label=_("May this output be used as it stands?"),
        choices=[("yes", _("Yes, as it stands")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether the output may be used.")},
    )
    go = forms.CharField(required=False, max_length=10)


class CaseFileForm(CsvForm):
    """A file of cases, or its lines pasted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].label = _("CSV or JSONL file")
        self.fields["file"].widget.attrs["accept"] = ".csv,.jsonl,text/csv,application/jsonl"
        self.fields["text"].label = _("Or paste the lines")
        self.fields["text"].help_text = _("CSV with its first line, or one JSON object a line.")


class CaseImportForm(CsvConfirmForm):
    """The lines once more, with the plan that was shown."""

    fingerprint = forms.CharField(widget=forms.HiddenInput, max_length=64)


class ReasonForm(forms.Form):
    """Why somebody takes a step that others have to understand later."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 4}))
