"""Question banks for their authors: find, look, write, retire. And the images of questions."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.forms.questions import ImageForm, QuestionForm
from assessments.models import Question, QuestionBank, QuestionImage, QuestionVersion
from assessments.question_specs import QuestionSpec
from assessments.selectors import banks as selectors
from assessments.selectors.asking import scoring_label
from assessments.selectors.banks import BankFilter
from assessments.services import question_editing as editing
from assessments.services.question_columns import columns_of, spec_of
from assessments.services.question_images import content_of
from assessments.views.signed_in import me
from tracks.errors import Refused

authors_only = permission_required(editing.PERMISSION, raise_exception=True)
#: What an author's form asks for beside saving.
PREVIEW, MORE = "preview", "more"


@require_GET
@authors_only
def banks(request: HttpRequest) -> HttpResponse:
    return render(request, "assessments/banks.html", {"banks": selectors.banks_for(me(request))})


@require_GET
@authors_only
def bank(request: HttpRequest, pk: int) -> HttpResponse:
    found = _bank(request, pk)
    sent = {name: request.GET[name] for name in ("text", "tag", "kind", "difficulty") if name in request.GET}
    wanted = BankFilter(state=request.GET.get("state", selectors.LIVE), **sent)
    context = {
        "bank": found,
        "trail": [*_trail(found)[:-1], {"label": found.key}],
        "wanted": wanted,
        "listed": selectors.bank_page(found, wanted, number=request.GET.get("page")),
        "query": urlencode({name: request.GET[name] for name in request.GET if name != "page"}),
        "kinds": QuestionVersion.Kind.choices,
    }
    return render(request, "assessments/bank.html", context)


@require_http_methods(["GET", "POST"])
@authors_only
def image_add(request: HttpRequest, pk: int) -> HttpResponse:
    found = _bank(request, pk)
    form = ImageForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            data = form.cleaned_data
            editing.add_image(
                bank=found, content=data["image"], alt=data["alt"], actor=me(request), at=timezone.now()
            )
        except (Refused, ValidationError) as error:
            form.add_error(None, error.message if isinstance(error, Refused) else error)
        else:
            messages.success(request, _("The image can be chosen in every question of this bank."))
            return redirect(found)
    context = {
        "bank": found,
        "trail": [*_trail(found), {"label": _("Images")}],
        "form": form,
        "images": found.images.all(),
    }
    return render(request, "assessments/bank_images.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@authors_only
def question_new(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    if kind not in QuestionVersion.Kind.values:
        raise Http404
    return _edit(request, _bank(request, pk), kind=kind)


@require_http_methods(["GET", "POST"])
@authors_only
def question_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = _question(request, pk)
    newest = _newest(found)
    return _edit(request, found.bank, kind=newest.kind, spec=spec_of(found, newest), question=found)


@require_POST
@authors_only
def question_preview(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The preview beside the form, while somebody types."""
    found = _bank(request, pk)
    if kind not in QuestionVersion.Kind.values:
        raise Http404
    sent = request.POST.get("question", "")
    edited = found.questions.filter(pk=int(sent)).first() if sent.isdecimal() else None
    spec = spec_of(edited, _newest(edited)) if edited else None
    form = QuestionForm(request.POST, kind=kind, bank=found, spec=spec, preview=True)
    return render(request, "assessments/bank_preview.html", _preview(form, found))


@require_GET
@authors_only
def question(request: HttpRequest, pk: int) -> HttpResponse:
    found = _question(request, pk)
    uses = selectors.versions_of(found)
    wanted = request.GET.get("version", "")
    shown = next((use for use in uses if str(use.version.number) == wanted), uses[0])
    context = {
        "question": found,
        "trail": [*_trail(found.bank), {"label": found.key}],
        "bank": found.bank,
        "uses": uses,
        "shown": shown,
        "scoring": scoring_label(shown.version.kind, shown.version.scoring),
        "preview": selectors.preview_of(found, shown.version),
    }
    return render(request, "assessments/bank_question.html", context)


