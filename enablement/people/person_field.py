"""A person, as forms that name one by address take them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enablement.people.models import User


class PersonField(forms.EmailField):
    """An e-mail address, in any case, that becomes a `User`; None where none is required or given."""

    default_error_messages = {"nobody": _("Nobody here has this address.")}

    def clean(self, value: Any) -> User | None:
        """Raises ValidationError "nobody"."""
        email = super().clean(value)
        if not email:
            return None
        person = User.objects.filter(email__iexact=email).first()
        if person is None:
            raise forms.ValidationError(self.error_messages["nobody"], code="nobody")
        return person
