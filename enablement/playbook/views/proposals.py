"""A proposed playbook: its plan, who has to approve it, the decision."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from enablement.access.services import approvals
from enablement.people.requests import PersonRequest
from enablement.playbook import proposals as words
from enablement.playbook.errors import SourceErrors
from enablement.playbook.forms import CommentForm, DecisionForm
from enablement.playbook.models import PlaybookProposal
from enablement.playbook.rules import AUTHOR
from enablement.playbook.services import chain
from enablement.playbook.views.revisions import diff_file
from tracks.errors import Refused

PAGE_SIZE = 25


@require_safe
@permission_required(AUTHOR, raise_exception=True)
def proposal_list(request: PersonRequest) -> HttpResponse:
    """Every proposed change there ever was; the overview of playbooks shows the latest."""
    at = timezone.now()
    page = Paginator(words.listed(user=request.user, at=at), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "proposals": words.rows(page.object_list, at=at)}
    return render(request, "playbook/proposal_list.html", context)


@require_safe
def proposal(request: PersonRequest, pk: UUID) -> HttpResponse:
    return _page(request, _visible(request, pk))


@require_safe
def difference(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What is approved, line by line, for whoever sees the proposal."""
    found = _visible(request, pk)
    return diff_file(words.file_changes(found, user=request.user), name=f"proposal-{found.pk}.diff")


@require_POST
def decide(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Approve or turn down; the last approval puts the playbook in force."""
    found, form = _visible(request, pk), DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, found, status=422, decide=form)
    try:
        chain.decide(
            proposal=found,
            approve=form.cleaned_data["decision"] == "approve",
            actor=request.user,
            comment=form.cleaned_data["comment"],
            at=timezone.now(),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, found, status=422, decide=form)
    except SourceErrors as errors:
        form.add_error(None, str(errors))
        return _page(request, _visible(request, pk), status=409, decide=form)
    except Refused as refused:
        form.add_error(None, refused.message)
        return _page(request, _visible(request, pk), status=409, decide=form)
    revision = _visible(request, pk).applied_revision
    done = _("Revision %(number)d is in force.") % {"number": revision.number} if revision else ""
    messages.success(request, done or _("Your decision is recorded."))
    return redirect(found)


@require_POST
def comment(request: PersonRequest, pk: UUID) -> HttpResponse:
    found, form = _visible(request, pk), CommentForm(request.POST)
    if not form.is_valid():
        return _page(request, found, status=422, say=form)
    try:
        approvals.comment(
            request=found.request, actor=request.user, text=form.cleaned_data["text"], at=timezone.now()
        )
    except Refused as refused:
        form.add_error(None, refused.message)
        return _page(request, found, status=409, say=form)
    messages.success(request, _("Your comment is added."))
    return redirect(found)


def _visible(request: PersonRequest, pk: UUID) -> PlaybookProposal:
    rows = PlaybookProposal.objects.visible_to(request.user, at=timezone.now()).select_related(
        "request__subject", "draft__uploaded_by", "applied_revision", "outdated_by"
    )
    found: PlaybookProposal = get_object_or_404(rows, pk=pk)
    return found


def _page(
    request: PersonRequest, found: PlaybookProposal, *, status: int = 200, **bound: forms.Form
) -> HttpResponse:
    context: dict[str, Any] = words.context(found, user=request.user, at=timezone.now())
    say = CommentForm() if context["may_comment"] else None
    context |= {"decide": DecisionForm(), "say": say} | bound
    return render(request, "playbook/proposal.html", context, status=status)
