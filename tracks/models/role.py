"""Job roles: what somebody does for a living here, and so which track is theirs."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class RoleQuerySet(models.QuerySet["Role"]):
    def live(self) -> Self:
        return self.filter(retired_at=None)


class Role(models.Model):
    key = models.CharField(_("key"), max_length=64, unique=True)
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = RoleQuerySet.as_manager()

    class Meta:
        verbose_name = _("role")
        ordering = ("key",)

    def __str__(self) -> str:
        return self.title


class RoleAssignmentQuerySet(models.QuerySet["RoleAssignment"]):
    def current(self) -> Self:
        return self.filter(ended_at=None)


class RoleAssignment(models.Model):
    """One person holds one role from `since` until `ended_at` (None: now)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="role_assignments")
    role = models.ForeignKey(Role, models.PROTECT, related_name="assignments")
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RoleAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("role assignment")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "role"),
                condition=models.Q(ended_at=None),
                name="role_assignment_current_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(ended_at__gte=models.F("since")),
                name="role_assignment_ends_after_start",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"
