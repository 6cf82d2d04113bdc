"""Progress facts. Nothing here is deleted: a withdrawn fact keeps its row and says why."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from tracks.models.cohort import Enrolment
from tracks.models.lesson import Lesson
from tracks.models.track import Component, Module

_WITHDRAWN_WITH_REASON = models.Q(withdrawn_at=None, withdrawn_reason="") | (
    models.Q(withdrawn_at__isnull=False) & ~models.Q(withdrawn_reason="")
)


class FactQuerySet(models.QuerySet["models.Model"]):
    def current(self) -> Self:
        return self.filter(withdrawn_at=None)


class LessonRead(models.Model):
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="lessons_read")
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="reads")
    read_at = models.DateTimeField()

    class Meta:
        verbose_name = _("lesson read")
        constraints = (models.UniqueConstraint("enrolment", "lesson", name="lesson_read_once"),)

    def __str__(self) -> str:
        return f"{self.enrolment}: {self.lesson}"


class WithdrawableFact(models.Model):
    achieved_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(max_length=500, blank=True)

    objects = FactQuerySet.as_manager()

    class Meta:
        abstract = True


class ComponentCompletion(WithdrawableFact):
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="component_completions")
    component = models.ForeignKey(Component, models.PROTECT, related_name="completions")

    class Meta:
        verbose_name = _("component completion")
        constraints = (
            models.CheckConstraint(
                condition=_WITHDRAWN_WITH_REASON, name="component_completion_withdrawn_why"
            ),
            models.UniqueConstraint(
                "enrolment",
                "component",
                condition=models.Q(withdrawn_at=None),
                name="component_completion_current_unique",
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrolment}: {self.component}"


class ModuleCompletion(WithdrawableFact):
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="module_completions")
    module = models.ForeignKey(Module, models.PROTECT, related_name="completions")

    class Meta:
        verbose_name = _("module completion")
        constraints = (
            models.CheckConstraint(condition=_WITHDRAWN_WITH_REASON, name="module_completion_withdrawn_why"),
            models.UniqueConstraint(
                "enrolment",
                "module",
                condition=models.Q(withdrawn_at=None),
                name="module_completion_current_unique",
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrolment}: {self.module}"
