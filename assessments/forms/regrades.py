"""Forms on which an author decides how a question counts, and somebody excuses it in one attempt."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

LOWER_NOBODY, AS_KEYED = "raise", "both"
_REASON_HELP = _("It is kept on record. Whoever may see the right answers reads it with their result.")


class ReasonedForm(forms.Form):
    """`reason` in a few words."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_REASON_HELP, widget=forms.Textarea(attrs={"rows": 3})
    )


class RegradeForm(ReasonedForm):
    """`fingerprint` is of the dry run that was shown; `lowers` whether points may also fall."""

    policy = forms.ChoiceField(
        label=_("Points"),
        choices=(
            (LOWER_NOBODY, _("only raise them: nobody loses by our mistake")),
            (AS_KEYED, _("raise and lower them, as the key says")),
        ),
        widget=forms.RadioSelect,
        initial=LOWER_NOBODY,
        required=False,
    )
    fingerprint = forms.CharField(widget=forms.HiddenInput, max_length=64)

    field_order = ("policy", "reason", "fingerprint")

    def __init__(self, *args: Any, by_key: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not by_key:
            del self.fields["policy"]

    @property
    def lowers(self) -> bool:
        return self.cleaned_data.get("policy") == AS_KEYED
