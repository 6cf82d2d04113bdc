"""Kill switches: a tool, a model or a region is stopped for everybody, at once, by one person."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from enablement.people.models import User


class StopQuerySet(models.QuerySet["Stop"]):
    def live(self) -> Self:
        return self.filter(ended_at=None)

    def to_review(self) -> Self:
        """Whoever stops acts alone; somebody else looks at it after its end."""
        return self.filter(ended_at__isnull=False, reviewed_at=None)


class Stop(models.Model):
    """From `started_at` until `ended_at` every call to `value` is denied, whatever anybody has shown.

    `value`: a tool's key, a region's name, or a model's as gateways send it. What is in force stands on
    `Policy.stops` as well, where decisions read it.
    """

    class Kind(models.TextChoices):
        MICROTOOL = "microtool", _("tool")
        MODEL = "model", _("model")
        REGION = "region", _("region")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    value = models.CharField(_("which"), max_length=255)
    reason = models.CharField(_("reason"), max_length=500)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("stopped"))
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("why it ended"), max_length=500, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)
    review = models.CharField(_("what the review found"), max_length=500, blank=True)

    objects = StopQuerySet.as_manager()

    class Meta:
        verbose_name = _("stop")
        ordering = ("-started_at",)
        constraints = (
            models.UniqueConstraint(
                "kind", "value", condition=models.Q(ended_at=None), name="stop_live_unique"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="stop_has_reason"),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended_by=None, end_reason="")
                | (models.Q(ended_at__isnull=False, ended_by__isnull=False) & ~models.Q(end_reason="")),
                name="stop_ended_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_by=None) | ~models.Q(ended_by=models.F("started_by")),
                name="stop_ended_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(reviewed_at=None, reviewed_by=None, review="")
                | (models.Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~models.Q(review="")),
                name="stop_reviewed_by_whom",
            ),
            models.CheckConstraint(
                condition=models.Q(reviewed_by=None)
                | (
                    ~models.Q(reviewed_by=models.F("started_by"))
                    & ~models.Q(reviewed_by=models.F("ended_by"))
                ),
                name="stop_reviewed_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(reviewed_at=None)
                | models.Q(ended_at__isnull=False, reviewed_at__gte=models.F("ended_at")),
                name="stop_reviewed_after_its_end",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"

    def may_end(self, person: "User") -> bool:
        return person.pk != self.started_by_id

    def may_review(self, person: "User") -> bool:
        """Who neither placed nor ended it."""
        return person.pk not in {self.started_by_id, self.ended_by_id}
