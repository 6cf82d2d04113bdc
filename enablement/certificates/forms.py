from django import forms
from django.utils.translation import gettext_lazy as _

from enablement.certificates.models.certificate import REASON_MAX


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it is revoked"),
        help_text=_("For the record and for the holder. Whoever verifies the certificate is not told."),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