@require_POST
@authors_only
def question_retire(request: HttpRequest, pk: int) -> HttpResponse:
    found = _question(request, pk)
    try:
        editing.retire_question(question=found, actor=me(request), at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("No new attempt draws this question."))
    return redirect(found)


@require_POST
@authors_only
def question_restore(request: HttpRequest, pk: int) -> HttpResponse:
    found = _question(request, pk)
    editing.restore_question(question=found, actor=me(request), at=timezone.now())
    messages.success(request, _("The question can be drawn again."))
    return redirect(found)


@require_GET
def question_image(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Only to authors and to whoever was asked a question with it; its type is what its bytes were."""
    found = get_object_or_404(QuestionImage.objects.visible_to(me(request)), pk=pk)
    try:
        response = HttpResponse(content_of(found), content_type=found.media_type)
    except FileNotFoundError as error:
        raise Http404 from error
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    patch_cache_control(response, private=True, max_age=3600)
    return response


def _edit(
    request: HttpRequest,
    found: QuestionBank,
    *,
    kind: str,
    spec: QuestionSpec | None = None,
    question: Question | None = None,
) -> HttpResponse:
    asked = request.POST.get("do", "")
    form = QuestionForm(
        request.POST if request.method == "POST" else None,
        kind=kind,
        bank=found,
        spec=spec,
        tags=selectors.tags_drawn(found),
        more=asked == MORE,
        preview=asked == PREVIEW,
    )
    if request.method == "POST" and asked not in {PREVIEW, MORE} and (saved := _saved(request, found, form)):
        messages.success(request, _("Saved. Attempts that run keep the version that they drew."))
        return redirect(saved)
    newest = _newest(question) if question else None
    context = {
        "bank": found,
        "trail": [*_trail(found), {"label": question.key if question else _("New question")}],
        "question": question,
        "kind": kind,
        "kind_label": QuestionVersion.Kind(kind).label,
        "form": form,
        "base": request.POST.get("base") or (newest.number if newest else 0),
        **(_preview(form, found) if request.method == "POST" else {}),
    }
    if question and newest and request.method == "GET":
        context["preview"] = selectors.preview_of(question, newest)
    wrong = request.method == "POST" and asked != MORE and not form.is_valid()
    return render(request, "assessments/bank_edit.html", context, status=422 if wrong else 200)


def _saved(request: HttpRequest, found: QuestionBank, form: QuestionForm) -> Question | None:
    base = request.POST.get("base", "")
    if not form.is_valid():
        return None
    try:
        question, _changed = editing.put_question(
            bank=found,
            spec=form.spec(),
            base=int(base) if base.isdecimal() else 0,
            actor=me(request),
            at=timezone.now(),
        )
    except (Refused, ValidationError) as error:
        form.add_refusal(error)
        return None
    return question


def _preview(form: QuestionForm, found: QuestionBank) -> dict[str, Any]:
    """What the form says as a page shows it; nothing while it cannot be asked."""
    if not form.is_valid():
        return {"preview": None, "problems": form.problems()}
    spec = form.spec()
    version = QuestionVersion(**columns_of(spec), images=form.chosen_images())
    return {"preview": selectors.preview_of(Question(bank=found, key=spec.key), version)}


def _trail(found: QuestionBank) -> list[dict[str, str]]:
    return [
        {"label": _("Question banks"), "url": reverse("question_banks")},
        {"label": found.key, "url": found.get_absolute_url()},
    ]


def _bank(request: HttpRequest, pk: int) -> QuestionBank:
    return get_object_or_404(QuestionBank.objects.visible_to(me(request)).select_related("track"), pk=pk)


def _question(request: HttpRequest, pk: int) -> Question:
    visible = Question.objects.visible_to(me(request))
    return get_object_or_404(visible.select_related("bank__track", "edited_by"), pk=pk)


def _newest(question: Question) -> QuestionVersion:
    return question.versions.order_by("-number")[0]
