"""Governed tools and the prompts that belong to them."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

REWORK_OF_MAX, REWORK_DAYS_MAX = 1_000, 365


class MicrotoolQuerySet(models.QuerySet["Microtool"]):
    def live(self) -> Self:
        return self.filter(retired_at=None)


class Microtool(models.Model):
    """One governed tool. Without a track nobody can show the skill: it stays locked. Retired, it denies.

    rework_count, _of, _days: its own rule on rework (`access.rework`); None is the installation's.
    """

    key = models.CharField(_("name"), max_length=100, unique=True)
    title = models.CharField(_("title"), max_length=200)
    product = models.CharField(_("product"), max_length=100, blank=True)
    track = models.ForeignKey("tracks.Track", models.PROTECT, null=True, related_name="microtools")
    confidence_threshold = models.DecimalField(
        _("confidence below which the user reviews"), max_digits=4, decimal_places=3, null=True
    )
    approval_rule = models.TextField(_("approval rule"), blank=True)
    manual_grant = models.BooleanField(_("a person grants it"), default=False)
    rework_count = models.PositiveSmallIntegerField(_("reworked outputs"), null=True, blank=True)
    rework_of = models.PositiveSmallIntegerField(_("of so many reported"), null=True, blank=True)
    rework_days = models.PositiveSmallIntegerField(_("within days"), null=True, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    objects = MicrotoolQuerySet.as_manager()

    class Meta:
        verbose_name = _("microtool")
        ordering = ("key",)
        permissions = (("use_microtool", "May use a governed tool (answered by live grants alone)"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(confidence_threshold=None)
                | models.Q(confidence_threshold__gte=0, confidence_threshold__lte=1),
                name="microtool_confidence_threshold_is_a_share",
            ),
            models.CheckConstraint(
                condition=models.Q(rework_count=None, rework_of=None, rework_days=None)
                | models.Q(
                    rework_count__isnull=False,
                    rework_of__isnull=False,
                    rework_days__isnull=False,
                    rework_count__gte=1,
                    rework_of__gte=models.F("rework_count"),
                    rework_of__lte=REWORK_OF_MAX,
                    rework_days__gte=1,
                    rework_days__lte=REWORK_DAYS_MAX,
                ),
                name="microtool_rework_rule_is_whole",
            ),
        )

    def __str__(self) -> str:
        return self.title


class Prompt(models.Model):
    """A prompt of the library. Without a tool it cannot be run: it is listed as a gap of the playbook."""

    key = models.CharField(_("key"), max_length=100, unique=True)
    microtool = models.ForeignKey(Microtool, models.PROTECT, null=True, related_name="prompts")
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        verbose_name = _("prompt")
        ordering = ("key",)

    def __str__(self) -> str:
        return self.key
