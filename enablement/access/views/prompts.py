"""The prompt library: for its users, and for those who write, approve and retire."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from enablement.access import prompt_usage, sops
from enablement.access import prompts as reads
from enablement.access.models import Prompt, PromptVersion, RoleProfile
from enablement.access.prompt_forms import PromptForm
from enablement.access.services import prompts as services
from enablement.people.requests import PersonRequest
from tracks.errors import Refused

AUTHOR = "access.author_prompts"
_authors = permission_required(AUTHOR, raise_exception=True)


@require_safe
def library(request: PersonRequest) -> HttpResponse:
    """Everybody's own prompts; all of them, by role, for whoever writes them."""
    writes = request.user.has_perm(AUTHOR)
    role = request.GET.get("role", "") if writes else ""
    keys = reads.keys_for(request.user, role=role)
    at = timezone.now()
    shelf = reads.library(request.user, keys=keys, at=at)
    context: dict[str, Any] = {"shelf": [(each, None) for each in shelf], "writes": writes}
    if writes:
        usage = prompt_usage.by_prompt([each.prompt.key for each in shelf], at=at)
        context |= {
            "shelf": [(each, usage.get(each.prompt.key)) for each in shelf],
            "tabs": _tabs(role),
            "proposed": reads.proposed(),
            "usage_days": prompt_usage.USAGE_DAYS,
        }
    return render(request, "access/prompts.html", context)


def _tabs(chosen: str) -> list[dict[str, Any]]:
    page = reverse("prompts")
    profiles = (
        RoleProfile.objects.filter(role__retired_at=None).select_related("role").order_by("role__title")
    )
    return [{"label": _("All roles"), "url": page, "current": not chosen, "count": None}] + [
        {
            "label": profile.role.title,
            "url": f"{page}?role={profile.role.key}",
            "current": profile.role.key == chosen,
            "count": len(profile.prompts),
        }
        for profile in profiles
    ]


@require_safe
def prompt(request: PersonRequest, key: str) -> HttpResponse:
    at = timezone.now()
    mine = reads.keys_for(request.user, role="")
    shelf = reads.library(request.user, keys=[key] if mine is None or key in mine else [], at=at)
    if not shelf:
        raise Http404
    shown, writes = shelf[0], request.user.has_perm(AUTHOR)
    context = {
        "shown": shown,
        "readable": writes or shown.open,
        "writes": writes,
        "versions": PromptVersion.objects.visible_to(request.user).filter(prompt=shown.prompt),
        "usage": prompt_usage.of_prompt(shown.prompt, at=at) if writes else None,
        "usage_days": prompt_usage.USAGE_DAYS,
        "sop_steps": list(sops.steps_with(key, user=request.user)),
    }
    return render(request, "access/prompt.html", context)


@require_http_methods(["GET", "POST"])
@_authors
def write(request: PersonRequest, key: str) -> HttpResponse:
    found = get_object_or_404(Prompt.objects.filter(retired_at=None), key=key)
    newest = PromptVersion.objects.visible_to(request.user).filter(prompt=found).first()
    form = PromptForm(request.POST or None, version=newest)
    if form.is_valid():
        try:
            made = services.write(
                prompt=found,
                spec=form.spec(),
                changelog=form.cleaned_data["changelog"],
                propose=request.POST.get("step") != "keep",
                actor=request.user,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            return redirect("prompt_version", made.pk)
    context = {"form": form, "prompt": found}
    return render(request, "access/prompt_write.html", context, status=422 if form.errors else 200)


@require_safe
@_authors
def version(request: PersonRequest, pk: UUID) -> HttpResponse:
    shown = _version(request, pk)
    own = shown.proposed_by == request.user
    context = {
        "version": shown,
        "live": PromptVersion.objects.approved().filter(prompt=shown.prompt).first(),
        "may_propose": shown.state == "draft" and own,
        "may_approve": shown.state == "proposed" and not own,
        "waits_for_another": shown.state == "proposed" and own,
    }
    return render(request, "access/prompt_version.html", context)


@require_POST
@_authors
def step(request: PersonRequest, pk: UUID, name: str) -> HttpResponse:
    """One step of a version: propose, approve or retire."""
    steps = {"propose": services.propose, "approve": services.approve, "retire": services.retire}
    if name not in steps:
        raise Http404
    found = _version(request, pk)
    try:
        steps[name](version=found, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("It is on record."))
    return redirect("prompt_version", found.pk)


def _version(request: PersonRequest, pk: UUID) -> PromptVersion:
    rows = PromptVersion.objects.visible_to(request.user)
    rows = rows.select_related("prompt__microtool", "proposed_by", "approved_by", "retired_by", "owner_role")
    return get_object_or_404(rows, pk=pk)
