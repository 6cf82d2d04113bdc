"""Who was at a session. A mark is never rewritten: a correction is a new one, which says why."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enablement.programs.models.session import Session
from tracks.models import Enrolment


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def standing(self) -> Self:
        """The marks that count: not corrected since, and of sessions that are not cancelled."""
        return self.filter(corrected_at=None, session__cancelled_at=None)


class Attendance(models.Model):
    """One mark of one person at one session. `corrects` is the mark in whose place it stands.

    Excused counts neither for a person nor against them.
    """

    class Mark(models.TextChoices):
        PRESENT = "present", _("Present")
        ABSENT = "absent", _("Absent")
        EXCUSED = "excused", _("Excused")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, models.PROTECT, related_name="marks")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="attendance")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="attendance")
    mark = models.CharField(_("mark"), max_length=10, choices=Mark.choices)
    marked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    marked_at = models.DateTimeField(_("marked"))
    corrects = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="correction")
    reason = models.CharField(_("why it is corrected"), max_length=500, blank=True)
    corrected_at = models.DateTimeField(null=True, blank=True)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("attendance")
        ordering = ("marked_at", "id")
        constraints = (
            models.UniqueConstraint(
                "session", "enrolment", condition=Q(corrected_at=None), name="attendance_standing_unique"
            ),
            models.CheckConstraint(
                condition=Q(mark__in=["present", "absent", "excused"]), name="attendance_mark_known"
            ),
            models.CheckConstraint(
                condition=~Q(marked_by=F("learner")), name="attendance_marked_by_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(corrects=None) | ~Q(reason=""), name="attendance_correction_says_why"
            ),
        )

    def __str__(self) -> str:
        return f"{self.learner}: {self.mark}"
