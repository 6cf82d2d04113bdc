"""Asking for an evidence pack."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enablement.access.models import Microtool
from enablement.people.person_field import PersonField
from enablement.reports.models.evidence_pack import PURPOSE_MAX
from tracks.day_field import DayField, refuse_unordered
from tracks.models import Cohort

#: What a new form offers: the month up to today.
DAYS = timedelta(days=30)


class ReadingsForm(forms.Form):
    """Days are the reader's, in their zone; both are included."""

    person = PersonField(label=_("Who read"), required=False)
    first = DayField(label=_("From"), required=False)
    last = DayField(label=_("To"), required=False)

    def clean(self) -> dict[str, Any]:
        refuse_unordered(self, "first", "last")
        return self.cleaned_data


class PackForm(forms.Form):
    """`person` becomes a User; nothing chosen is everybody, every tool."""

    purpose = forms.CharField(
        label=_("What is it for?"),
        max_length=PURPOSE_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "The audit, the request or the incident. It stands in the pack, and beside it on this page."
        ),
    )
    first_day = DayField(label=_("From"), initial=lambda: timezone.localdate() - DAYS)
    last_day = DayField(label=_("To"), initial=timezone.localdate)
    person = PersonField(
        label=_("Person"), required=False, help_text=_("Their e-mail address; leave it empty for everybody.")
    )
    cohort = forms.ModelChoiceField(
        label=_("Or a cohort"), queryset=Cohort.objects.all(), required=False, empty_label=_("Any")
    )
    microtool = forms.ModelChoiceField(
        label=_("Tool"),
        queryset=Microtool.objects.all(),
        to_field_name="key",
        required=False,
        empty_label=_("Any"),
    )

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        refuse_unordered(self, "first_day", "last_day")
        first = data.get("first_day")
        if first and first > timezone.localdate():
            self.add_error("first_day", forms.ValidationError(_("This day is still to come."), code="future"))
        if data.get("person") and data.get("cohort"):
            self.add_error("cohort", forms.ValidationError(_("Choose a person or a cohort."), code="one"))
        return data
