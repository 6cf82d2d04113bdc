"""Access changed by hand: one person's tool is opened, suspended or given back; kill switches."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enablement.access import stopping
from enablement.access.control_forms import ReasonForm, StopForm
from enablement.access.models import Grant, GrantHold, Microtool, Stop
from enablement.access.services import control
from enablement.people.requests import PersonRequest
from tracks.errors import Refused

_controls = permission_required("access.control_access", raise_exception=True)


@require_http_methods(["GET", "POST"])
@_controls
def suspend(request: PersonRequest, pk: UUID) -> HttpResponse:
    grant = get_object_or_404(Grant.objects.select_related("user", "microtool"), pk=pk)
    names = {"tool": grant.microtool, "person": grant.user}
    return with_reason(
        request,
        step=lambda words: control.suspend(grant=grant, reason=words, actor=request.user, at=timezone.now()),
        done_text=_("%(tool)s is closed for %(person)s from now on.") % names,
        title=_("Close %(tool)s for %(person)s?") % names,
        text=_("The next call is denied, whatever the person has shown. Another person can give it back."),
        submit=_("Suspend"),
        back=reverse("access_person", args=[grant.user_id]),
    )


@require_http_methods(["GET", "POST"])
@_controls
def lift(request: PersonRequest, pk: UUID) -> HttpResponse:
    holds = GrantHold.objects.live().select_related("grant__user", "grant__microtool", "placed_by")
    hold = get_object_or_404(holds, pk=pk)
    names = {"tool": hold.grant.microtool, "person": hold.grant.user}
    return with_reason(
        request,
        step=lambda words: control.lift(hold=hold, reason=words, actor=request.user, at=timezone.now()),
        done_text=_("What %(person)s has shown decides about %(tool)s again.") % names,
        title=_("Give %(tool)s back to %(person)s?") % names,
        text=_("Suspended because: %(reason)s") % {"reason": hold.reason or hold.get_cause_display()},
        submit=_("Lift the suspension"),
        back=reverse("access_person", args=[hold.grant.user_id]),
    )


@require_POST
@_controls
def open_tool(request: PersonRequest, pk: UUID) -> HttpResponse:
    grant = get_object_or_404(Grant.objects.select_related("user", "microtool"), pk=pk)
    try:
        control.open_by_hand(grant=grant, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        names = {"tool": grant.microtool, "person": grant.user}
        messages.success(request, _("%(tool)s is open for %(person)s.") % names)
    return redirect("access_person", grant.user_id)


@require_http_methods(["GET", "POST"])
@_controls
def stops(request: PersonRequest) -> HttpResponse:
    """What is stopped and what waits for a review; POST stops something."""
    form = StopForm(
        request.POST if request.method == "POST" else None,
        microtools=Microtool.objects.live().order_by("title"),
        regions=stopping.known_regions(),
        models=stopping.known_models(),
    )
    if form.is_valid() and done(
        form, lambda: control.stop(**form.cleaned_data, actor=request.user, at=timezone.now())
    ):
        messages.success(request, _("It is stopped for everybody from now on."))
        return redirect("access_stops")
    rows = Stop.objects.select_related("started_by", "ended_by", "reviewed_by")
    context = {
        "form": form,
        "live": stopping.named(rows.live(), actor=request.user),
        "ended": stopping.named(rows.exclude(ended_at=None)[:50], actor=request.user),
    }
    return render(request, "access/stops.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@_controls
def end_stop(request: PersonRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Stop.objects.live(), pk=pk)
    return with_reason(
        request,
        step=lambda words: control.end_stop(stop=found, reason=words, actor=request.user, at=timezone.now()),
        done_text=_("The stop has ended."),
        title=_("End the stop of %(what)s?") % {"what": stopping.title_of(found)},
        text=_("Stopped because: %(reason)s") % {"reason": found.reason},
        submit=_("End the stop"),
        back=reverse("access_stops"),
    )


@require_http_methods(["GET", "POST"])
@_controls
def review_stop(request: PersonRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Stop.objects.to_review(), pk=pk)
    return with_reason(
        request,
        step=lambda words: control.review_stop(
            stop=found, review=words, actor=request.user, at=timezone.now()
        ),
        done_text=_("The review is on record."),
        title=_("Review the stop of %(what)s") % {"what": stopping.title_of(found)},
        text=_("Stopped because: %(reason)s") % {"reason": found.reason},
        submit=_("Keep the review"),
        label=_("What you found"),
        back=reverse("access_stops"),
    )


def with_reason(
    request: PersonRequest, *, step: Callable[[str], Any], done_text: str, label: str = "", **page: str
) -> HttpResponse:
    """A page that asks why, then takes the step."""
    form = ReasonForm(request.POST or None, label=label or _("Reason"))
    if form.is_valid() and done(form, lambda: step(form.cleaned_data["reason"])):
        messages.success(request, done_text)
        return redirect(page["back"])
    context = {"form": form, **page}
    return render(request, "access/control_step.html", context, status=422 if form.errors else 200)


def done(form: Form, step: Callable[[], Any]) -> bool:
    try:
        step()
    except Refused as refused:
        form.add_error(None, refused.message)
    except ValidationError as error:
        form.add_error(None, error.messages)
    return not form.errors
