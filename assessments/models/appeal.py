"""Appeals: somebody disagrees with a mark or a verdict, and another person answers."""

import uuid
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assessments.models.attempt import AttemptItem
from assessments.models.regrade import Regrade
from assessments.models.shadow_answers import ShadowSample
from assessments.models.submission import LabReview, Submission
from tracks.models import Enrolment
from tracks.people import Person

_OPEN = models.Q(answered_at=None, answered_by=None, upheld=None, answer="", consequence="")


class AppealQuerySet(models.QuerySet["Appeal"]):
    def of(self, user: Person) -> Self:
        return self.filter(learner=user)

    def open(self) -> Self:
        return self.filter(answered_at=None)

    def answered(self) -> Self:
        return self.filter(answered_at__isnull=False)


class Appeal(models.Model):
    """Against the points of one question (`item`), one criterion of a lab's review, or one shadow sample.

    A thing is appealed once; its answer is final. due_at: three working days after it came in, by the
    calendar of the learner's cohort. answer: for the learner to read at once; note: reasons that may name
    what is right, for the learner once the quiz shows that. regrade, again, mark_…: what upholding led to.
    """

    class Kind(models.TextChoices):
        QUESTION = "question", _("question of a quiz")
        LAB = "lab", _("mark of a lab")
        SAMPLE = "sample", _("shadow-mode case")

    class Consequence(models.TextChoices):
        NONE = "none", _("nothing changes")
        EXCUSED = "excused", _("the question is excused in this attempt")
        EXCUSED_ALL = "excused_all", _("the question is excused for everybody")
        REGRADED = "regraded", _("the question is marked again by its newest key")
        REMARKED = "remarked", _("the answer has new marks")
        NEW_MARK = "new_mark", _("the criterion has a new mark")
        REJUDGED = "rejudged", _("the case has another right answer")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("about"), max_length=8, choices=Kind.choices)
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="appeals")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="appeals")
    item = models.ForeignKey(AttemptItem, models.PROTECT, related_name="appeals", null=True, blank=True)
    review = models.ForeignKey(LabReview, models.PROTECT, related_name="appeals", null=True, blank=True)
    criterion = models.CharField(max_length=100, blank=True)
    sample = models.ForeignKey(ShadowSample, models.PROTECT, related_name="appeals", null=True, blank=True)
    reason = models.TextField(_("reason"), max_length=2000)
    opened_at = models.DateTimeField(_("opened"))
    due_at = models.DateTimeField(_("due"))
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    upheld = models.BooleanField(null=True, blank=True)
    consequence = models.CharField(max_length=11, choices=Consequence.choices, blank=True)
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    note = models.TextField(_("reasons"), max_length=2000, blank=True)
    regrade = models.ForeignKey(Regrade, models.PROTECT, related_name="appeals", null=True, blank=True)
    again = models.ForeignKey(Submission, models.PROTECT, related_name="appeals", null=True, blank=True)
    mark_before = models.CharField(max_length=200, blank=True)
    mark_after = models.CharField(max_length=200, blank=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal")
        ordering = ("due_at", "pk")
        permissions = (("answer_appeals", "Can answer appeals"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(
                    kind="question", item__isnull=False, review=None, criterion="", sample=None
                )
                | (
                    models.Q(kind="lab", item=None, review__isnull=False, sample=None)
                    & ~models.Q(criterion="")
                )
                | models.Q(kind="sample", item=None, review=None, criterion="", sample__isnull=False),
                name="appeal_is_about_one_thing",
            ),
            models.UniqueConstraint("item", name="appeal_question_once"),
            models.UniqueConstraint("review", "criterion", name="appeal_mark_once"),
            models.UniqueConstraint("sample", name="appeal_sample_once"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="appeal_has_reason"),
            models.CheckConstraint(
                condition=models.Q(answered_by=None) | ~models.Q(answered_by=models.F("learner")),
                name="appeal_answered_by_another",
            ),
            models.CheckConstraint(
                condition=_OPEN
                | (
                    models.Q(answered_at__isnull=False, answered_by__isnull=False, upheld__isnull=False)
                    & ~models.Q(answer="")
                    & ~models.Q(consequence="")
                ),
                name="appeal_answered_by_whom_and_how",
            ),
            models.CheckConstraint(
                condition=~models.Q(upheld=False) | models.Q(consequence="none"),
                name="appeal_rejected_changes_nothing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner}: {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("appeal", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.answered_at is None

    @property
    def thing(self) -> Any:
        return self.item or self.review or self.sample

    def overdue_at(self, at: datetime) -> bool:
        return self.is_open and at > self.due_at
