"""Forms of the pages on waivers and emergency access."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enablement.access.control_forms import REASON_MAX
from enablement.access.models.emergency import MAX_HOURS
from enablement.access.models.waiver import LONGEST
from tracks.day_field import DayField

_TODAY = timedelta(days=1)


class WaiverForm(forms.Form):
    """`requirement` is chosen by the digest of its identity; `clean` gives the identity back."""

    requirement = forms.ChoiceField(label=_("Which requirement"), widget=forms.RadioSelect)
    last_day = DayField(label=_("Last day"), help_text=_("At most 90 days from now. It ends by itself."))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays on record beside the waiver."),
    )

    def __init__(self, *args: Any, requirements: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by_digest = {sha256(key.encode()).hexdigest()[:16]: key for key in requirements}
        field = self.fields["requirement"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [(digest, requirements[key]) for digest, key in self._by_digest.items()]

    def clean_requirement(self) -> str:
        return self._by_digest[self.cleaned_data["requirement"]]

    def clean_last_day(self) -> datetime:
        """The end of that day where the person is who proposes; 90 days from now at the latest."""
        day: date = self.cleaned_data["last_day"]
        ends = timezone.make_aware(datetime.combine(day + _TODAY, time()))
        longest = timezone.now() + LONGEST
        return longest if longest < ends <= longest + _TODAY else ends


class EmergencyForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it cannot wait"), max_length=REASON_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )
    hours = forms.IntegerField(
        label=_("For how many hours"), min_value=1, max_value=MAX_HOURS, initial=2, help_text=_("1 to 8.")
    )
