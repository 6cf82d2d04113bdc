"""Quizzes: what is asked from a bank, how long, how often, and what passes."""

from datetime import datetime
from typing import Any, ClassVar, Self, TypedDict
from uuid import UUID

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assessments.models.question import QuestionBank
from tracks.models import Enrolment, Module
from tracks.models.base import Content, ContentQuerySet
from tracks.people import Person

#: Of questions on one page; a page's form sends no more.
MAX_PAGE_SIZE = 100


class Section(TypedDict):
    """What one part of a quiz asks: the questions that `questions` names by key, in every attempt, and `draw`
    more that carry `tag` and belong to no earlier section. One that only asks fixed questions has no tag.
    """

    tag: str
    title: str
    draw: int
    questions: list[str]


class QuizQuerySet(ContentQuerySet["Quiz"]):
    def visible_to(self, user: Person) -> Self:
        """Quizzes of the tracks of every enrolment that this person may see."""
        enrolments = Enrolment.objects.visible_to(user).live()
        return self.filter(module__track__in=enrolments.values("track"))

    def taken_by(self, user: Person | UUID) -> Self:
        """Of the tracks on which this person is enrolled: what most people see, at a tenth of the cost."""
        return self.filter(module__track__in=Enrolment.objects.live().filter(user=user).values("track"))


class Quiz(Content):
    """Proof of a module. `sections` is a list of `Section`; `threshold` a share of the points (0.850)."""

    class Feedback(models.TextChoices):
        AFTER_EACH = "after_each", _("after each page of questions")
        AFTER_SUBMIT = "after_submit", _("after handing in")
        AFTER_CLOSE = "after_close", _("after the quiz has closed")
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
    valid_months = models.PositiveSmallIntegerField(
        _("months for which a pass holds"), null=True, blank=True, default=None
    )
    feedback = models.CharField(
        _("right answers are shown"), max_length=12, choices=Feedback.choices, default=Feedback.AFTER_SUBMIT
    )

    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    page_size = models.PositiveSmallIntegerField(_("questions on a page"), default=5)
    shuffle_questions = models.BooleanField(_("questions in random order"), default=True)
    shuffle_options = models.BooleanField(_("options in random order"), default=True)

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
            models.CheckConstraint(
                condition=models.Q(page_size__gte=1, page_size__lte=MAX_PAGE_SIZE),
                name="quiz_page_size_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(opens_at=None)
                | models.Q(closes_at=None)
                | models.Q(closes_at__gt=models.F("opens_at")),
                name="quiz_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=~models.Q(feedback="after_close") | models.Q(closes_at__isnull=False),
                name="quiz_feedback_after_close_has_a_close",
            ),
        )

    def get_absolute_url(self) -> str:
        return reverse("quiz", args=[self.pk])

    @property
    def draws(self) -> int:
        """How many questions an attempt asks."""
        sections: list[Section] = self.sections
        return sum(section["draw"] + len(section.get("questions", ())) for section in sections)

    def is_before_its_window(self, at: datetime) -> bool:
        return self.opens_at is not None and at < self.opens_at

    def is_closed(self, at: datetime) -> bool:
        return self.closes_at is not None and at >= self.closes_at
