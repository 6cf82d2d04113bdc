"""Attestations: a person's word that they have read a policy and keep to it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Attestation(models.Model):
    """Bound to the very words: `statement_sha256` (hex) is of the statement as the person saw it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="attestations")
    policy = models.SlugField(_("policy"), max_length=100)
    statement_sha256 = models.CharField(max_length=64)
    attested_at = models.DateTimeField(_("attested"))

    class Meta:
        verbose_name = _("attestation")
        ordering = ("-attested_at",)
        constraints = (
            models.UniqueConstraint(
                "user", "policy", "statement_sha256", "attested_at", name="attestation_once_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.policy}"
