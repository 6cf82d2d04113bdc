"""What is suspended now, and what the rule on rework closed: a person looks at it."""

from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from enablement.access import rework
from enablement.access.models import GrantHold, OutcomeReport
from enablement.access.services import control
from enablement.access.views.control import with_reason
from enablement.people.requests import PersonRequest

PAGE_SIZE = 25
#: Reports shown beside a suspension; the decision log has all.
SHOWN = 50
_controls = permission_required("access.control_access", raise_exception=True)
_HOLDS = GrantHold.objects.select_related(
    "grant__user", "grant__microtool", "placed_by", "kept_by", "lifted_by"
)


@require_safe
@_controls
def suspensions(request: PersonRequest) -> HttpResponse:
    """Those that wait for a look first."""
    waiting = list(_HOLDS.to_review().order_by("placed_at"))
    others = Paginator(_HOLDS.live().exclude(pk__in=[hold.pk for hold in waiting]), PAGE_SIZE)
    context = {"waiting": waiting, "page": others.get_page(request.GET.get("page"))}
    return render(request, "access/suspensions.html", context)


@require_safe
@_controls
def suspension(request: PersonRequest, pk: UUID) -> HttpResponse:
    """One that the rule on rework made: the outputs that it counted, and what has been reported since."""
    hold = get_object_or_404(_HOLDS.filter(cause=GrantHold.Cause.REWORK), pk=pk)
    counted = rework.looked_at(hold.grant, at=hold.placed_at)
    context = {
        "hold": hold,
        "rule": rework.rule_of(hold.grant.microtool),
        "now": rework.tally(hold.grant, at=hold.placed_at),
        "reports": counted.filter(outcome__in=OutcomeReport.REWORK).order_by("-decided_at")[:SHOWN],
        "own": request.user == hold.grant.user,
    }
    return render(request, "access/suspension.html", context)


@require_http_methods(["GET", "POST"])
@_controls
def keep(request: PersonRequest, pk: UUID) -> HttpResponse:
    hold = get_object_or_404(_HOLDS.to_review(), pk=pk)
    names = {"tool": hold.grant.microtool, "person": hold.grant.user}
    return with_reason(
        request,
        step=lambda words: control.keep(hold=hold, reason=words, actor=request.user, at=timezone.now()),
        done_text=_("%(tool)s stays closed for %(person)s.") % names,
        title=_("Keep %(tool)s closed for %(person)s?") % names,
        text=hold.reason,
        submit=_("Keep it closed"),
        label=_("What you found, and what has to happen before it opens again"),
        back=reverse("access_suspension", args=[hold.pk]),
    )
