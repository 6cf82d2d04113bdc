"""For who answers for the record: every decision, and who could do what at any moment."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from enablement.access import decision_log, role_audit
from enablement.access.audit_forms import DecisionSearchForm, RoleAuditForm
from enablement.access.audit_tables import decision_rows, role_rows
from enablement.access.models import DecisionRecord, OutcomeReport
from enablement.access.services.decision_log import catch_up, note_reading
from enablement.ledger.canonical import moment
from enablement.ledger.models import LedgerContent
from enablement.people.requests import PersonRequest
from tracks.csv_files import BOM, safe

_reads_evidence = permission_required("ledger.view_ledgerentry", raise_exception=True)


@require_safe
@never_cache
@_reads_evidence
def decisions(request: PersonRequest) -> HttpResponse:
    form = DecisionSearchForm(request.GET)
    catch_up(at=timezone.now())
    context: dict[str, Any] = {
        "form": form,
        "complete_until": decision_log.complete_until(),
        "behind": decision_log.behind(),
        "query": _query(request),
    }
    if form.is_valid():
        note_reading(
            kind="log",
            what="page",
            wanted=form.wanted().recorded(),
            text=form.text,
            actor=request.user,
            at=timezone.now(),
        )
        page = decision_log.page(form.wanted(), before=_cursor(request.GET.get("before", "")))
        older = f"{moment(page.older[0])}~{page.older[1]}" if page.older else ""
        context |= {"lines": page.lines, "older": older}
    return render(request, "access/log.html", context, status=200 if form.is_valid() else 422)


@require_safe
@never_cache
@_reads_evidence
def decisions_csv(request: PersonRequest) -> HttpResponseBase:
    form = DecisionSearchForm(request.GET)
    if not form.is_valid():
        return HttpResponse(_("The search cannot be read."), status=422, content_type="text/plain")
    wanted = form.wanted()
    note_reading(
        kind="log",
        what="csv",
        wanted=wanted.recorded(),
        text=form.text,
        actor=request.user,
        at=timezone.now(),
    )
    return _csv("decisions", decision_rows(wanted))


@require_safe
@never_cache
@_reads_evidence
def decision(request: PersonRequest, entry: UUID) -> HttpResponse:
    found = DecisionRecord.objects.filter(entry=entry).first()
    if found is None:
        raise Http404
    note_reading(kind="log", what=str(entry), wanted={}, actor=request.user, at=timezone.now())
    line = decision_log.lines([found])[0]
    content = LedgerContent.objects.filter(entry=entry).first()
    context = {
        "line": line,
        "reports": OutcomeReport.objects.filter(decision=entry).select_related("token").order_by("-number"),
        "content": content,
        "texts": list(content.texts().values()) if content else [],
    }
    return render(request, "access/decision.html", context)


@require_safe
@never_cache
@_reads_evidence
def roles(request: PersonRequest) -> HttpResponse:
    """Who could do what at a moment."""
    form = RoleAuditForm(request.GET)
    if not form.is_valid():
        return render(request, "access/role_audit.html", {"form": form}, status=422)
    found = _audited(request, form, "page")
    rows = found.rows if form.cleaned_data["show"] else found.open_rows
    page = Paginator(rows, decision_log.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "audit": found,
        "open_count": len(found.open_rows),
        "people_count": len({row.person for row in found.open_rows}),
        "page": page,
        "lines": role_audit.explain(list(page.object_list), at=found.at),
        "stopped": sorted(name for names in found.stops.values() for name in names),
        "query": _query(request),
    }
    return render(request, "access/role_audit.html", context)


@require_safe
@never_cache
@_reads_evidence
def roles_csv(request: PersonRequest) -> HttpResponseBase:
    form = RoleAuditForm(request.GET)
    if not form.is_valid():
        return HttpResponse(_("The search cannot be read."), status=422, content_type="text/plain")
    return _csv("role-audit", role_rows(_audited(request, form, "csv")))


def _audited(request: PersonRequest, form: RoleAuditForm, what: str) -> role_audit.Audit:
    at, people, cohort = form.cleaned_data["at"], form.cleaned_data["person"], form.cleaned_data["cohort"]
    note_reading(
        kind="role_audit",
        what=what,
        wanted={
            "moment": moment(at),
            "people": sorted(map(str, people or ())),
            "cohort": str(cohort.pk) if cohort else "",
            "microtool": form.microtool,
        },
        text=form.text,
        actor=request.user,
        at=timezone.now(),
    )
    return role_audit.audit(at=at, people=form.people, microtool=form.microtool)


def _csv(name: str, rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """Sent while it is read: a file of any length takes the memory of a chunk."""
    writer = csv.writer(_Echo())
    written = (writer.writerow([safe(cell) for cell in row]) for row in rows)
    response = StreamingHttpResponse(_with_bom(written), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.now():%Y-%m-%d}.csv"'
    return response


class _Echo:
    """Where `csv` writes to when it should only give the line back."""

    def write(self, line: str) -> str:
        return line


def _with_bom(lines: Iterable[str]) -> Iterator[str]:
    yield BOM
    yield from lines


def _query(request: PersonRequest) -> str:
    """The search without the place in it, for links that keep it."""
    kept = request.GET.copy()
    for place in ("before", "page"):
        kept.pop(place, None)
    return kept.urlencode()


def _cursor(text: str) -> decision_log.Cursor | None:
    """`2026-11-20T08:30:00.000000Z~17`; anything else begins at the newest."""
    at, _tilde, position = text.partition("~")
    with suppress(ValueError):
        parsed = datetime.fromisoformat(at)
        return (parsed, int(position)) if parsed.tzinfo else None
    return None
