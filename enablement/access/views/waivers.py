"""Waivers: proposed on a person's page, approved by somebody else, ended early."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from enablement.access.control_forms import ReasonForm
from enablement.access.models import Waiver
from enablement.access.services import waivers
from enablement.access.waiver_forms import WaiverForm
from enablement.people.requests import PersonRequest
from tracks.errors import Refused
from tracks.models import Enrolment

_controls = permission_required("access.control_access", raise_exception=True)
_SHOWN = 50


@require_safe
@_controls
def overview(request: PersonRequest) -> HttpResponse:
    at = timezone.now()
    rows = Waiver.objects.select_related("user", "track", "proposed_by", "approved_by", "ended_by")
    context = {
        "waiting": rows.waiting(at=at),
        "live": rows.live(at=at),
        "past": rows.exclude(pk__in=rows.open().filter(ends_at__gt=at))[:_SHOWN],
    }
    return render(request, "access/waivers.html", context)


@require_http_methods(["GET", "POST"])
@_controls
def propose(request: PersonRequest, enrolment_pk: UUID) -> HttpResponse:
    found = Enrolment.objects.live().select_related("user", "track")
    enrolment = get_object_or_404(found, pk=enrolment_pk)
    at = timezone.now()
    requirements = waivers.waivable(enrolment=enrolment, at=at)
    form = WaiverForm(request.POST or None, requirements=requirements)
    if form.is_valid():
        try:
            made = waivers.propose(
                enrolment=enrolment,
                requirement=form.cleaned_data["requirement"],
                reason=form.cleaned_data["reason"],
                ends_at=form.cleaned_data["last_day"],
                actor=request.user,
                at=at,
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        except ValidationError as error:
            form.add_error("last_day", error.messages)
        else:
            messages.success(request, _("Proposed. It counts once another person has approved it."))
            return redirect(made)
    context = {"form": form, "enrolment": enrolment, "requirements": requirements}
    return render(request, "access/waiver_propose.html", context, status=422 if form.errors else 200)


@require_safe
@_controls
def waiver(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _page(request, _found(pk))


@require_POST
@_controls
def approve(request: PersonRequest, pk: UUID) -> HttpResponse:
    found = _found(pk)
    try:
        waivers.approve(waiver=found, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
        return _page(request, found, status=409)
    messages.success(request, _("Approved. It counts from now on."))
    return redirect(found)


@require_POST
@_controls
def end(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Whoever turns down what another proposed says why."""
    found, reason = _found(pk), ""
    if found.is_turned_down_by(request.user):
        form = ReasonForm(request.POST, label=_("Why not"))
        if not form.is_valid():
            return _page(request, found, status=422, form=form)
        reason = form.cleaned_data["reason"]
    try:
        waivers.end(waiver=found, reason=reason, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
        return _page(request, found, status=409)
    messages.success(request, _("It no longer counts."))
    return redirect(found)


def _found(pk: UUID) -> Waiver:
    rows = Waiver.objects.select_related("user", "track", "proposed_by", "approved_by", "ended_by")
    return get_object_or_404(rows, pk=pk)


def _page(
    request: PersonRequest, found: Waiver, *, status: int = 200, form: ReasonForm | None = None
) -> HttpResponse:
    waiting = found.approved_at is None and found.is_open(at=timezone.now())
    context = {
        "waiver": found,
        "own": request.user == found.proposed_by,
        "open": found.is_open(at=timezone.now()),
        "can_approve": waiting and request.user not in (found.user, found.proposed_by),
        "can_end": found.is_open(at=timezone.now()) and request.user != found.user,
        "turns_down": found.is_turned_down_by(request.user),
        "form": form or ReasonForm(label=_("Why not")),
    }
    return render(request, "access/waiver.html", context, status=status)
