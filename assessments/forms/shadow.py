"""Forms of shadow mode: the blind decision, then the output."""

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.models import Route


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
