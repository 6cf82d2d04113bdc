"""Forms on which somebody gives a person more attempts or more time."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.models import Attempt

MAX_MINUTES = 600


class UnlockForm(forms.Form):
    extra = forms.TypedChoiceField(
        label=_("Attempts to unlock"), coerce=int, choices=((1, "1"), (2, "2"), (3, "3")), initial=1
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("What you went through together, or what got in the way. It is kept on record."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class TimeForm(forms.Form):
    """`attempt` is the running one where the extra time is for it alone."""

    RUNNING, COMING = "running", "coming"

    minutes = forms.IntegerField(label=_("Extra minutes"), min_value=0, max_value=MAX_MINUTES, initial=10)
    scope = forms.ChoiceField(
        label=_("For"),
        choices=((RUNNING, _("the attempt that is running")), (COMING, _("every attempt from now on"))),
        widget=forms.RadioSelect,
        initial=COMING,
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("What makes more time fair, or what got in the way. It is kept on record."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, running: Attempt | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.running = running
        self.fields["minutes"].help_text = _("0 ends an earlier allowance for every attempt.")
        if running is None:
            del self.fields["scope"]
        else:
            self.fields["scope"].initial = self.RUNNING

    @property
    def attempt(self) -> Attempt | None:
        return self.running if self.cleaned_data.get("scope") == self.RUNNING else None
