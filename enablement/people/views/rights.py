"""Rights that one person asked for another one to have: a second person confirms or turns them down."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from enablement.people.models import RightRequest
from enablement.people.models.right_request import REASON_MAX
from enablement.people.requests import PersonRequest
from enablement.people.selectors import titled
from enablement.people.services import rights
from tracks.errors import Refused

SHOWN = 50
_confirms = permission_required("people.confirm_rights", raise_exception=True)


class TurnDownForm(forms.Form):
    reason = forms.CharField(
        label=_lazy("Why not"),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_lazy("Whoever asked reads it."),
    )


@require_safe
@_confirms
def waiting(request: PersonRequest) -> HttpResponse:
    now = timezone.now()
    rows = RightRequest.objects.select_related("person", "asked_by", "decided_by")
    context = {
        "waiting": [
            (right, rights.may_decide(right.request, request.user))
            for right in titled(rows.waiting(at=now).order_by("asked_at", "person__name", "kind", "name"))
        ],
        "decided": titled(rows.exclude(decision="").order_by("-decided_at")[:SHOWN]),
    }
    return render(request, "people/rights.html", context)


@require_safe
@_confirms
def right(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _page(request, _found(pk), form=TurnDownForm())


@require_POST
@_confirms
def confirm(request: PersonRequest, pk: UUID) -> HttpResponse:
    found = _found(pk)
    try:
        rights.confirm(right=found, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
        return _page(request, _found(pk), form=TurnDownForm(), status=409)
    messages.success(request, _("%(person)s holds it from now on.") % {"person": found.person})
    return redirect("rights")


@require_POST
@_confirms
def turn_down(request: PersonRequest, pk: UUID) -> HttpResponse:
    found, form = _found(pk), TurnDownForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, status=422)
    try:
        rights.turn_down(right=found, **form.cleaned_data, actor=request.user, at=timezone.now())
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _page(request, found, form=form, status=422)
    except Refused as refused:
        messages.error(request, refused.message)
        return _page(request, _found(pk), form=TurnDownForm(), status=409)
    messages.success(request, _("Turned down; %(person)s is told why.") % {"person": found.asked_by})
    return redirect("rights")


def _found(pk: UUID) -> RightRequest:
    return get_object_or_404(RightRequest.objects.select_related("person", "asked_by", "decided_by"), pk=pk)


def _page(
    request: PersonRequest, found: RightRequest, *, form: forms.Form, status: int = 200
) -> HttpResponse:
    waits = found.waits(at=timezone.now())
    [named] = titled(RightRequest.objects.filter(pk=found.pk))
    context: dict[str, Any] = {
        "right": found,
        "title": named.title,
        "waits": waits,
        "can_decide": waits and rights.may_decide(found, request.user),
        "form": form,
    }
    return render(request, "people/right.html", context, status=status)
