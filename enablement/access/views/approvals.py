"""Approvals: what waits for me, one request, my own requests, asking, delegates."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from enablement.access import approvers
from enablement.access.api.serializers import REASONS
from enablement.access.decisions.verdict import Call
from enablement.access.forms import AskForm, CommentForm, DecisionForm, DelegateForm, LookForm
from enablement.access.models import ApprovalDelegation, ApprovalRequest
from enablement.access.models.approval import Kind
from enablement.access.selectors import own_usable_prompts, tasks_to_ask_for, tools_for
from enablement.access.services import approvals as services
from enablement.access.services.decision_log import note_reading
from enablement.access.services.decisions import Caller
from enablement.access.views import approval_parts as parts
from enablement.people.requests import PersonRequest
from tracks.errors import Refused
from tracks.words import in_words

PAGE_SIZE = 25


@require_safe
def approval_list(request: PersonRequest) -> HttpResponse:
    """What waits for this person, what they asked for, and for those who govern, everything."""
    at, user = timezone.now(), request.user
    decides = approvers.is_approver(user, at=at)
    governs = user.has_perm("access.view_grant")
    waiting = parts.waiting_for(user, at=at)
    shown = request.GET.get("list", "waiting" if decides or waiting.exists() else "own")
    rows = {
        "own": parts.listed(ApprovalRequest.objects.filter(subject=user)).order_by("-requested_at"),
        "all": parts.listed(approvers.visible_to(user, at=at)).order_by("-requested_at"),
    }.get(shown, waiting)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    tabs = [("waiting", _("Waiting for you")), ("own", _("Yours"))]
    if governs or decides:
        tabs.append(("all", _("All")))
    context = {
        "page": page,
        "lines": parts.lines(page.object_list, at=at),
        "shown": shown if shown in dict(tabs) else "waiting",
        "tabs": [
            {"label": label, "url": f"{reverse('approvals')}?list={key}", "current": key == shown}
            for key, label in tabs
        ],
        "may_delegate": decides,
        "may_ask": bool(tasks_to_ask_for(user)[0]),
    }
    return render(request, "access/approvals.html", context)


@require_safe
@never_cache
def approval(request: PersonRequest, pk: UUID) -> HttpResponse:
    """A change of the playbook has a page of its own, with its plan."""
    found: ApprovalRequest = get_object_or_404(_visible_to(request), pk=pk)
    return redirect("playbook_proposal", pk) if found.is_change else _page(request, found)


@require_POST
def approval_decide(request: PersonRequest, pk: UUID) -> HttpResponse:
    found, form = _visible(request, pk), DecisionForm(request.POST)

    def decide(data: dict[str, Any]) -> None:
        service = services.approve if data["decision"] == "approve" else services.reject
        service(request=found, actor=request.user, comment=data["comment"], at=timezone.now())

    return _act(request, found, "decide", form, decide, done=_("Your decision is recorded."))


@require_POST
def approval_confirm(request: PersonRequest, pk: UUID) -> HttpResponse:
    found, form = _visible(request, pk), LookForm(request.POST)

    def look(data: dict[str, Any]) -> None:
        services.confirm(request=found, actor=request.user, usable=data["usable"], at=timezone.now())

    return _act(request, found, "look", form, look, done=_("Your look at the output is recorded."))


@require_POST
def approval_comment(request: PersonRequest, pk: UUID) -> HttpResponse:
    found, form = _visible(request, pk), CommentForm(request.POST)

    def say(data: dict[str, Any]) -> None:
        services.comment(request=found, actor=request.user, text=data["text"], at=timezone.now())

    return _act(request, found, "say", form, say, done=_("Your comment is added."))


@require_http_methods(["GET", "POST"])
def approval_withdraw(request: PersonRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(_visible_to(request).filter(subject=request.user), pk=pk)
    back = reverse("approval", args=[found.pk])
    if request.method == "POST":
        try:
            services.cancel(request=found, actor=request.user, at=timezone.now())
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, _("The request is withdrawn."))
        return redirect(back)
    context = {
        "title": _("Withdraw this request?"),
        "text": _("Nobody has to decide on it any more, and an approval that was given is gone."),
        "submit": _("Withdraw"),
        "back": back,
    }
    return render(request, "tracks/confirm.html", context)


@require_http_methods(["GET", "POST"])
def approval_ask(request: PersonRequest) -> HttpResponse:
    """A person asks before they call a tool; the number of the request is what their tool passes on."""
    at, user = timezone.now(), request.user
    tools = [view.tool for view in tools_for(user=user, at=at) if view.open]
    (workflows, ruled_out), prompts = tasks_to_ask_for(user), own_usable_prompts(user)
    links = {"microtool": "tool", "workflow_id": "task", "prompt": "prompt"}
    initial = {field: request.GET.get(name, "") for field, name in links.items()}
    form = AskForm(request.POST or None, initial=initial, tools=tools, workflows=workflows, prompts=prompts)
    status = 422
    if form.is_valid():
        data = form.cleaned_data | {"prompt": form.cleaned_data["prompt"] or None}
        purpose = data.pop("purpose")
        call = Call(subject=str(user.pk), action="invoke", **data)
        try:
            made = services.open_request(
                call=call, caller=Caller(label="session"), actor=user, purpose=purpose, at=at
            )
        except services.CallDenied as denied:
            form.add_error(None, str(REASONS[denied.reason]))
        except Refused as refused:
            form.add_error(None, refused.message)
            status = 409
        else:
            messages.success(request, _("Your request is on its way."))
            return redirect("approval", made.pk)
    context = {
        "form": form,
        "possible": bool(tools and workflows),
        "ruled_out": [(in_words(key), ruling) for key, ruling in ruled_out.items()],
    }
    return render(request, "access/approval_ask.html", context, status=status if form.errors else 200)


@require_http_methods(["GET", "POST"])
def approval_delegate(request: PersonRequest) -> HttpResponse:
    """Who decides in one's place during leave; and for whom one stands in oneself."""
    at, user = timezone.now(), request.user
    form, status = DelegateForm(request.POST or None, zone=user.timezone, at=at), 422
    if form.is_valid():
        try:
            services.name_delegate(**form.cleaned_data, actor=user, at=at)
        except ValidationError as error:
            form.add_error(None, error)
        except Refused as refused:
            form.add_error(None, refused.message)
            status = 409
        else:
            messages.success(request, _("Your delegate is named."))
            return redirect("approval_delegate")
    to_come = ApprovalDelegation.objects.open().filter(ends_at__gt=at).select_related("approver", "delegate")
    context = {
        "form": form,
        "mine": to_come.filter(approver=user).first(),
        "for_others": to_come.filter(delegate=user).order_by("starts_at"),
        "now": at,
    }
    return render(request, "access/approval_delegate.html", context, status=status if form.errors else 200)


