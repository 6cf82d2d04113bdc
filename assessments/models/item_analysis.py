"""Item analyses: how the questions of a quiz work, as a job found it at a moment."""

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assessments.models.quiz import Quiz


class ItemAnalysis(models.Model):
    """One analysis of a quiz; `results` is what `assessments.psychometrics.analyse` gives, and never changes.

    people: whose first attempt with a result it rests on; first_at and last_at: the ends of the earliest and
    the latest of these attempts.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="analyses")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(_("asked for"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    people = models.PositiveIntegerField(_("people"), default=0)
    first_at = models.DateTimeField(_("from"), null=True, blank=True)
    last_at = models.DateTimeField(_("to"), null=True, blank=True)
    results = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("item analysis")
        verbose_name_plural = _("item analyses")
        ordering = ("-requested_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                "quiz", condition=models.Q(finished_at=None), name="item_analysis_one_under_way"
            ),
            models.CheckConstraint(
                condition=models.Q(finished_at__isnull=False)
                | models.Q(people=0, first_at=None, last_at=None),
                name="item_analysis_figures_when_finished",
            ),
        )

    def __str__(self) -> str:
        return f"{self.quiz}: {self.requested_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("analysis", args=[self.quiz_id])
