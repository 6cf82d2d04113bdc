"""Proposing a change of a ruling."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enablement.access.models import Ruling
from enablement.people.requests import PersonRequest
from enablement.playbook.errors import SourceErrors
from enablement.playbook.rules import AUTHOR
from enablement.playbook.ruling_forms import RulingForm
from enablement.playbook.services.proposing import propose_ruling
from tracks.errors import Refused
from tracks.models import Role

_proposes = permission_required("access.propose_rulings", raise_exception=True)


@require_http_methods(["GET", "POST"])
@_proposes
def propose(request: PersonRequest, pk: UUID) -> HttpResponse:
    ruling = get_object_or_404(Ruling.objects.in_force().select_related("role"), pk=pk)
    return _page(request, ruling.role, ruling)


@require_http_methods(["GET", "POST"])
@_proposes
def propose_new(request: PersonRequest, role: str) -> HttpResponse:
    return _page(request, get_object_or_404(Role.objects.live(), key=role), None)


def _page(request: PersonRequest, role: Role, ruling: Ruling | None) -> HttpResponse:
    form = RulingForm(request.POST or None, role=role, ruling=ruling)
    back = ruling.get_absolute_url() if ruling else reverse("rulings_of", args=[role.key])
    if form.is_valid():
        try:
            draft = propose_ruling(
                role=role.key,
                line=form.cleaned_data["line"],
                activity=form.activity(),
                reason=form.cleaned_data["reason"],
                actor=request.user,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        except SourceErrors as errors:
            form.add_error(None, [str(error) for error in errors.errors])
        else:
            if request.user.has_perm(AUTHOR):
                return redirect(draft)
            messages.success(request, _("Proposed. An author sees it under Playbooks, with what it changes."))
            return redirect(back)
    context = {"form": form, "role": role, "ruling": ruling, "back": back}
    return render(request, "playbook/ruling.html", context, status=422 if form.errors else 200)
