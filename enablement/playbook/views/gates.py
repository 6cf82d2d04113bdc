"""The gate of a track in the browser: edited as a tree, read as a sentence, tried out before it is kept."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enablement.access.gates import GateError
from enablement.access.models import Gate
from enablement.people.requests import PersonRequest
from enablement.playbook import gate_outline
from enablement.playbook.errors import SourceErrors
from enablement.playbook.gate_editor import Editor
from enablement.playbook.gate_forms import BaseForm, ReasonForm
from enablement.playbook.phrases import gate_phrases, sentence
from enablement.playbook.plan import NAMED, Plan
from enablement.playbook.services import current_number, gate_edits
from enablement.playbook.views.drafts import totals
from enablement.playbook.views.revisions import authors_only
from tracks.errors import Refused


@require_http_methods(["GET", "POST"])
@authors_only
def gate(request: PersonRequest, track: str) -> HttpResponse:
    """Every click posts the whole gate and comes back with it; nothing is kept before `save`."""
    found = get_object_or_404(
        Gate.objects.filter(track__retired_at=None).select_related("track"), track__key=track
    )
    if request.method == "GET":
        editor = Editor(track=found.track, outline=gate_outline.of_tree(found.tree))
        return _page(request, found, editor, BaseForm(initial=_in_force(found)))
    return _clicked(request, found)


def _clicked(request: PersonRequest, found: Gate) -> HttpResponse:
    form, action = BaseForm(request.POST), request.POST.get("do", "update")
    try:
        outline = gate_outline.of_text(request.POST.get("tree", ""))
    except ValueError:
        outline = None
    if outline is None or not form.is_valid():
        editor = Editor(track=found.track, outline=gate_outline.of_tree(found.tree))
        editor.faults.append(_("What came from your browser was no gate, so this is the one in force."))
        return _page(request, found, editor, BaseForm(initial=_in_force(found)), status=422)
    if action == "save":  # the gate whose plan was shown, whatever was typed beside it since
        return _tried(request, found, Editor(track=found.track, outline=outline), form, save=True)
    editor = Editor(track=found.track, outline=outline, data=request.POST)
    if not editor.carry_out(action):
        return _page(request, found, editor, form, status=422)
    if action == "check":
        return _tried(request, found, editor, form, save=False)
    return _page(request, found, editor, form)


def _in_force(found: Gate) -> dict[str, Any]:
    return {"base": current_number(), "immediate": found.immediate}


def _tried(
    request: PersonRequest, found: Gate, editor: Editor, form: BaseForm, *, save: bool
) -> HttpResponse:
    at, reason = timezone.now(), ReasonForm(request.POST if save else None)
    said = form.cleaned_data
    given: dict[str, Any] = {"track": found.track.key, "tree": editor.tree}
    given |= {"base_number": said["base"], "immediate": said["immediate"]}
    try:
        if save and reason.is_valid():
            text = reason.cleaned_data["reason"]
            return redirect(gate_edits.keep(**given, reason=text, actor=request.user, at=at))
        plan = gate_edits.try_out(**given, at=at)
    except GateError as error:
        editor.faults.append(_("The gate is not whole yet: %(why)s.") % {"why": error})
    except SourceErrors as errors:
        editor.faults += [str(error) for error in errors.errors]
    except Refused as refused:
        editor.faults.append(refused.message)
        form = BaseForm({"base": current_number(), "immediate": said["immediate"]})
    else:
        return _page(request, found, editor, form, plan=plan, reason=reason, status=422 if save else 200)
    return _page(request, found, editor, form, status=409)


def _page(
    request: PersonRequest,
    found: Gate,
    editor: Editor,
    form: BaseForm,
    *,
    plan: Plan | None = None,
    reason: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "track": found.track,
        "editor": editor,
        "root": editor.node(),
        "form": form,
        "sentence": sentence(editor.tree) if editor.is_sound() else "",
        "in_force": gate_phrases(found.tree),
        "plan": plan,
        "totals": totals(plan) if plan else {},
        "named": NAMED,
        "reason": reason,
    }
    return render(request, "playbook/gate.html", context, status=status)
