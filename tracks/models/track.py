"""Tracks and their modules."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracks.models.base import Content, ContentQuerySet
from tracks.models.role import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser


class TrackQuerySet(ContentQuerySet["Track"]):
    def visible_to(self, user: "AbstractUser") -> Self:
        """Tracks that this person learns, mentors or runs; all of them for who writes playbooks."""
        from tracks.models.cohort import Cohort, Enrolment

        if user.has_perm("playbook.author_playbooks"):
            return self
        runs = Cohort.objects.all().run_by(user)
        cares = Enrolment.objects.live().filter(
            models.Q(user=user) | models.Q(mentorships__mentor=user, mentorships__ended_at=None)
        )
        return self.filter(models.Q(pk__in=cares.values("track")) | models.Q(pk__in=runs.values("track")))


class Track(Content):
    """What one role learns, in order. `due_days` is the window for completion (playbook: 14 days)."""

    role = models.ForeignKey(Role, models.PROTECT, related_name="tracks")
    summary = models.TextField(_("summary"), blank=True)
    kpis = models.JSONField(_("key figures"), default=list, blank=True)
    due_days = models.PositiveSmallIntegerField(_("days to complete"), default=14)

    objects: ClassVar[Any] = TrackQuerySet.as_manager()

    class Meta(Content.Meta):
        verbose_name = _("track")
        constraints = (models.UniqueConstraint("key", name="track_key_unique"),)

    def get_absolute_url(self) -> str:
        return reverse("track", args=[self.key])


class Module(Content):
    """valid_months: a completion holds so long; then the module is gone through again (None: for good)."""

    track = models.ForeignKey(Track, models.PROTECT, related_name="modules")
    duration_min = models.PositiveIntegerField(_("duration in minutes"))
    outcomes = models.JSONField(_("outcomes"), default=list, blank=True)
    valid_months = models.PositiveSmallIntegerField(
        _("months for which a completion holds"), null=True, blank=True, default=None
    )

    class Meta(Content.Meta):
        verbose_name = _("module")
        constraints = (
            models.UniqueConstraint("track", "key", name="module_key_unique_in_track"),
            models.CheckConstraint(
                condition=models.Q(valid_months=None) | models.Q(valid_months__gte=1),
                name="module_holds_for_some_time",
            ),
        )

    def get_absolute_url(self) -> str:
        return reverse("module", args=[self.track.key, self.key])


class Component(models.Model):
    """One thing that a module's completion needs: its lessons, one quiz or one lab.

    An upper app declares its own (`require_component`) and reports it achieved (`record_completion`).
    """

    class Kind(models.TextChoices):
        LESSONS = "lessons", _("lessons")
        QUIZ = "quiz", _("quiz")
        LAB = "lab", _("lab")

    module = models.ForeignKey(Module, models.PROTECT, related_name="components")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    key = models.SlugField(_("key"), max_length=100)
    title = models.CharField(_("title"), max_length=200)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("component")
        ordering = ("id",)
        constraints = (models.UniqueConstraint("module", "kind", "key", name="component_unique_in_module"),)

    def __str__(self) -> str:
        return self.title
