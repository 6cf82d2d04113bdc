"""Who may read the record for a time, and no longer: somebody from outside, mostly."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

REASON_MAX = 500
#: What it opens: the decision log, who could do what, evidence packs; all of them only to read.
RIGHT = ("ledger", "view_ledgerentry")


class AuditorAccessQuerySet(models.QuerySet["AuditorAccess"]):
    def live(self, *, at: datetime | Now) -> Self:
        return self.filter(ended_at=None, starts_at__lte=at, ends_at__gt=at)


class AuditorAccess(models.Model):
    """From `starts_at` until `ends_at`, or until somebody ends it before. No job has to end it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="auditor_access")
    reason = models.CharField(_("what for"), max_length=REASON_MAX)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = AuditorAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("auditor access")
        verbose_name_plural = _("auditor accesses")
        ordering = ("-starts_at",)
        permissions = (("give_auditor_access", "Can let auditors read the record for a time"),)
        constraints = (
            models.CheckConstraint(condition=~Q(reason=""), name="auditor_access_says_what_for"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="auditor_access_ends",
                violation_error_message=_("The last day is over already."),
            ),
            models.CheckConstraint(
                condition=~Q(given_by=F("person")),
                name="auditor_access_given_by_another",
                violation_error_message=_("Nobody gives it to themselves."),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="auditor_access_ended_by_whom",
            ),
        )

    def __str__(self) -> str:
        return f"{self.person}, {self.ends_at:%Y-%m-%d}"
