"""Forms of the token pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enablement.people.models.api_token import MAX_CALLS_PER_MINUTE, Scope
from tracks.words import capitalised


class Names(forms.CharField):
    """Names apart by commas, spaces or lines; the service says whether they are sound."""

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").replace(",", " ").split()


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Which program will hold it: zendesk-gateway, say.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=capitalised(Scope), widget=forms.CheckboxSelectMultiple
    )
    microtools = Names(
        label=_("Tools"),
        required=False,
        help_text=_("Names of tools, apart by commas. Left empty, it reaches every tool."),
    )
    regions = Names(
        label=_("Regions"),
        required=False,
        help_text=_("Such as eu-west-1. Left empty, it reaches every region that the playbook allows."),
    )
    calls_per_minute = forms.IntegerField(
        label=_("Calls a minute, at most"), required=False, min_value=1, max_value=MAX_CALLS_PER_MINUTE
    )


class RotateForm(forms.Form):
    overlap_hours = forms.TypedChoiceField(
        label=_("The old secret"),
        coerce=int,
        initial=24,
        choices=(
            (24, _("counts for another 24 hours")),
            (168, _("counts for another 7 days")),
            (0, _("is refused at once: somebody else may know it")),
        ),
        widget=forms.RadioSelect,
    )
