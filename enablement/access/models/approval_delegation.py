"""Delegates of approvers: who decides in somebody's place while they are away, and until when."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ApprovalDelegationQuerySet(models.QuerySet["ApprovalDelegation"]):
    def open(self) -> Self:
        """Not taken back; it may lie ahead, or have run out."""
        return self.filter(ended_at=None)

    def in_force(self, at: datetime) -> Self:
        return self.open().filter(starts_at__lte=at, ends_at__gt=at)


class ApprovalDelegation(models.Model):
    """From `starts_at` until before `ends_at` the delegate decides what `approver` may decide by themself.

    It passes nothing on: a delegate's own delegate decides only what is the delegate's.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="approval_delegations"
    )
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="approvals_delegated_to"
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    named_at = models.DateTimeField()

    objects = ApprovalDelegationQuerySet.as_manager()

    class Meta:
        verbose_name = _("delegate for approvals")
        ordering = ("-starts_at",)
        constraints = (
            models.UniqueConstraint(
                "approver", condition=models.Q(ended_at=None), name="approval_delegation_open_unique"
            ),
            models.CheckConstraint(
                condition=~models.Q(approver=models.F("delegate")),
                name="approval_delegation_is_to_another",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="approval_delegation_ends_after_start",
            ),
        )

    def __str__(self) -> str:
        return f"{self.approver} → {self.delegate}"
