"""Forms of the page on which retention and legal holds are looked at."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enablement.access.audit_forms import start_of, tool_field
from enablement.access.models.retention import REASON_MAX
from enablement.people.person_field import PersonField
from tracks.day_field import DayField, refuse_unordered

#: After so many days somebody asks whether a hold is still needed.
REVIEW_DAYS = timedelta(days=90)


def _review_day() -> date:
    return timezone.localdate() + REVIEW_DAYS


class HoldForm(forms.Form):
    """`person` becomes a User; days are the reader's, in their zone, and both are included."""

    person = PersonField(
        label=_("Person"), required=False, help_text=_("Their e-mail address; leave it empty for everybody.")
    )
    microtool = tool_field()
    first = DayField(label=_("From"), required=False)
    last = DayField(label=_("To"), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The dispute or inquiry. It stays on record beside the hold."),
    )
    review_on = DayField(label=_("Ask again on"), required=False, initial=_review_day)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["review_on"].required = True

    def clean(self) -> dict[str, Any]:
        """As the service takes it."""
        data = self.cleaned_data
        refuse_unordered(self, "first", "last")
        first, last = data.pop("first", None), data.pop("last", None)
        return data | {
            "since": start_of(first),
            "until": start_of(last + timedelta(days=1)) if last else None,
        }