@require_POST
def approval_delegate_end(request: PersonRequest, pk: UUID) -> HttpResponse:
    mine = get_object_or_404(ApprovalDelegation.objects.filter(approver=request.user), pk=pk)
    services.end_delegation(delegation=mine, actor=request.user, at=timezone.now())
    messages.success(request, _("Only you decide again."))
    return redirect("approval_delegate")


def _visible_to(request: PersonRequest) -> Any:
    found = approvers.visible_to(request.user, at=timezone.now())
    return found.select_related("subject", "microtool", "token")


def _visible(request: PersonRequest, pk: UUID) -> ApprovalRequest:
    """A call's request; a change is decided on its own page alone."""
    found: ApprovalRequest = get_object_or_404(_visible_to(request).exclude(kind=Kind.CHANGE), pk=pk)
    return found


def _act(
    request: PersonRequest, found: ApprovalRequest, name: str, form: forms.Form, service: Any, *, done: str
) -> HttpResponse:
    """Do what the form asks for, or show the page again with what is wrong."""
    if not form.is_valid():
        return _page(request, found, status=422, **{name: form})
    try:
        service(form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, found, status=422, **{name: form})
    except Refused as refused:
        form.add_error(None, refused.message)
        return _page(request, _visible(request, found.pk), status=409, **{name: form})
    messages.success(request, done)
    return redirect("approval", found.pk)


def _output(request: PersonRequest, found: ApprovalRequest) -> parts.Output | None:
    """Who reads another person's output is recorded, before it is shown."""
    at, user = timezone.now(), request.user
    output = parts.output(found, user=user, at=at)
    if output is not None and output.text is not None and found.subject_id != user.pk:
        note_reading(kind="approval", what=str(found.pk), wanted={}, actor=user, at=at)
    return output


def _page(request: PersonRequest, found: ApprovalRequest, *, status: int = 200, **bound: Any) -> HttpResponse:
    at, user = timezone.now(), request.user
    [line] = parts.lines(parts.listed(ApprovalRequest.objects.filter(pk=found.pk)), at=at)
    own = found.subject_id == user.pk
    usable = found.state == ApprovalRequest.State.APPROVED and found.expires_at > at
    context = {
        "item": found,
        "line": line,
        "own": own,
        "usable": usable,
        "over": found.expires_at <= at,
        "may_decide": approvers.steps_for(user, at=at).filter(request=found).exists(),
        "may_look": own and found.is_review and found.is_undecided and found.expires_at > at,
        "may_withdraw": own and (found.is_undecided or usable),
        "output": _output(request, found),
        "erased_at": parts.erased_at(found),
        "action": parts.ACTIONS.get(found.action, found.action),
        "why": parts.why(found),
        "history": parts.history(found),
        "comments": found.comments.select_related("author"),
        "decide": DecisionForm(),
        "look": LookForm(),
        "say": CommentForm(),
    } | bound
    return render(request, "access/approval.html", context, status=status)
