"""Forms of cohorts, and the one for CSV files that other apps use too."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracks import zones
from tracks.csv_files import MAX_BYTES
from tracks.models import Cohort, Track


class CsvForm(forms.Form):
    """A CSV file, or its rows pasted. `cleaned_data["content"]` is its bytes."""

    file = forms.FileField(
        label=_("CSV file"),
        required=False,
        help_text=_("At most 1 MB, in UTF-8."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    text = forms.CharField(
        label=_("Or paste the rows"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("The first line names the columns."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        file, text = cleaned.get("file"), cleaned.get("text", "")
        if self.errors:
            return cleaned
        if bool(file) == bool(text.strip()):
            raise forms.ValidationError(_("Choose a file or paste rows: one of the two."), code="one_source")
        if file and file.size > MAX_BYTES:
            self.add_error("file", _("The file is larger than 1 MB; split it."))
            return cleaned
        cleaned["content"] = file.read() if file else text.encode()
        return cleaned


class CsvConfirmForm(forms.Form):
    """The rows once more, as they were shown in the plan."""

    content = forms.CharField(strip=False, widget=forms.HiddenInput, max_length=MAX_BYTES)


class CohortForm(forms.ModelForm[Cohort]):
    class Meta:
        model = Cohort
        fields = ("name", "track", "starts_on", "timezone")
        widgets = {"starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
        help_texts = {
            "name": _("As people will see it, for example “Front line, November”."),
            "starts_on": _("The planned day. The cohort starts when you say so."),
            "timezone": _("A due day ends in this zone."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["track"].queryset = Track.objects.live()  # type: ignore[attr-defined]
        self.fields["timezone"] = forms.ChoiceField(
            label=self.fields["timezone"].label,
            help_text=self.fields["timezone"].help_text,
            choices=[(name, name) for name in sorted(zones.names())],
        )


class MentorForm(forms.Form):
    """One of the people who may mentor; the choices are the caller's."""

    mentor: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label=_("Mentor"), queryset=None, empty_label=_("Choose a person")
    )

    def __init__(self, *args: Any, mentors: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mentor"].queryset = mentors  # type: ignore[attr-defined]
