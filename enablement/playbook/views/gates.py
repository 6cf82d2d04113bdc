"""The gate of a track, or what an overlay asks besides, in the browser: edited as a tree, read as a sentence,
tried out before it is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enablement.access import tightening
from enablement.access.gates import GateError
from enablement.access.models import Gate
from enablement.people.requests import PersonRequest
from enablement.playbook import gate_outline
from enablement.playbook.errors import SourceErrors
from enablement.playbook.gate_editor import Editor, choices, common_choices
from enablement.playbook.gate_forms import BaseForm, Choices, ReasonForm
from enablement.playbook.phrases import gate_phrases, sentence
from enablement.playbook.plan import NAMED, Plan
from enablement.playbook.services import current_number, gate_edits
from enablement.playbook.views.drafts import totals
from enablement.playbook.views.revisions import authors_only
from tracks.errors import Refused
from tracks.models import Track


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What is edited. tree: as it is in force; overlay: its key, "" for the gate of `track`."""

    title: str
    tree: Mapping[str, Any]
    offered: Choices
    track: str = ""
    immediate: bool = False
    overlay: str = ""

    def editor(self, outline: gate_outline.Group | None, data: QueryDict | None = None) -> Editor:
        """None: of what is in force."""
        return Editor(offered=self.offered, outline=outline or gate_outline.of_tree(self.tree), data=data)

    def edit(self, tree: Mapping[str, Any], *, immediate: bool) -> gate_edits.Edit:
        if self.overlay:
            return gate_edits.OverlayEdit(overlay=self.overlay, tree=tree)
        return gate_edits.GateEdit(track=self.track, tree=tree, immediate=immediate)

    def not_whole(self, editor: Editor, why: GateError) -> str:
        if self.overlay and not editor.outline.parts:
            return _(
                "The last requirement is taken away in the file, where all else that it asks can be looked "
                "at with it. Here at least one stays."
            )
        return _("The gate is not whole yet: %(why)s.") % {"why": why}

    @property
    def in_force(self) -> dict[str, Any]:
        return {"base": current_number(), "immediate": self.immediate}


@require_http_methods(["GET", "POST"])
@authors_only
def gate(request: PersonRequest, track: str) -> HttpResponse:
    """Every click posts the whole gate and comes back with it; nothing is kept before `save`."""
    found = get_object_or_404(
        Gate.objects.filter(track__retired_at=None).select_related("track"), track__key=track
    )
    subject = Subject(
        title=found.track.title,
        tree=found.tree,
        offered=choices(found.track),
        track=found.track.key,
        immediate=found.immediate,
    )
    return _asked(request, subject)


@require_http_methods(["GET", "POST"])
@authors_only
def overlay(request: PersonRequest, key: str) -> HttpResponse:
    """As `gate`, for the requirements of an overlay; all else that it asks is edited in the file."""
    policy = tightening.in_force()
    found = next((each for each in policy.overlays if each.key == key), None) if policy else None
    if found is None:
        raise Http404
    tracks = [track for track in Track.objects.live() if found.covers(track.key)]
    subject = Subject(
        title=found.title,
        tree={"all_of": list(found.conditions)},
        offered=common_choices(tracks),
        overlay=found.key,
    )
    return _asked(request, subject)


def _asked(request: PersonRequest, subject: Subject) -> HttpResponse:
    if request.method == "GET":
        return _page(request, subject, subject.editor(None), BaseForm(initial=subject.in_force))
    form, action = BaseForm(request.POST), request.POST.get("do", "update")
    try:
        outline = gate_outline.of_text(request.POST.get("tree", ""))
    except ValueError:
        outline = None
    if outline is None or not form.is_valid():
        editor = subject.editor(None)
        editor.faults.append(_("What came from your browser was no gate, so this is the one in force."))
        return _page(request, subject, editor, BaseForm(initial=subject.in_force), status=422)
    if action == "save":  # the gate whose plan was shown, whatever was typed beside it since
        return _tried(request, subject, subject.editor(outline), form, save=True)
    editor = subject.editor(outline, request.POST)
    if not editor.carry_out(action):
        return _page(request, subject, editor, form, status=422)
    if action == "check":
        return _tried(request, subject, editor, form, save=False)
    return _page(request, subject, editor, form)


def _tried(
    request: PersonRequest, subject: Subject, editor: Editor, form: BaseForm, *, save: bool
) -> HttpResponse:
    at, reason = timezone.now(), ReasonForm(request.POST if save else None)
    said = form.cleaned_data
    edit = subject.edit(editor.tree, immediate=said["immediate"])
    try:
        if save and reason.is_valid():
            text = reason.cleaned_data["reason"]
            kept = gate_edits.keep(
                edit=edit, base_number=said["base"], reason=text, actor=request.user, at=at
            )
            return redirect(kept)
        plan = gate_edits.try_out(edit=edit, base_number=said["base"], at=at)
    except GateError as error:
        editor.faults.append(subject.not_whole(editor, error))
    except SourceErrors as errors:
        editor.faults += [str(error) for error in errors.errors]
    except Refused as refused:
        editor.faults.append(refused.message)
        form = BaseForm({"base": current_number(), "immediate": said["immediate"]})
    else:
        return _page(request, subject, editor, form, plan=plan, reason=reason, status=422 if save else 200)
    return _page(request, subject, editor, form, status=409)


def _page(
    request: PersonRequest,
    subject: Subject,
    editor: Editor,
    form: BaseForm,
    *,
    plan: Plan | None = None,
    reason: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "subject": subject,
        "editor": editor,
        "root": editor.node(),
        "form": form,
        "sentence": sentence(editor.tree, besides=bool(subject.overlay)) if editor.is_sound() else "",
        "in_force": gate_phrases(subject.tree),
        "plan": plan,
        "totals": totals(plan) if plan else {},
        "named": NAMED,
        "reason": reason,
    }
    return render(request, "playbook/gate.html", context, status=status)
