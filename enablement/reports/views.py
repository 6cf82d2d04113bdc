"""Reports: ask for one, see how far it is, fetch its files."""

from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from enablement.people.requests import PersonRequest
from enablement.reports import services
from enablement.reports.models import Report
from tracks.models import Cohort

PAGE_SIZE = 25
TYPES = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}


@require_safe
@never_cache
@permission_required("tracks.run_cohorts", raise_exception=True)
def reports(request: PersonRequest) -> HttpResponse:
    found = Report.objects.visible_to(request.user).select_related("cohort", "job", "requested_by")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    cohorts = Cohort.objects.all().run_by(request.user).select_related("track")
    return render(request, "reports/reports.html", {"page": page, "cohorts": cohorts})


@require_POST
def report_request(request: PersonRequest, cohort_id: UUID) -> HttpResponse:
    cohort = get_object_or_404(Cohort.objects.all().run_by(request.user), pk=cohort_id)
    report = services.request_report(cohort=cohort, actor=request.user, at=timezone.now())
    return redirect(report.job)


@require_safe
@never_cache
def report_file(request: PersonRequest, report_id: UUID, kind: str) -> FileResponse:
    """`kind` is pdf or csv."""
    finished = Report.objects.visible_to(request.user).exclude(finished_at=None).select_related("cohort")
    report = get_object_or_404(finished, pk=report_id)
    file = report.pdf if kind == "pdf" else report.csv
    name = f"{slugify(report.cohort.name) or 'cohort'}-{report.finished_at:%Y-%m-%d}.{kind}"
    return FileResponse(file.open(), as_attachment=True, filename=name, content_type=TYPES[kind])
