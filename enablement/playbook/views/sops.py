"""Proposing a prompt as a step of a procedure."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enablement.access.models import PromptVersion
from enablement.people.requests import PersonRequest
from enablement.playbook.errors import SourceErrors
from enablement.playbook.models import PlaybookProposal
from enablement.playbook.services.promoting import promote
from enablement.playbook.sop_forms import PromoteForm
from tracks.errors import Refused


@require_http_methods(["GET", "POST"])
@permission_required("access.author_prompts", raise_exception=True)
def promote_prompt(request: PersonRequest, key: str) -> HttpResponse:
    approved = PromptVersion.objects.approved().filter(prompt__key=key, prompt__microtool__isnull=False)
    version = get_object_or_404(approved.select_related("prompt__microtool"))
    form = PromoteForm(request.POST or None, prompt=version.prompt)
    if form.is_valid():
        try:
            made = promote(
                sop=form.sop,
                after=form.after,
                step=form.step(),
                reason=form.cleaned_data["reason"],
                actor=request.user,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        except SourceErrors as errors:
            form.add_error(None, [str(error) for error in errors.errors])
        else:
            if isinstance(made, PlaybookProposal):
                messages.success(
                    request, _("Proposed. It stands in the procedure once the last approver agrees.")
                )
                return redirect(made)
            messages.success(
                request, _("Proposed. An author sees it under Playbooks and brings it to the approvers.")
            )
            return redirect("prompt", key)
    context = {"form": form, "version": version, "prompt": version.prompt}
    return render(request, "playbook/sop_promote.html", context, status=422 if form.errors else 200)
