"""What is in force, what was, and how it changed."""

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from enablement.ledger.models import PolicyRevision
from enablement.ledger.selectors import current_revision
from enablement.people.requests import PersonRequest
from enablement.playbook import file_differences, proposals, selectors
from enablement.playbook.archive import write_archive
from enablement.playbook.bundle import Bundle
from enablement.playbook.rules import AUTHOR
from enablement.playbook.services.applying import export
from tracks.errors import Refused

_REVISIONS_A_PAGE, _PROPOSALS, _DRAFTS = 20, 10, 10
authors_only = permission_required(AUTHOR, raise_exception=True)


@require_GET
@authors_only
def overview(request: PersonRequest) -> HttpResponse:
    current = current_revision()
    drafts = selectors.drafts(request.user)
    tracks = selectors.tracks_in_force()
    at = timezone.now()
    latest = proposals.listed(user=request.user, at=at)
    context = {
        "current": current,
        "facts": selectors.applied_facts(current.number) if current else {},
        "tracks": tracks,
        "overlays": selectors.overlays_in_force(tracks),
        "roles": selectors.roles_in_force(),
        "proposals": proposals.rows(latest[:_PROPOSALS], at=at),
        "more_proposals": max(latest.count() - _PROPOSALS, 0),
        "drafts": drafts[:_DRAFTS],
        "more_drafts": max(drafts.count() - _DRAFTS, 0),
        "page": Paginator(selectors.revisions(), _REVISIONS_A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "playbook/overview.html", context)


@require_GET
@authors_only
def revision(request: PersonRequest, number: int) -> HttpResponse:
    shown = get_object_or_404(PolicyRevision.objects.select_related("applied_by"), number=number)
    before = PolicyRevision.objects.filter(number=number - 1).first()
    bundle = Bundle.of_document(shown.document)
    old = Bundle.of_document(before.document) if before else None
    context = {
        "revision": shown,
        "before": before,
        "bundle": bundle,
        "facts": selectors.applied_facts(number),
        "files": file_differences.for_page(file_differences.differences(old, bundle)) if old else [],
    }
    return render(request, "playbook/revision.html", context)


@require_GET
@authors_only
def difference(_request: PersonRequest, number: int) -> HttpResponse:
    """What differs from the revision before, all of it."""
    shown = get_object_or_404(PolicyRevision, number=number)
    before = get_object_or_404(PolicyRevision, number=number - 1)
    found = file_differences.differences(
        Bundle.of_document(before.document), Bundle.of_document(shown.document)
    )
    return diff_file(found, name=f"playbook-revision-{number}.diff")


@require_GET
@authors_only
def archive(_request: PersonRequest, number: int) -> HttpResponse:
    """The revision as a .zip that can be uploaded again."""
    shown = get_object_or_404(PolicyRevision, number=number)
    return _zip(Bundle.of_document(shown.document), name=f"playbook-revision-{number}.zip")


@require_GET
@authors_only
def in_force(request: PersonRequest) -> HttpResponse:
    """What is in force as a .zip, with the questions as they were edited in the browser."""
    try:
        bundle = export(at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("playbooks")
    return _zip(bundle, name="playbook-in-force.zip")


def _zip(bundle: Bundle, *, name: str) -> HttpResponse:
    return HttpResponse(
        write_archive(bundle),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def diff_file(found: Sequence[file_differences.FileDifference], *, name: str) -> HttpResponse:
    """All that differs, as one file to load."""
    return HttpResponse(
        file_differences.as_text(found),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
