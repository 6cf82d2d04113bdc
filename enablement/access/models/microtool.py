"""Governed tools and the prompts that belong to them."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class MicrotoolQuerySet(models.QuerySet["Microtool"]):
    def live(self) -> Self:
        return self.filter(retired_at=None)


class Microtool(models.Model):
    """One governed tool. Without a track nobody can show the skill: it stays locked. Retired, it denies."""

    key = models.CharField(_("name"), max_length=100, unique=True)
    title = models.CharField(_("title"), max_length=200)
    product = models.CharField(_("product"), max_length=100, blank=True)
    track = models.ForeignKey("tracks.Track", models.PROTECT, null=True, related_name="microtools")
    confidence_threshold = models.DecimalField(
        _("confidence below which the user reviews"), max_digits=4, decimal_places=3, null=True
    )
    approval_rule = models.TextField(_("approval rule"), blank=True)
    manual_grant = models.BooleanField(_("a person grants it"), default=False)
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
