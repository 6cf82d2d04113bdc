"""Reports on cohorts, kept for download."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enablement.jobs.models import Job
from tracks.models import Cohort

if TYPE_CHECKING:
    from tracks.people import Person


def pdf_path(report: "Report", _name: str) -> str:
    return f"reports/{report.pk}.pdf"


def csv_path(report: "Report", _name: str) -> str:
    return f"reports/{report.pk}.csv"


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user: "Person") -> Self:
        """The reports on the cohorts that this person runs, whoever asked for them."""
        return self.filter(cohort__in=Cohort.objects.all().run_by(user))


class Report(models.Model):
    """How a cohort stood at `finished_at`: a PDF to read, a CSV of everybody. Its job says how far it is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="reports")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, models.PROTECT, related_name="report")
    created_at = models.DateTimeField(_("asked for"))
    finished_at = models.DateTimeField(_("figures as of"), null=True, blank=True)
    policy_revision = models.PositiveIntegerField(_("policy revision"), null=True, blank=True)
    pdf = models.FileField(upload_to=pdf_path, blank=True)
    csv = models.FileField(upload_to=csv_path, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        ordering = ("-created_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(finished_at=None, pdf="", csv="")
                | (Q(finished_at__isnull=False) & ~Q(pdf="") & ~Q(csv="")),
                name="report_finished_with_its_files",
            ),
        )

    def __str__(self) -> str:
        return f"{self.cohort}: {self.created_at:%Y-%m-%d}"
