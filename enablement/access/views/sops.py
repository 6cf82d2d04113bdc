"""Standard operating procedures: those of a role, and one with its steps."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from enablement.access import sops as reads
from enablement.access.models import SOP
from enablement.people.requests import PersonRequest


@require_safe
def sops(request: PersonRequest) -> HttpResponse:
    shelf = reads.shelf(user=request.user, at=timezone.now())
    return render(request, "access/sops.html", {"shelf": shelf})


@require_safe
def sop(request: PersonRequest, key: str) -> HttpResponse:
    """The wording in force; the last one, where it has ended."""
    found = _rows(request).filter(key=key).order_by("-effective_from", "-policy_revision").first()
    if found is None:
        raise Http404
    return _page(request, found)


@require_safe
def sop_version(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _page(request, get_object_or_404(_rows(request), pk=pk))


def _rows(request: PersonRequest) -> QuerySet[SOP]:
    return SOP.objects.visible_to(request.user).select_related("role")


def _page(request: PersonRequest, found: SOP) -> HttpResponse:
    [view] = reads.views([found], user=request.user, at=timezone.now())
    past = list(reads.history(found))
    live = view.own and found.effective_until is None
    context = {"view": view, "history": past, "latest": past[0], "live": live}
    return render(request, "access/sop.html", context)
