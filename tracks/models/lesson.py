"""Lessons and their versions."""

from datetime import datetime
from typing import Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracks.models.base import Content
from tracks.models.track import Module


class Lesson(Content):
    class Kind(models.TextChoices):
        TEXT = "text", _("Reading")
        CHECKLIST = "checklist", _("Checklist")
        CASE_STUDY = "case_study", _("Case study")
        RUNBOOK = "runbook", _("Runbook")
        TEMPLATE = "template", _("Template")
        POSTER = "poster", _("Poster")

    module = models.ForeignKey(Module, models.PROTECT, related_name="lessons")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.TEXT)
    minutes = models.PositiveSmallIntegerField(_("minutes"))
    language = models.CharField(_("language"), max_length=12, default="en-gb")

    class Meta(Content.Meta):
        verbose_name = _("lesson")
        constraints = (models.UniqueConstraint("module", "key", name="lesson_key_unique_in_module"),)

    def get_absolute_url(self) -> str:
        return reverse("lesson", args=[self.module.track.key, self.module.key, self.key])


class LessonVersionQuerySet(models.QuerySet["LessonVersion"]):
    def pinned(self, *, lesson: Lesson, at: datetime) -> Self:
        """Newest first, what an enrolment that pinned its content at `at` reads.

        A major version counts from its first publication; patches of that major reach everyone, later too.
        """
        majors = self.filter(lesson=lesson, published_at__lte=at).order_by("-major").values("major")[:1]
        first = self.filter(lesson=lesson).order_by("major").values("major")[:1]
        wanted = models.functions.Coalesce(models.Subquery(majors), models.Subquery(first))
        return self.filter(lesson=lesson, major=wanted).order_by("-patch")


class LessonVersion(models.Model):
    """The text of a lesson. A patch mends it for everyone; a major version is for new enrolments only."""

    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="versions")
    major = models.PositiveSmallIntegerField()
    patch = models.PositiveSmallIntegerField()
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    objects = LessonVersionQuerySet.as_manager()

    class Meta:
        ordering = ("lesson", "-major", "-patch")
        constraints = (
            models.UniqueConstraint("lesson", "major", "patch", name="lesson_version_unique"),
            models.CheckConstraint(condition=models.Q(major__gte=1), name="lesson_version_major_positive"),
        )

    def __str__(self) -> str:
        return f"{self.lesson} {self.major}.{self.patch}"
