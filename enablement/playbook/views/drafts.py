"""A playbook in the browser: upload it, see its plan or its faults, apply it."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enablement.access.models import ApprovalRequest
from enablement.people.requests import PersonRequest
from enablement.playbook import selectors
from enablement.playbook.errors import SourceErrors
from enablement.playbook.file_differences import for_page
from enablement.playbook.forms import ApplyForm, UploadForm
from enablement.playbook.models import PlaybookDraft
from enablement.playbook.phrases import by_kind
from enablement.playbook.plan import ADD, CHANGE, NAMED, RETIRE, Plan
from enablement.playbook.services import current_number, drafts
from enablement.playbook.services.chain import Submitted
from enablement.playbook.views.revisions import authors_only, diff_file
from tracks.errors import Refused

PAGE_SIZE = 25


@require_http_methods(["GET", "POST"])
@authors_only
def upload(request: PersonRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    faults: tuple[object, ...] = ()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            draft = drafts.upload(name=file.name, data=file.read(), actor=request.user, at=timezone.now())
        except SourceErrors as errors:
            faults = errors.errors
        else:
            return redirect(draft)
    status = 422 if faults or form.errors else 200
    return render(request, "playbook/upload.html", {"form": form, "faults": faults}, status=status)


@require_GET
@authors_only
def draft_list(request: PersonRequest) -> HttpResponse:
    """Everything that was uploaded and is not in force; the overview of playbooks shows the latest."""
    page = Paginator(selectors.drafts(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "playbook/draft_list.html", {"page": page, "drafts": page.object_list})


@require_POST
@authors_only
def discard(request: PersonRequest, pk: UUID) -> HttpResponse:
    shown = _draft(request, pk)
    try:
        drafts.discard(draft=shown, actor=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect(shown)
    messages.success(request, _("The draft is discarded."))
    return redirect("playbooks")


@require_GET
@authors_only
def draft(request: PersonRequest, pk: UUID) -> HttpResponse:
    shown = _draft(request, pk)
    inspection = drafts.inspect(draft=shown, at=timezone.now())
    base = inspection.plan.base_number if inspection.plan else current_number()
    context = {
        "draft": shown,
        "inspection": inspection,
        "plan": inspection.plan,
        "stale": base != shown.base_number and shown.applied_revision_id is None,
        "totals": totals(inspection.plan) if inspection.plan else {},
        "groups": by_kind(inspection.plan.changes) if inspection.plan else [],
        "files": for_page(drafts.file_changes(shown)) if inspection.plan else [],
        "named": NAMED,
        "proposal": shown.proposals.filter(request__state__in=ApprovalRequest.UNDECIDED).first(),
        "may_discard": shown.uploaded_by_id == request.user.pk and shown.applied_revision_id is None,
        "form": ApplyForm(
            initial={"base": base, "note": shown.reason},
            proposes=bool(inspection.plan and inspection.plan.loosens),
        ),
    }
    return render(request, "playbook/draft.html", context)


@require_GET
@authors_only
def difference(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What differs from what is in force, all of it."""
    shown = _draft(request, pk)
    try:
        return diff_file(drafts.file_changes(shown), name=f"draft-{shown.pk}.diff")
    except SourceErrors:
        return redirect(shown)


@require_POST
@authors_only
def apply_draft(request: PersonRequest, pk: UUID) -> HttpResponse:
    shown = _draft(request, pk)
    form = ApplyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("That did not say which plan you saw. Look at it again, then apply."))
        return redirect(shown)
    try:
        done = drafts.apply_draft(
            draft=shown,
            base_number=form.cleaned_data["base"],
            note=form.cleaned_data["note"],
            actor=request.user,
            at=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect(shown)
    except SourceErrors:
        return redirect(shown)
    return _after(request, done)


def _after(request: PersonRequest, done: Submitted | None) -> HttpResponse:
    if done is None:
        messages.info(request, _("This draft has been applied before."))
    elif done.proposal is not None:
        said = _("Proposed. It is in force once the last approver agrees.") if done.new else ""
        messages.success(request, said or _("It has been proposed before; this is how it stands."))
        return redirect(done.proposal)
    elif done.applied is not None and done.new:
        in_force = _("Revision %(number)d is in force.") % {"number": done.applied.revision.number}
        messages.success(request, in_force)
    else:
        messages.info(request, _("Nothing to do: this is what is in force."))
    return redirect("playbooks")


def _draft(request: PersonRequest, pk: UUID) -> PlaybookDraft:
    rows = PlaybookDraft.objects.visible_to(request.user).select_related("uploaded_by", "applied_revision")
    return get_object_or_404(rows, pk=pk)


def totals(plan: Plan) -> dict[str, int]:
    """Figures above a plan; a person who gains two tools counts once."""
    return {
        "added": plan.counts[ADD],
        "changed": plan.counts[CHANGE],
        "retired": plan.counts[RETIRE],
        "gain": len({person for effect in plan.effects for person in effect.gain}),
        "lose": len({person for effect in plan.effects for person in effect.lose}),
        "stopped": len({person for call in plan.calls for person in call.stops}),
        "let_in": len({person for call in plan.calls for person in call.lets_in}),
        "keep": len({kept.person for effect in plan.effects for kept in effect.keep}),
    }
