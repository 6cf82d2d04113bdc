"""Waivers: one requirement counts as met for one person, for a while, because two others say so."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from enablement.people.models import User

#: No waiver lasts longer.
LONGEST = timedelta(days=90)


class WaiverQuerySet(models.QuerySet["Waiver"]):
    def open(self) -> Self:
        """Proposed or approved, and not ended by a person."""
        return self.filter(ended_at=None)

    def live(self, *, at: datetime) -> Self:
        """Those that count at this moment."""
        return self.open().filter(approved_at__lte=at, ends_at__gt=at)

    def waiting(self, *, at: datetime) -> Self:
        """Those that want a second person."""
        return self.open().filter(approved_at=None, ends_at__gt=at)


class Waiver(models.Model):
    """`requirement` is the leaf of the gate as `gates.identity` writes it: another one is not waived with it.

    `label`: what the requirement was called when the waiver was proposed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="waivers")
    track = models.ForeignKey("tracks.Track", models.PROTECT, related_name="waivers")
    requirement = models.TextField(_("requirement"))
    label = models.CharField(_("requirement in words"), max_length=300)
    reason = models.CharField(_("reason"), max_length=500)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    ends_at = models.DateTimeField(_("until"))
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("why it was turned down"), max_length=500, blank=True)

    objects = WaiverQuerySet.as_manager()

    class Meta:
        verbose_name = _("waiver")
        ordering = ("-proposed_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(approved_by=None) | ~models.Q(approved_by=models.F("proposed_by")),
                name="waiver_takes_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(proposed_by=models.F("user"))
                & (models.Q(approved_by=None) | ~models.Q(approved_by=models.F("user"))),
                name="waiver_is_not_for_oneself",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by=None, approved_at=None)
                | models.Q(approved_by__isnull=False, approved_at__isnull=False),
                name="waiver_approved_by_whom",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_by=None, ended_at=None)
                | models.Q(ended_by__isnull=False, ended_at__isnull=False),
                name="waiver_ended_by_whom",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("proposed_at"))
                & models.Q(ends_at__lte=models.F("proposed_at") + LONGEST),
                name="waiver_ends_within_90_days",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="waiver_says_why"),
            models.CheckConstraint(
                condition=models.Q(ended_at=None)
                | models.Q(approved_at__isnull=False)
                | models.Q(ended_by=models.F("proposed_by"))
                | ~models.Q(end_reason=""),
                name="waiver_turned_down_says_why",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.label}"

    def get_absolute_url(self) -> str:
        return reverse("waiver", args=[self.pk])

    def is_turned_down_by(self, person: "User") -> bool:
        """Whether ending it would be a no to what somebody else proposed: that takes a reason."""
        return self.approved_at is None and person.pk != self.proposed_by_id

    def is_open(self, *, at: datetime) -> bool:
        """Whether it waits, or counts."""
        return self.ended_at is None and self.ends_at > at
