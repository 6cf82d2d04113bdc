"""That somebody was told, in time, that a tool will close."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class GrantWarning(models.Model):
    """`days` before `not_after`; renewed proof has another `not_after`, and so its own warnings."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    grant = models.ForeignKey("access.Grant", models.PROTECT, related_name="warnings")
    not_after = models.DateTimeField(_("lapses"))
    days = models.PositiveSmallIntegerField(_("days before"))
    made_at = models.DateTimeField(_("warned"))

    class Meta:
        verbose_name = _("warning")
        constraints = (
            models.UniqueConstraint("grant", "not_after", "days", name="grant_warning_once"),
            models.CheckConstraint(
                condition=models.Q(made_at__lt=models.F("not_after")), name="grant_warning_in_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.grant}: {self.days}"
