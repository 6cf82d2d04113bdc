"""Break-glass: two people open a tool for one person, for hours, and a third looks at it afterwards."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from enablement.people.models import User

MAX_HOURS = 8
#: No emergency access lasts longer, and none that is asked for waits longer.
LONGEST = timedelta(hours=MAX_HOURS)


class EmergencyAccessQuerySet(models.QuerySet["EmergencyAccess"]):
    def visible_to(self, user: "User") -> Self:
        """One's own, those that one asked for, and all for who holds access in hand."""
        if user.has_perm("access.control_access"):
            return self
        return self.filter(models.Q(user=user) | models.Q(asked_by=user))

    def waiting(self, *, at: datetime) -> Self:
        return self.filter(approved_by=None, ended_at=None, asked_at__gt=at - LONGEST)

    def approved(self) -> Self:
        """Those that opened a tool and that nobody has ended; `starts_at` and `ends_at` say when they do."""
        return self.filter(approved_by__isnull=False, ended_at=None)

    def live(self, *, at: datetime) -> Self:
        return self.approved().filter(starts_at__lte=at, ends_at__gt=at)

    def to_review(self, *, at: datetime) -> Self:
        over = models.Q(ended_at__isnull=False) | models.Q(ends_at__lte=at)
        return self.filter(over, approved_by__isnull=False, reviewed_at=None)


class EmergencyAccess(models.Model):
    """It stands in for the grant and for nothing else: every other rule of a decision applies.

    `user` repeats the grant's person, so that the database can tell who may not approve.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    grant = models.ForeignKey("access.Grant", models.PROTECT, related_name="emergencies")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="emergencies")
    reason = models.CharField(_("reason"), max_length=500)
    hours = models.PositiveSmallIntegerField(_("hours"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("why it was turned down"), max_length=500, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)
    review = models.CharField(_("review"), max_length=500, blank=True)

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("emergency access")
        ordering = ("-asked_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(approved_by=None)
                | (~models.Q(approved_by=models.F("asked_by")) & ~models.Q(approved_by=models.F("user"))),
                name="emergency_takes_two_people",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by=None, starts_at=None, ends_at=None)
                | models.Q(approved_by__isnull=False, starts_at__isnull=False, ends_at__isnull=False),
                name="emergency_approved_by_whom",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None)
                | (
                    models.Q(ends_at__gt=models.F("starts_at"))
                    & models.Q(ends_at__lte=models.F("starts_at") + LONGEST)
                ),
                name="emergency_lasts_8_hours_at_most",
            ),
            models.CheckConstraint(
                condition=models.Q(hours__gte=1, hours__lte=MAX_HOURS), name="emergency_hours_in_range"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_by=None, ended_at=None)
                | models.Q(ended_by__isnull=False, ended_at__isnull=False),
                name="emergency_ended_by_whom",
            ),
            models.CheckConstraint(
                condition=models.Q(reviewed_by=None, reviewed_at=None, review="")
                | (models.Q(reviewed_by__isnull=False, reviewed_at__isnull=False) & ~models.Q(review="")),
                name="emergency_reviewed_by_whom",
            ),
            models.CheckConstraint(
                condition=models.Q(reviewed_by=None)
                | (
                    ~models.Q(reviewed_by=models.F("asked_by"))
                    & ~models.Q(reviewed_by=models.F("approved_by"))
                    & ~models.Q(reviewed_by=models.F("user"))
                ),
                name="emergency_reviewed_by_another",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="emergency_says_why"),
            models.CheckConstraint(
                condition=models.Q(ended_at=None)
                | models.Q(approved_by__isnull=False)
                | models.Q(ended_by=models.F("asked_by"))
                | models.Q(ended_by=models.F("user"))
                | ~models.Q(end_reason=""),
                name="emergency_turned_down_says_why",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.grant.microtool}"

    def get_absolute_url(self) -> str:
        return reverse("emergency", args=[self.pk])

    def is_turned_down_by(self, person: "User") -> bool:
        """Whether ending it would be a no to what somebody else asked: that takes a reason."""
        return self.approved_by_id is None and person.pk not in {self.asked_by_id, self.user_id}

    def may_review(self, person: "User") -> bool:
        """A third one: who neither asked, nor approved, nor used it."""
        return person.pk not in {self.asked_by_id, self.approved_by_id, self.user_id}

    def state(self, *, at: datetime) -> str:
        """`waiting`, `live`, `over`, or `refused`: it never opened anything."""
        if self.approved_by_id is None:
            waits = self.ended_at is None and at < self.asked_at + LONGEST
            return "waiting" if waits else "refused"
        open_now = self.ended_at is None and self.ends_at is not None and at < self.ends_at
        return "live" if open_now else "over"
