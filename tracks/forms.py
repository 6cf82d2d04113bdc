"""Forms of cohorts, and the one for CSV files that other apps use too."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracks import zones
from tracks.csv_files import MAX_BYTES
from tracks.day_field import DayField
from tracks.models import Track


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


class CohortForm(forms.Form):
    """What `create_cohort` wants; whether the name is free is the service's to say."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        help_text=_("As people will see it, for example “Front line, November”."),
    )
    track: "forms.ModelChoiceField[Track]" = forms.ModelChoiceField(
        label=_("Track"), queryset=Track.objects.live(), empty_label=_("Choose a track")
    )
    starts_on = DayField(label=_("Planned start"), help_text=_("The cohort starts when you say so."))
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("A due day ends in this zone."),
        choices=[(name, name) for name in sorted(zones.names())],
    )


class MentorForm(forms.Form):
    """One of the people who may mentor; the choices are the caller's."""

    mentor: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=_("Mentor"), queryset=None, empty_label=_("Choose a person")
    )

    def __init__(self, *args: Any, mentors: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mentor"].queryset = mentors  # type: ignore[attr-defined]
