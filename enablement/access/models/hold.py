"""Suspensions of single grants: why, by whom, and who ended them."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class GrantHoldQuerySet(models.QuerySet["GrantHold"]):
    def live(self) -> Self:
        return self.filter(lifted_at=None)

    def to_review(self) -> Self:
        """A rule closed it and nobody has looked at it yet."""
        return self.live().filter(cause=GrantHold.Cause.REWORK, kept_at=None)


class GrantHold(models.Model):
    """While it is live the grant is suspended, whatever its gate says.

    What the rule on rework suspends, a person looks at: they lift it, or keep it closed.
    """

    class Cause(models.TextChoices):
        BY_HAND = "by_hand", _("a person suspended it")
        DISUSE = "disuse", _("not used for too long")
        REWORK = "rework", _("too many outputs were reworked")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    grant = models.ForeignKey("access.Grant", models.PROTECT, related_name="holds")
    cause = models.CharField(_("cause"), max_length=10, choices=Cause.choices)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    placed_at = models.DateTimeField(_("suspended"))
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    kept_at = models.DateTimeField(_("kept closed"), null=True, blank=True)
    keep_reason = models.CharField(_("why it stays closed"), max_length=500, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    lift_reason = models.CharField(_("why it was lifted"), max_length=500, blank=True)

    objects = GrantHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("suspension")
        ordering = ("-placed_at",)
        constraints = (
            models.UniqueConstraint(
                "grant", condition=models.Q(lifted_at=None), name="grant_hold_live_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(cause="disuse", placed_by=None)
                | (models.Q(cause="rework", placed_by=None) & ~models.Q(reason=""))
                | (models.Q(cause="by_hand", placed_by__isnull=False) & ~models.Q(reason="")),
                name="grant_hold_by_hand_says_whose_and_why",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at=None, lifted_by=None, lift_reason="")
                | (models.Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~models.Q(lift_reason="")),
                name="grant_hold_lifted_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_by=None)
                | models.Q(placed_by=None)
                | ~models.Q(lifted_by=models.F("placed_by")),
                name="grant_hold_lifted_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(kept_at=None, kept_by=None, keep_reason="")
                | (
                    models.Q(cause="rework", kept_at__isnull=False, kept_by__isnull=False)
                    & ~models.Q(keep_reason="")
                ),
                name="grant_hold_kept_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_by=None)
                | models.Q(kept_by=None)
                | ~models.Q(lifted_by=models.F("kept_by")),
                name="grant_hold_lifted_by_another_than_kept",
            ),
        )

    def __str__(self) -> str:
        return f"{self.grant}: {self.get_cause_display()}"

    def get_absolute_url(self) -> str:
        """Where what a rule found stands; else the person, whose tool it is."""
        if self.cause == self.Cause.REWORK:
            return reverse("access_suspension", args=[self.pk])
        return reverse("access_person", args=[self.grant.user_id])
