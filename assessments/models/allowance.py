"""What one person may have beyond a quiz's rules: more attempts, more time. Each with who, and why."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assessments.models.attempt import Attempt
from assessments.models.quiz import Quiz
from tracks.people import Person


class AttemptAllowance(models.Model):
    """`extra` attempts that somebody unlocked for one person, with the reason."""

    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="allowances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="attempt_allowances")
    extra = models.PositiveSmallIntegerField(_("extra attempts"))
    reason = models.CharField(_("reason"), max_length=500)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("extra attempts")
        verbose_name_plural = _("extra attempts")
        ordering = ("granted_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(extra__gte=1, extra__lte=5), name="attempt_allowance_1_to_5"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="attempt_allowance_has_reason"),
            models.CheckConstraint(
                condition=~models.Q(granted_by=models.F("user")), name="attempt_allowance_not_ones_own"
            ),
        )

    def __str__(self) -> str:
        return f"{self.quiz}: +{self.extra}"


class TimeAllowanceQuerySet(models.QuerySet["TimeAllowance"]):
    def in_force(self, *, quiz: Quiz, user: Person) -> Self:
        """At most one row: the latest that was given for all attempts that start."""
        given = self.filter(quiz=quiz, user=user, attempt=None)
        return given.order_by("-granted_at", "-pk")[:1]


class TimeAllowance(models.Model):
    """Extra `minutes` for every attempt that starts from then on, or for `attempt`, which was running.

    Of those for every attempt the latest counts; one of 0 minutes ends them.
    """

    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="time_allowances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="time_allowances")
    attempt = models.ForeignKey(
        Attempt, models.PROTECT, related_name="time_allowances", null=True, blank=True
    )
    minutes = models.PositiveSmallIntegerField(_("extra minutes"))
    reason = models.CharField(_("reason"), max_length=500)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    objects = TimeAllowanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("extra time")
        verbose_name_plural = _("extra time")
        ordering = ("granted_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(minutes__gte=1, minutes__lte=600) | models.Q(minutes=0, attempt=None),
                name="time_allowance_minutes_in_range",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="time_allowance_has_reason"),
            models.CheckConstraint(
                condition=~models.Q(granted_by=models.F("user")), name="time_allowance_not_ones_own"
            ),
        )

    def __str__(self) -> str:
        return f"{self.quiz}: +{self.minutes} min"
