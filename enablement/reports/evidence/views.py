"""Evidence packs: ask for one, see how far it is, take it away."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from enablement.access.services.decision_log import note_reading
from enablement.ledger import signing
from enablement.ledger.models import LedgerCheckpoint
from enablement.ledger.models.checkpoint import fingerprint
from enablement.people.requests import PersonRequest
from enablement.reports.evidence import readings, services
from enablement.reports.evidence.forms import PackForm, ReadingsForm
from enablement.reports.models import EvidencePack

PAGE_SIZE = 25
_oversees = permission_required("people.give_auditor_access", raise_exception=True)
_reads_evidence = permission_required(services.RIGHT, raise_exception=True)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@_reads_evidence
def evidence_packs(request: PersonRequest) -> HttpResponse:
    form = PackForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        pack = services.request_pack(**form.cleaned_data, actor=request.user, at=timezone.now())
        return redirect(pack.job)
    page = request.GET.get("page", "")
    note_reading(
        kind="packs",
        what="page",
        wanted={"page": page if page.isdecimal() else ""},
        actor=request.user,
        at=timezone.now(),
    )
    found = EvidencePack.objects.visible_to(request.user)
    found = found.select_related("person", "cohort", "microtool", "requested_by", "job")
    context: dict[str, Any] = {
        "form": form,
        "page": Paginator(found, PAGE_SIZE).get_page(page),
        "checkpoint": LedgerCheckpoint.objects.order_by("-number").first(),
        "key": fingerprint(signing.public_key()),
    }
    return render(request, "reports/evidence/packs.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
@_reads_evidence
def evidence_pack_file(request: PersonRequest, pack_id: UUID) -> FileResponse:
    finished = EvidencePack.objects.visible_to(request.user).exclude(finished_at=None)
    pack = get_object_or_404(finished, pk=pack_id)
    services.note_download(pack=pack, actor=request.user, at=timezone.now())
    name = f"evidence-{pack.finished_at:%Y-%m-%d}-{str(pack.pk)[:8]}.zip"
    return FileResponse(pack.file.open(), as_attachment=True, filename=name, content_type="application/zip")


@require_safe
@never_cache
@_oversees
def evidence_readings(request: PersonRequest) -> HttpResponse:
    """Who read the record."""
    form = ReadingsForm(request.GET)
    if not form.is_valid():
        return render(request, "reports/evidence/readings.html", {"form": form}, status=422)
    wanted = form.cleaned_data
    found = readings.readings(reader=wanted["person"], first=wanted["first"], last=wanted["last"])
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    query = urlencode({name: request.GET[name] for name in form.fields if request.GET.get(name)})
    context = {"form": form, "page": page, "lines": readings.lines(list(page.object_list)), "query": query}
    return render(request, "reports/evidence/readings.html", context)
