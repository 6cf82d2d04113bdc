"""Attempts at quizzes, the questions drawn for them, and how mentors marked answers in words."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.question import QuestionVersion
from assessments.models.quiz import MAX_PAGE_SIZE, Quiz, QuizQuerySet
from tracks.models import Enrolment, Mentorship
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

    def waiting_for_marks(self) -> Self:
        return self.filter(state=Attempt.State.WAITING)

    def markable_by(self, user: Person, at: datetime | None = None) -> Self:
        """Of learners whom this person, or whoever they stand in for, mentors now; never one's own, and
        nothing of a quiz that they still have to pass themselves.
        """
        answered = Mentorship.objects.all().answered_by(user, at or timezone.now())
        mentored = Enrolment.objects.live().filter(pk__in=answered.values("enrolment"))
        others = self.filter(enrolment__in=mentored.values("pk")).exclude(user=user)
        return others.exclude(quiz__in=self.model.objects.all().kept_from(user).values("pk"))

    def kept_from(self, user: Person) -> QuizQuerySet:
        """Quizzes that this person takes and has not passed: no other role shows them what is right there."""
        passed = self.model.objects.proving().filter(user=user, passed=True)
        return Quiz.objects.all().taken_by(user).exclude(pk__in=passed.values("quiz"))

    def overdue(self, at: datetime) -> Self:
        """Open attempts whose deadline lies before `at`."""
        return self.open().filter(deadline_at__lt=at)


class Attempt(models.Model):
    """One try. Its draw, order, pages and threshold are fixed when it starts; it counts from then on.

    `deadline_at` includes `extra_min`, the minutes that this person was allowed; nothing but another
    allowance moves it. `timed_out`: it ended with its time, not by being handed in. While it waits for a
    mentor's marks it has no result.
    `points` is the exact sum rounded down to four decimals: rounding lifts nobody over the threshold.
    """

    class State(models.TextChoices):
        IN_PROGRESS = "in_progress", _("in progress")
        WAITING = "waiting", _("waits for a mentor's marks")
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
    extra_min = models.PositiveSmallIntegerField(_("extra minutes"), default=0)
    timed_out = models.BooleanField(_("time ran out"), default=False)
    page_size = models.PositiveSmallIntegerField(_("questions on a page"), default=5)
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
                | models.Q(state="waiting", submitted_at__isnull=False, points=None, passed=None)
                | (
                    models.Q(state__in=("graded", "lapsed"))
                    & models.Q(submitted_at__isnull=False, points__isnull=False, passed__isnull=False)
                ),
                name="attempt_closed_has_result",
            ),
            models.CheckConstraint(
                condition=models.Q(state="waiting")
                | models.Q(state__in=("in_progress", "graded"), timed_out=False)
                | models.Q(state="lapsed", timed_out=True),
                name="attempt_lapsed_is_timed_out",
            ),
            models.CheckConstraint(
                condition=models.Q(page_size__gte=1, page_size__lte=MAX_PAGE_SIZE),
                name="attempt_page_size_in_range",
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

    @property
    def has_result(self) -> bool:
        return self.points is not None

    @property
    def pages(self) -> int:
        return self.page_of(self.max_points)

    def page_of(self, position: int) -> int:
        return (position - 1) // self.page_size + 1


class AttemptItem(models.Model):
    """One question drawn for an attempt.

    `option_order` holds option keys as shuffled for this attempt. `response` is what
    `assessments.services.grading.read_response` makes of an answer; None is unanswered. `saved_at` is when
    that answer was given (the server's clock). `settled_at` is when its page was checked, which shows what is
    right and so ends what may be changed. `points` is None until it is graded.
    """

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField()
    question_version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="items")
    option_order = models.JSONField(default=list)
    response = models.JSONField(null=True, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)
    flagged = models.BooleanField(default=False)
    settled_at = models.DateTimeField(null=True, blank=True)
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


class ItemMark(models.Model):
    """How a mentor marked an answer in words, criterion by criterion. Kept for ever; the latest one counts.

    `marks` holds points by the key of the rubric's criterion; the question's version has the words, and never
    changes. `points` is what the whole answer earned with them.
    """

    item = models.ForeignKey(AttemptItem, models.PROTECT, related_name="marks")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    marker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="item_marks")
    marks = models.JSONField()
    points = models.DecimalField(max_digits=6, decimal_places=4)
    comment = models.TextField(_("comment"), blank=True)
    marked_at = models.DateTimeField()

    class Meta:
        verbose_name = _("mark")
        ordering = ("item", "-marked_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(marker=models.F("learner")), name="item_mark_not_ones_own"
            ),
            models.CheckConstraint(
                condition=models.Q(points__gte=0, points__lte=1), name="item_mark_points_in_range"
            ),
        )

    def __str__(self) -> str:
        return f"{self.item}: {self.points}"
