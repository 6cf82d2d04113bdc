"""Which playbook was in force, when; numbered, hashed, never changed."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class PolicyRevision(models.Model):
    """One applied playbook: the whole document, and the revision that it was planned against."""

    number = models.PositiveIntegerField(_("revision"), primary_key=True)
    sha256 = models.CharField(max_length=64, editable=False)
    document = models.TextField()
    note = models.CharField(_("note"), max_length=500, blank=True)
    base_number = models.PositiveIntegerField(null=True, blank=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    applied_at = models.DateTimeField(_("applied"))

    class Meta:
        verbose_name = _("policy revision")
        ordering = ("-number",)
        constraints = (
            models.CheckConstraint(condition=Q(number__gte=1), name="policy_revision_number_from_1"),
            models.CheckConstraint(
                condition=Q(base_number=None) | Q(base_number__lt=F("number")),
                name="policy_revision_follows_its_base",
            ),
        )

    def __str__(self) -> str:
        return str(self.number)
