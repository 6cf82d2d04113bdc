"""The decision ledger: what each role automates, watches and avoids; for learners and for staff."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_safe

from enablement.access import rulings as reads
from enablement.access.approvers import titles
from enablement.access.control_forms import ReasonForm
from enablement.access.decisions.approval_rule import parse
from enablement.access.models import Ruling, RulingModule
from enablement.access.services import rulings as services
from enablement.access.views.rule_parts import sentence
from enablement.people.requests import PersonRequest
from tracks.errors import Refused
from tracks.models import Role

PAGE_SIZE = 25
CLEARS = "access.answer_ruling_flags"
READS = "access.explain_rules"
WORDS: dict[str, Promise] = {
    "automate": _lazy("The tool does it"),
    "yellow_zone": _lazy("The tool may help; a person looks every time"),
    "avoid": _lazy("A person does it without the tool"),
}


@require_safe
def rulings(request: PersonRequest, role: str = "") -> HttpResponse:
    """A role's rulings; without a name, those of the first role that the person may read."""
    roles = list(reads.roles_for(request.user))
    shown = next((each for each in roles if role in ("", each.key)), None)
    if role and shown is None:
        raise Http404
    context: dict[str, Any] = {"role": shown, "may_propose": request.user.has_perm("access.propose_rulings")}
    if shown is not None:
        context |= {"columns": _columns(shown), "ended": reads.ended(shown), "tabs": _tabs(roles, shown)}
    if request.user.has_perm(READS):
        context["flagged_count"] = reads.flagged().count()
    return render(request, "access/rulings.html", context)


def _columns(role: Role) -> list[dict[str, Any]]:
    since = timezone.now() - reads.NOTICE
    return [
        {
            "line": column.line,
            "label": column.label.capitalize(),
            "words": WORDS[column.line],
            "lines": [
                {"ruling": ruling, "changed": ruling.changed_at is not None and ruling.changed_at > since}
                for ruling in column.rulings
            ],
        }
        for column in reads.columns(role)
    ]


def _tabs(roles: list[Role], shown: Role) -> list[dict[str, Any]]:
    return [
        {
            "label": role.title,
            "url": reverse("rulings_of", args=[role.key]),
            "current": role == shown,
            "count": None,
        }
        for role in roles
    ]


@require_safe
def ruling(request: PersonRequest, pk: UUID) -> HttpResponse:
    rows = Ruling.objects.visible_to(request.user).select_related("role")
    shown = get_object_or_404(rows, pk=pk)
    past = list(reads.history(shown))
    title = titles()
    holders = None
    if request.user.has_perm("access.view_grant"):
        people = Paginator(reads.holders(shown, at=timezone.now()), PAGE_SIZE)
        holders = people.get_page(request.GET.get("page"))
    context = {
        "ruling": shown,
        "latest": past[0],
        "rule": sentence(parse(shown.approval_rule)) if shown.approval_rule else "",
        "asked": [title(name) for name in shown.approvers],
        "links": shown.taught_in.select_related("module__track", "cleared_by").order_by("module__position"),
        "history": past,
        "holders": holders,
        "may_propose": request.user.has_perm("access.propose_rulings"),
        "may_clear": request.user.has_perm(CLEARS),
    }
    return render(request, "access/ruling.html", context)


@require_safe
@permission_required(READS, raise_exception=True)
def flags(request: PersonRequest) -> HttpResponse:
    """For everybody who reads all rulings; authors and compliance answer (decision 123)."""
    page = Paginator(reads.flagged(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "may_clear": request.user.has_perm(CLEARS)}
    return render(request, "access/ruling_flags.html", context)


@require_http_methods(["GET", "POST"])
@permission_required(CLEARS, raise_exception=True)
def clear_flag(request: PersonRequest, pk: int) -> HttpResponse:
    link = get_object_or_404(RulingModule.objects.flagged().select_related("ruling", "module"), pk=pk)
    form = ReasonForm(request.POST or None, label=_("What you found"))
    if form.is_valid():
        try:
            services.clear_flag(
                link=link, note=form.cleaned_data["reason"], actor=request.user, at=timezone.now()
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Your note is on record."))
            return redirect("ruling_flags")
    context = {
        "form": form,
        "title": _("Is “%(module)s” up to date?") % {"module": link.module},
        "text": _("It teaches: %(ruling)s") % {"ruling": link.ruling},
        "submit": _("It is up to date"),
        "back": reverse("ruling_flags"),
    }
    return render(request, "access/control_step.html", context, status=422 if form.errors else 200)
