"""The learner's pages of a lab, and a round with what was said of it."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from assessments import reviewers
from assessments.forms.labs import LabWorkForm
from assessments.models import EvidenceFile, Submission
from assessments.selectors.appeals import appeals_of_review
from assessments.selectors.labs import LabWork, lab_work, round_of, with_rounds
from assessments.services import labs
from assessments.views.signed_in import me
from tracks import markdown
from tracks.errors import Refused
from tracks.models import Enrolment, Lab
from tracks.rules import ensure_open


@require_GET
@never_cache
def lab(request: HttpRequest, pk: int) -> HttpResponse:
    work = _own_work(request, pk)
    return _page(request, work, _form(work))


@require_POST
def lab_save(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the draft: by its button, or by the page's script while somebody types."""
    return _store(request, pk, hand_in=False)


@require_POST
def lab_hand_in(request: HttpRequest, pk: int) -> HttpResponse:
    return _store(request, pk, hand_in=True)


@require_POST
def lab_revise(request: HttpRequest, pk: int) -> HttpResponse:
    work = _own_work(request, pk)
    try:
        labs.revise(enrolment=work.enrolment, lab=work.lab, actor=me(request), at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("lab", pk=pk)


@require_POST
def evidence_remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    mine = EvidenceFile.objects.filter(submission__enrolment__user=me(request))
    file = get_object_or_404(mine.select_related("submission__enrolment"), pk=pk)
    try:
        labs.remove_file(evidence_file=file, actor=me(request), at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("lab", pk=file.submission.lab_id)


@require_GET
@never_cache
def submission(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One round as it was handed in, and what was said of it: for the learner and who looks after them."""
    visible = Submission.objects.all().visible_to(me(request))
    found = get_object_or_404(with_rounds().filter(pk__in=visible.values("pk")), pk=pk)
    shown, at = round_of(found), timezone.now()
    signed = shown.sign_off
    context = {
        "round": shown,
        "lab": found.lab,
        "learner": found.enrolment.user,
        "own": found.enrolment.user_id == me(request).pk,
        "appeals": appeals_of_review(shown.review, me(request)) if shown.review else (),
        "may_withdraw": bool(signed and signed.open and reviewers.may_withdraw(me(request), signed, at)),
        "may_countersign": bool(signed and reviewers.may_countersign(me(request), signed, at)),
        "both_marks": shown.marks if shown.review and found.enrolment.user_id != me(request).pk else (),
    }
    return render(request, "assessments/lab_submission.html", context)


def _store(request: HttpRequest, pk: int, *, hand_in: bool) -> HttpResponse:
    """Whatever is fine is kept; what is not stays on the page as it was typed, with the reason."""
    work, at = _own_work(request, pk), timezone.now()
    in_place = bool(request.htmx)  # type: ignore[attr-defined]
    form = LabWorkForm(request.POST, request.FILES, lab=work.lab)
    form.is_valid()
    try:
        draft = labs.save_draft(
            enrolment=work.enrolment,
            lab=work.lab,
            text=form.cleaned_data.get("text"),
            link=form.cleaned_data.get("link"),
            files=form.good_files,
            actor=me(request),
            at=at,
        )
        if hand_in and not form.errors:
            labs.hand_in(submission=draft, actor=me(request), at=at)
    except ValidationError as error:
        form.add_errors(error)
    except Refused as refusal:
        if in_place and _own_work(request, pk).is_with_mentors(
            text=form.cleaned_data.get("text"), link=form.cleaned_data.get("link")
        ):
            return render(request, "assessments/lab_saved.html", {"handed_in": True})
        if in_place:
            return render(request, "assessments/lab_saved.html", {"refusal": refusal.message}, status=409)
        messages.error(request, refusal.message)
        return redirect("lab", pk=pk)
    if in_place:
        context = {"form": form, "saved_at": at}
        return render(request, "assessments/lab_saved.html", context, status=422 if form.errors else 200)
    if form.errors:
        return _page(request, _own_work(request, pk), form, status=422)
    messages.success(request, _("Handed in. Your mentor reviews it next.") if hand_in else _("Draft saved."))
    return redirect("lab", pk=pk)


def _own_work(request: HttpRequest, pk: int) -> LabWork:
    found = get_object_or_404(Lab.objects.select_related("module__track"), pk=pk)
    own = Enrolment.objects.live().filter(user=me(request), track=found.module.track_id)
    enrolment = get_object_or_404(own.select_related("cohort", "user"))
    work = lab_work(enrolment=enrolment, lab=found)
    if found.retired_at is not None and not work.rounds:
        raise Http404
    return work


def _form(work: LabWork) -> LabWorkForm:
    draft = work.draft.submission if work.draft else None
    return LabWorkForm(lab=work.lab, initial={"text": draft.text, "link": draft.link} if draft else None)


def _page(request: HttpRequest, work: LabWork, form: LabWorkForm, *, status: int = 200) -> HttpResponse:
    context = {
        "work": work,
        "lab": work.lab,
        "brief_html": markdown.render(work.lab.brief),
        "starter_files": work.lab.starter_files.live(),
        "form": form,
        "closed_because": _closed_because(work),
    }
    return render(request, "assessments/lab.html", context, status=status)


def _closed_because(work: LabWork) -> str:
    """Why nothing can be handed in now; empty where it can."""
    if work.lab.retired_at is not None:
        return _("This lab is no longer part of your track. What you handed in stays on record.")
    try:
        ensure_open(work.enrolment)
    except Refused as refusal:
        return refusal.message
    return ""
