"""Cohorts, enrolments and mentorships."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self, cast

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from guardian.shortcuts import get_objects_for_user

from tracks.models.delegation import Delegation
from tracks.models.track import Track
from tracks.people import Person
from tracks.zones import validate_zone

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


class CohortQuerySet(models.QuerySet["Cohort"]):
    def run_by(self, user: "AbstractBaseUser") -> Self:
        """Cohorts whose program manager is this person."""
        run = get_objects_for_user(user, "tracks.run_cohort", self, accept_global_perms=False)
        return cast("Self", run)

    def visible_to(self, user: "AbstractBaseUser") -> Self:
        """Cohorts that this person runs, mentors or learns in."""
        return self.filter(
            models.Q(pk__in=self.run_by(user).values("pk"))
            | models.Q(mentorships__mentor=user, mentorships__ended_at=None)
            | models.Q(enrolments__user=user)
        ).distinct()


class Cohort(models.Model):
    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        RUNNING = "running", _("running")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    track = models.ForeignKey(Track, models.PROTECT, related_name="cohorts", verbose_name=_("track"))
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_zone])
    starts_on = models.DateField(_("starts on"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PLANNED)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)

    objects = CohortQuerySet.as_manager()

    class Meta:
        verbose_name = _("cohort")
        ordering = ("-starts_on", "name")
        permissions = (
            ("run_cohorts", "Can start and run cohorts"),
            ("run_cohort", "Runs this cohort"),
            ("mentor_cohort", "Mentors in this cohort"),
        )
        constraints = (
            models.UniqueConstraint(fields=("name",), name="cohort_name_unique"),
            models.CheckConstraint(
                condition=models.Q(state="planned", started_at=None)
                | (~models.Q(state="planned") & models.Q(started_at__isnull=False)),
                name="cohort_started_when_not_planned",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("cohort", args=[self.pk])


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def live(self) -> Self:
        """Enrolments that still count: not withdrawn."""
        return self.exclude(state=Enrolment.State.WITHDRAWN)

    def visible_to(self, user: "AbstractBaseUser") -> Self:
        """One's own, one's mentees', and those of the cohorts that one runs."""
        return self.filter(
            models.Q(user=user)
            | models.Q(mentorships__mentor=user, mentorships__ended_at=None)
            | models.Q(cohort__in=Cohort.objects.all().run_by(user))
        ).distinct()


class Enrolment(models.Model):
    """One person on one track. Pins content as of `content_at`; due at the end of `due_on`, cohort's zone."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("on leave")
        COMPLETED = "completed", _("completed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="enrolments")
    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="enrolments")
    track = models.ForeignKey(Track, models.PROTECT, related_name="enrolments")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ACTIVE)
    enrolled_at = models.DateTimeField(_("enrolled"))
    content_at = models.DateTimeField(_("content as of"))
    due_on = models.DateField(_("due on"))
    paused_on = models.DateField(_("on leave since"), null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        ordering = ("user__name",)
        constraints = (
            models.UniqueConstraint(
                "user", "track", condition=~models.Q(state="withdrawn"), name="enrolment_live_unique"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="completed") | models.Q(completed_at__isnull=False),
                name="enrolment_completed_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state="paused", paused_on__isnull=False)
                | (~models.Q(state="paused") & models.Q(paused_on=None)),
                name="enrolment_paused_has_day",
            ),
            models.CheckConstraint(
                condition=models.Q(state="withdrawn", withdrawn_at__isnull=False)
                | (~models.Q(state="withdrawn") & models.Q(withdrawn_at=None)),
                name="enrolment_withdrawn_has_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.track}"

    @property
    def counts(self) -> bool:
        """Whether what was achieved in it is proof now, as `live()` says of rows."""
        return self.state != Enrolment.State.WITHDRAWN


class MentorshipQuerySet(models.QuerySet["Mentorship"]):
    def current(self) -> Self:
        return self.filter(ended_at=None)

    def answered_by(self, user: Person, at: datetime) -> Self:
        """Current ones in which this person may act: the mentor, and their delegate at that time."""
        away = Delegation.objects.in_force(at).filter(delegate=user).values("mentor")
        return self.current().filter(models.Q(mentor=user) | models.Q(mentor__in=away))


class Mentorship(models.Model):
    """`mentor` answers for one enrolment from `since` until `ended_at` (None: now)."""

    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="mentorships")
    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="mentorships")
    mentor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="mentorships")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="mentored_by")
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MentorshipQuerySet.as_manager()

    class Meta:
        verbose_name = _("mentorship")
        constraints = (
            models.UniqueConstraint(
                "enrolment", "mentor", condition=models.Q(ended_at=None), name="mentorship_current_unique"
            ),
            models.CheckConstraint(
                condition=~models.Q(mentor=models.F("learner")), name="mentorship_mentor_is_not_learner"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(ended_at__gte=models.F("since")),
                name="mentorship_ends_after_start",
            ),
        )

    def __str__(self) -> str:
        return f"{self.mentor} → {self.learner}"
