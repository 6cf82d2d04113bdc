"""Forms of mentors: observed cases, delegates, several sign-offs at once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from assessments.forms.labs import FormOfErrors
from assessments.models import Observation
from tracks.day_field import DayField
from tracks.people import Person
from tracks.selectors import possible_mentors
from tracks.zones import local_date


class ObservationForm(FormOfErrors):
    """A case that a mentor watched. zone: of the cohort, in which its day is meant."""

    happened_on = DayField(label=_("Day"))
    what = forms.CharField(
        label=_("Case"),
        max_length=300,
        help_text=_("Enough to find it again, such as its number and what it was about. No personal data."),
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=lambda: [(value, capfirst(label)) for value, label in Observation.Outcome.choices],
        widget=forms.RadioSelect,
        help_text=_("A case that you had to take over does not count."),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What went well and what did not. The learner reads it."),
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["happened_on"].help_text = _("In the cohort's time zone, %(zone)s.") % {"zone": zone}


class DelegateForm(FormOfErrors):
    """Who stands in for a mentor, from when, until when."""

    delegate: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=_("Delegate"), queryset=None, empty_label=_("Choose a person")
    )
    first_day = DayField(label=_("First day"))
    last_day = DayField(
        label=_("Last day"),
        help_text=_("From the day after, only you review again."),
    )

    def __init__(self, *args: Any, mentor: Person, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["delegate"].queryset = possible_mentors().exclude(pk=mentor.pk)  # type: ignore[attr-defined]
        self.fields["first_day"].initial = local_date(at, mentor.timezone)


class BulkForm(forms.Form):
    """Labs that need no rubric, each as "submission:hash of the evidence that was shown"."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.chosen: dict[UUID, str] = {}

    def clean(self) -> dict[str, Any]:
        for value in self.data.getlist("chosen"):  # type: ignore[attr-defined]
            pk, _colon, evidence_hash = value.partition(":")
            try:
                self.chosen[UUID(pk)] = evidence_hash
            except ValueError as error:
                raise ValidationError(
                    _("Open the queue again, and choose from it."), code="chosen"
                ) from error
        if not self.chosen:
            raise ValidationError(_("Choose at least one lab."), code="chosen")
        return {}
