"""Emergency access: asked for from a person's tools, approved and reviewed by who holds access in hand."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from enablement.access.control_forms import ReasonForm
from enablement.access.models import EmergencyAccess, Microtool
from enablement.access.services import emergencies
from enablement.access.waiver_forms import EmergencyForm
from enablement.people.models import User
from enablement.people.requests import PersonRequest
from tracks.errors import Refused

_controls = permission_required(emergencies.CONTROL, raise_exception=True)
_SHOWN = 50


@require_safe
@_controls
def overview(request: PersonRequest) -> HttpResponse:
    at = timezone.now()
    rows = EmergencyAccess.objects.select_related("user", "grant__microtool")
    context = {
        "waiting": rows.waiting(at=at),
        "live": rows.live(at=at),
        "to_review": rows.to_review(at=at),
        "past": rows.exclude(reviewed_at=None)[:_SHOWN],
    }
    return render(request, "access/emergencies.html", context)


@require_http_methods(["GET", "POST"])
def ask(request: PersonRequest, user_id: UUID, key: str) -> HttpResponse:
    person = get_object_or_404(User.objects.filter(is_active=True), pk=user_id)
    tool = get_object_or_404(Microtool.objects.live(), key=key)
    if not emergencies.may_ask(request.user, user=person):
        raise Http404
    form = EmergencyForm(request.POST or None)
    if form.is_valid():
        try:
            made = emergencies.ask(
                user=person, microtool=tool, actor=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Asked. It opens once another person approves."))
            return redirect(made)
    context = {"form": form, "person": person, "tool": tool, "own": person == request.user}
    return render(request, "access/emergency_ask.html", context, status=422 if form.errors else 200)


@require_safe
def emergency(request: PersonRequest, pk: UUID) -> HttpResponse:
    return render(request, "access/emergency.html", _context(request, _found(request, pk)))


@require_POST
@_controls
def approve(request: PersonRequest, pk: UUID) -> HttpResponse:
    found = _found(request, pk)
    try:
        emergencies.approve(emergency=found, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
        return render(request, "access/emergency.html", _context(request, found), status=409)
    messages.success(request, _("The tool is open from now on."))
    return redirect(found)


@require_POST
def end(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Whoever turns down what another asked says why."""
    found, reason = _found(request, pk), ""
    if found.is_turned_down_by(request.user):
        form = ReasonForm(request.POST, label=_("Why not"))
        if not form.is_valid():
            context = _context(request, found) | {"no": form}
            return render(request, "access/emergency.html", context, status=422)
        reason = form.cleaned_data["reason"]
    try:
        emergencies.end(emergency=found, reason=reason, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
        return render(request, "access/emergency.html", _context(request, found), status=409)
    messages.success(request, _("It is over."))
    return redirect(found)


@require_POST
@_controls
def review(request: PersonRequest, pk: UUID) -> HttpResponse:
    found = _found(request, pk)
    form = ReasonForm(request.POST, label=_("What you found"))
    if form.is_valid():
        try:
            emergencies.review(
                emergency=found, review=form.cleaned_data["reason"], actor=request.user, at=timezone.now()
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, _("The review is on record."))
            return redirect(found)
    context = _context(request, found) | {"form": form}
    return render(request, "access/emergency.html", context, status=422)


def _found(request: PersonRequest, pk: UUID) -> EmergencyAccess:
    related = ("user", "grant__microtool", "asked_by", "approved_by", "ended_by", "reviewed_by")
    rows = EmergencyAccess.objects.visible_to(request.user).select_related(*related)
    return get_object_or_404(rows, pk=pk)


def _context(request: PersonRequest, found: EmergencyAccess) -> dict[str, Any]:
    """What this person may do with it now."""
    state = found.state(at=timezone.now())
    controls = request.user.has_perm(emergencies.CONTROL) and request.user != found.user
    to_review = controls and state == "over" and not found.reviewed_at
    return {
        "emergency": found,
        "own": request.user == found.asked_by,
        "state": state,
        "controls": controls,
        "can_approve": controls and state == "waiting" and request.user != found.asked_by,
        "can_end": state in {"waiting", "live"},
        "turns_down": state == "waiting" and found.is_turned_down_by(request.user),
        "no": ReasonForm(label=_("Why not")),
        "form": ReasonForm(label=_("What you found"))
        if to_review and found.may_review(request.user)
        else None,
        "another_reviews": to_review and not found.may_review(request.user),
    }
