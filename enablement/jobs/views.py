from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from enablement.jobs.models import Job


@require_safe
def job_detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """How far a job has come; the fragment alone for htmx, which asks for it until the job is finished."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=job_id)
    fragment = request.headers.get("HX-Request") == "true"
    template = "jobs/_progress.html" if fragment else "jobs/job_detail.html"
    response = render(request, template, {"job": job})
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, ("HX-Request",))
    return response
