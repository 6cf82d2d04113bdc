"""Asking for a report on a cohort, and writing it in a job."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enablement.jobs.progress import progress
from enablement.jobs.services import enqueue
from enablement.people.models import User
from enablement.reports import printing, spreadsheet
from enablement.reports.models import Report
from enablement.reports.reading import read
from enablement.reports.signals import report_requested
from tracks.facts import Fact
from tracks.models import Cohort
from tracks.rules import ensure_runs

STEPS = 3


@transaction.atomic
def request_report(*, cohort: Cohort, actor: User, at: datetime) -> Report:
    """A report on how the cohort stands when its job runs; for who runs the cohort.

    While one that the same person asked for is being written, that one is returned.
    """
    from enablement.reports.tasks import build as task

    ensure_runs(cohort, actor)
    report = Report(cohort=cohort, requested_by=actor, created_at=at)
    job = enqueue(
        task=task,
        args={"report_id": str(report.pk)},
        key=f"{cohort.pk}:{actor.pk}",
        requested_by=actor,
        title=_("Report: %(cohort)s") % {"cohort": cohort},
        at=at,
    )
    if job.args["report_id"] != str(report.pk):
        return Report.objects.get(job=job)
    report.job = job
    report.save(force_insert=True)
    fact = Fact(
        kind="reports.requested",
        subject=("reports.Report", str(report.pk)),
        at=at,
        actor_id=actor.pk,
        payload={"cohort": str(cohort.pk), "track": cohort.track.key},
    )
    report_requested.send(sender=Report, facts=[fact])
    return report


def build(*, report_id: UUID, at: datetime) -> Callable[[], dict[str, Any]]:
    """Write both files, outside any transaction; the effect that is returned keeps them."""
    report = Report.objects.select_related("cohort__track").get(pk=report_id)
    if report.finished_at is not None:
        return _result
    people = report.cohort.enrolments.live().count()
    reading_people = ngettext("Reading %(n)d person", "Reading %(n)d people", people) % {"n": people}
    progress(0, STEPS, reading_people)
    reading = read(cohort=report.cohort, at=at)
    progress(1, STEPS, _("Writing the table"))
    table = spreadsheet.as_csv(reading)
    progress(2, STEPS, _("Drawing the charts and the document"))
    document = printing.print_report(reading)
    report.policy_revision = reading.revision
    report.finished_at = at
    return partial(_keep, report, document, table)


@transaction.atomic
def _keep(report: Report, document: bytes, table: bytes) -> dict[str, Any]:
    if Report.objects.select_for_update().get(pk=report.pk).finished_at is not None:
        return _result()
    report.pdf.save("", ContentFile(document), save=False)
    report.csv.save("", ContentFile(table), save=False)
    try:
        report.save(update_fields=["pdf", "csv", "finished_at", "policy_revision"])
    except BaseException:
        report.pdf.delete(save=False)
        report.csv.delete(save=False)
        raise
    return _result()


def _result() -> dict[str, Any]:
    """For the job page: where the report is."""
    return {"url": reverse("reports")}
