"""A job: work that outlives its request, its message and its worker."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enablement.jobs import conf


class JobState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


TITLE_MAX = 200
NOTE_MAX = 200
ERROR_MAX = 300
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: PermissionsMixin | AnonymousUser) -> Self:
        """Who asked for a job sees it; people with the right to view jobs see all."""
        if isinstance(user, AnonymousUser):
            return self.none()
        if user.has_perm("jobs.view_job"):
            return self.all()
        return self.filter(requested_by=user.pk)

    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def like(self, *, kind: str, key: str, period: str) -> Self:
        """The jobs that make another one of this kind superfluous."""
        same = Q(pk=None)
        if key:
            same |= Q(key=key, state__in=UNFINISHED)
        if period:
            same |= Q(period=period)
        return self.filter(same, kind=kind)

    def claimable(self, *, at: datetime) -> Self:
        """Waiting and due, or left behind by a worker whose lease has lapsed."""
        due = Q(state=JobState.QUEUED) & (Q(not_before=None) | Q(not_before__lte=at))
        left_behind = Q(state=JobState.RUNNING, lease_until__lt=at)
        return self.filter(due | left_behind, attempts__lt=F("max_attempts"))

    def worn_out(self, *, at: datetime) -> Self:
        """Left behind by the worker of their last attempt."""
        return self.filter(state=JobState.RUNNING, lease_until__lt=at, attempts__gte=F("max_attempts"))

    def held(self, job: "Job") -> Self:
        """`job`, as long as the attempt that claimed it is the current one (the fence)."""
        return self.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)


class Job(models.Model):
    """One piece of work: Celery's outbox, written in the transaction of the fact that asks for it.

    args: ids only, by the names of the task's parameters.
    attempts: also the token of the attempt that holds the job; every write of a worker names it.
    progress_total: 0 where the amount is not known.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("task"), max_length=200)
    title = models.CharField(_("title"), max_length=TITLE_MAX, blank=True)
    args = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    key = models.CharField(max_length=200, blank=True)
    period = models.CharField(max_length=64, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField(_("state"), max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    progress_note = models.CharField(max_length=NOTE_MAX, blank=True)
    result = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    error = models.CharField(max_length=ERROR_MAX, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ("-created_at", "id")
        indexes = (
            models.Index(
                fields=("state", "sent_at"),
                condition=Q(state__in=UNFINISHED),
                name="job_unfinished_index",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "key"),
                condition=Q(state__in=UNFINISHED) & ~Q(key=""),
                name="job_unfinished_key_unique",
            ),
            models.UniqueConstraint(
                fields=("kind", "period"), condition=~Q(period=""), name="job_period_unique"
            ),
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(state=JobState.RUNNING, lease_until__isnull=False)
                | (~Q(state=JobState.RUNNING) & Q(lease_until=None)),
                name="job_lease_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNFINISHED, finished_at=None)
                | (~Q(state__in=UNFINISHED) & Q(finished_at__isnull=False)),
                name="job_finished_at_when_finished",
            ),
            models.CheckConstraint(condition=~Q(state=JobState.FAILED, error=""), name="job_failed_says_why"),
            models.CheckConstraint(
                condition=Q(attempts__lte=F("max_attempts")), name="job_attempts_within_limit"
            ),
            models.CheckConstraint(
                condition=Q(progress_total=0) | Q(progress_done__lte=F("progress_total")),
                name="job_progress_within_total",
            ),
        )

    def __str__(self) -> str:
        return self.title or self.kind

    def get_absolute_url(self) -> str:
        return reverse("job_detail", args=[self.pk])

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def result_url(self) -> str:
        """Where the result can be fetched, for tasks whose result names it."""
        return str(self.result.get("url", "")) if isinstance(self.result, dict) else ""

    def send_again_at(self) -> datetime | None:
        """When a message that nobody has answered counts as lost; None where none was sent.

        The pause is as long as the job had waited when the message went out, within limits: a worker that is
        away for a night finds a handful of messages per job and not thousands.
        """
        if self.sent_at is None:
            return None
        waited = self.sent_at - self.created_at
        return self.sent_at + min(max(waited, conf.resend()), conf.resend_at_most())
