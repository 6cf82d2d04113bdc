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
    """`number`: 1 when it was first read, and one more each time that the module is gone through again."""

    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="lessons_read")
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="reads")
    number = models.PositiveSmallIntegerField(_("time"), default=1)
    read_at = models.DateTimeField()

    class Meta:
        verbose_name = _("lesson read")
        constraints = (
            models.UniqueConstraint("enrolment", "lesson", "number", name="lesson_read_once_each_time"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="lesson_read_times_from_one"),
        )

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


class ModuleRenewal(models.Model):
    """A completed module was gone through again, before its completion lapsed or after it. The completion is
    round 1 and keeps its date; `number` counts on from it.
    """

    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="module_renewals")
    module = models.ForeignKey(Module, models.PROTECT, related_name="renewals")
    number = models.PositiveSmallIntegerField(_("round"))
    achieved_at = models.DateTimeField()

    class Meta:
        verbose_name = _("module renewal")
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint("enrolment", "module", "number", name="module_renewal_once_a_round"),
            models.CheckConstraint(condition=models.Q(number__gte=2), name="module_renewal_after_the_first"),
        )

    def __str__(self) -> str:
        return f"{self.enrolment}: {self.module} ({self.number})"
