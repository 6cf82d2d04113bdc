"""Delegates: who signs in a mentor's place while they are away."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def open(self) -> Self:
        """Not taken back; it may lie ahead, or have run out."""
        return self.filter(ended_at=None)

    def in_force(self, at: datetime) -> Self:
        return self.open().filter(starts_at__lte=at, ends_at__gt=at)


class Delegation(models.Model):
    """From `starts_at` until before `ends_at` the delegate reviews and signs for all whom `mentor` mentors.

    It passes nothing on: a delegate's own delegate signs for the delegate's mentees alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mentor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="delegations")
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="delegated_to")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    named_at = models.DateTimeField()

    objects = DelegationQuerySet.as_manager()

    class Meta:
        verbose_name = _("delegation")
        ordering = ("-starts_at",)
        constraints = (
            models.UniqueConstraint(
                "mentor", condition=models.Q(ended_at=None), name="delegation_open_unique"
            ),
            models.CheckConstraint(
                condition=~models.Q(mentor=models.F("delegate")), name="delegation_is_to_another"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="delegation_ends_after_start"
            ),
        )

    def __str__(self) -> str:
        return f"{self.mentor} → {self.delegate}"
