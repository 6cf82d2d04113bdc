"""The address under which somebody's own calendar finds their sessions."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from enablement.people.models.api_token import hash_secret

#: Of a SHA-256 in hexadecimal.
DIGEST_LENGTH = 64


class CalendarAddressQuerySet(models.QuerySet["CalendarAddress"]):
    def for_token(self, token: str) -> Self:
        """The one that this token opens; none of somebody who has left."""
        return self.filter(sha256=hash_secret(token), user__is_active=True)


class CalendarAddress(models.Model):
    """Whoever knows the token reads when and where this person's sessions are, and nothing else."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, primary_key=True, related_name="calendar_address"
    )
    sha256 = models.CharField(_("SHA-256 of the token"), max_length=DIGEST_LENGTH, unique=True)
    made_at = models.DateTimeField(_("made"))

    objects = CalendarAddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar address")
        constraints = (
            models.CheckConstraint(
                condition=Exact(Length("sha256"), DIGEST_LENGTH), name="calendar_address_holds_a_digest"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.made_at:%Y-%m-%d}"
