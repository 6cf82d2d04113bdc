"""Quizzes: what is drawn from a bank, how long, how often, and what passes."""

from typing import Any, ClassVar, Self, TypedDict

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assessments.models.question import QuestionBank
from tracks.models import Enrolment, Module
from tracks.models.base import Content, ContentQuerySet
from tracks.people import Person


class Section(TypedDict):
    """An attempt draws `draw` questions that carry `tag` and belong to no earlier section."""

    tag: str
    title: str
    draw: int


class QuizQuerySet(ContentQuerySet["Quiz"]):
    def visible_to(self, user: Person) -> Self:
        """Quizzes of the tracks of every enrolment that this person may see."""
        enrolments = Enrolment.objects.visible_to(user).live()
        return self.filter(module__track__in=enrolments.values("track"))


class Quiz(Content):
    """Proof of a module. `sections` is a list of `Section`; `threshold` a share of the points (0.850)."""

    class Feedback(models.TextChoices):
        AFTER_SUBMIT = "after_submit", _("after handing in")
        AFTER_PASS = "after_pass", _("after passing")
        NEVER = "never", _("never")

    module = models.ForeignKey(Module, models.PROTECT, related_name="quizzes")
    bank = models.ForeignKey(QuestionBank, models.PROTECT, related_name="quizzes")
    intro = models.TextField(_("introduction"), blank=True)
    sections = models.JSONField(_("sections"), default=list)
    time_limit_min = models.PositiveSmallIntegerField(_("time limit in minutes"))
    threshold = models.DecimalField(_("threshold"), max_digits=4, decimal_places=3)
    max_attempts = models.PositiveSmallIntegerField(_("attempts"), default=3)
    cooldown_hours = models.PositiveSmallIntegerField(_("hours between attempts"), default=24)
    feedback = models.CharField(
        _("right answers are shown"), max_length=12, choices=Feedback.choices, default=Feedback.AFTER_SUBMIT
    )

    objects: ClassVar[Any] = QuizQuerySet.as_manager()

    class Meta(Content.Meta):
        verbose_name = _("quiz")
        verbose_name_plural = _("quizzes")
        constraints = (
            models.UniqueConstraint("module", "key", name="quiz_key_unique_in_module"),
            models.CheckConstraint(
                condition=models.Q(threshold__gt=0, threshold__lte=1), name="quiz_threshold_is_a_share"
            ),
            models.CheckConstraint(
                condition=models.Q(time_limit_min__gte=1), name="quiz_time_limit_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(max_attempts__gte=1), name="quiz_max_attempts_positive"
            ),
        )

    def get_absolute_url(self) -> str:
        return reverse("quiz", args=[self.pk])

    @property
    def draws(self) -> int:
        """How many questions an attempt asks."""
        sections: list[Section] = self.sections
        return sum(section["draw"] for section in sections)
