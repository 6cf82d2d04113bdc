"""Attempts at quizzes, the questions drawn for them, and extra attempts that a mentor unlocked."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assessments.models.question import QuestionVersion
from assessments.models.quiz import Quiz
from tracks.models import Enrolment
from tracks.people import Person


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def visible_to(self, user: Person) -> Self:
        """One's own attempts: answers are between a person and the quiz."""
        return self.filter(user=user)

    def proving(self) -> Self:
        """Of enrolments that still count: a pass goes with the enrolment that it was made for."""
        return self.exclude(enrolment__state=Enrolment.State.WITHDRAWN)

    def open(self) -> Self:
        return self.filter(state=Attempt.State.IN_PROGRESS)

    def overdue(self, at: datetime) -> Self:
        """Open attempts whose deadline lies before `at`."""
        return self.open().filter(deadline_at__lt=at)


class Attempt(models.Model):
    """One try. Its draw, order, threshold and deadline are fixed when it starts; it counts from then on.

    `points` is the exact sum rounded down to four decimals: rounding lifts nobody over the threshold.
    """

    class State(models.TextChoices):
        IN_PROGRESS = "in_progress", _("in progress")
        GRADED = "graded", _("handed in")
        LAPSED = "lapsed", _("time ran out")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="attempts")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="attempts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.IN_PROGRESS)
    started_at = models.DateTimeField(_("started"))
    deadline_at = models.DateTimeField(_("ends"))
    submitted_at = models.DateTimeField(_("ended"), null=True, blank=True)
    threshold = models.DecimalField(_("threshold"), max_digits=4, decimal_places=3)
    points = models.DecimalField(_("points"), max_digits=8, decimal_places=4, null=True, blank=True)
    max_points = models.PositiveSmallIntegerField(_("points to reach"))
    passed = models.BooleanField(_("passed"), null=True, blank=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        ordering = ("-started_at",)
        constraints = (
            models.UniqueConstraint("quiz", "user", "number", name="attempt_number_unique"),
            models.UniqueConstraint(
                "quiz", "user", condition=models.Q(state="in_progress"), name="attempt_open_unique"
            ),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="attempt_number_positive"),
            models.CheckConstraint(
                condition=models.Q(deadline_at__gt=models.F("started_at")), name="attempt_ends_after_start"
            ),
            models.CheckConstraint(
                condition=models.Q(state="in_progress", submitted_at=None, points=None, passed=None)
                | (
                    models.Q(state__in=("graded", "lapsed"))
                    & models.Q(submitted_at__isnull=False, points__isnull=False, passed__isnull=False)
                ),
                name="attempt_closed_has_result",
            ),
            models.CheckConstraint(
                condition=models.Q(submitted_at=None)
                | models.Q(
                    submitted_at__gte=models.F("started_at"), submitted_at__lte=models.F("deadline_at")
                ),
                name="attempt_ended_within_its_time",
            ),
            models.CheckConstraint(
                condition=models.Q(points=None) | models.Q(points__gte=0, points__lte=models.F("max_points")),
                name="attempt_points_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(threshold__gt=0, threshold__lte=1), name="attempt_threshold_is_a_share"
            ),
        )

    def __str__(self) -> str:
        return f"{self.quiz} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("attempt", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state == Attempt.State.IN_PROGRESS


class AttemptItem(models.Model):
    """One question drawn for an attempt.

    `option_order` holds option keys as shuffled for this attempt. `response` is, by the question's kind, an
    option key, a sorted list of option keys, true or false, or a decimal number as text; None is unanswered.
    `saved_at` is when that answer was given (the server's clock).
    """

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField()
    question_version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="items")
    option_order = models.JSONField(default=list)
    response = models.JSONField(null=True, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)
    flagged = models.BooleanField(default=False)
    points = models.DecimalField(max_digits=6, decimal_places=4, null=True, blank=True)
    max_points = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ("attempt", "position")
        constraints = (
            models.UniqueConstraint("attempt", "position", name="attempt_item_position_unique"),
            models.UniqueConstraint("attempt", "question_version", name="attempt_item_question_unique"),
            models.CheckConstraint(
                condition=models.Q(position__gte=1), name="attempt_item_position_positive"
            ),
            models.CheckConstraint(condition=models.Q(max_points=1), name="attempt_item_marks_equal"),
            models.CheckConstraint(
                condition=models.Q(points=None) | models.Q(points__gte=0, points__lte=models.F("max_points")),
                name="attempt_item_points_in_range",
            ),
        )

    def __str__(self) -> str:
        return f"{self.attempt}: {self.position}"


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
