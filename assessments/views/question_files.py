"""Question banks and files: what a file would do, then doing it; a bank as a file."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.formats import LABELS, WRITTEN, Format
from assessments.formats.parsed import Unreadable
from assessments.forms.question_files import AgreeForm, QuestionFileForm
from assessments.models import QuestionBank, QuestionUpload
from assessments.services import question_imports as imports
from assessments.services.question_editing import PERMISSION
from assessments.views.signed_in import me
from tracks.errors import Refused

authors_only = permission_required(PERMISSION, raise_exception=True)


@require_http_methods(["GET", "POST"])
@authors_only
def files(request: HttpRequest, pk: int) -> HttpResponse:
    bank = _bank(request, pk)
    form = QuestionFileForm(request.POST or None, request.FILES or None)
    fault = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = imports.keep_upload(
                bank=bank,
                name=file.name,
                data=file.read(),
                tag=form.cleaned_data["tag"],
                actor=me(request),
                at=timezone.now(),
            )
        except Unreadable as error:
            fault = error.fault
        else:
            return redirect(upload)
    exports = [
        (each.value, LABELS[each], imports.export_bank(bank=bank, written_as=each)) for each in WRITTEN
    ]
    context = {"bank": bank, "form": form, "fault": fault, "exports": exports}
    status = 422 if fault or form.errors else 200
    return render(request, "assessments/question_files.html", context, status=status)


@require_GET
@authors_only
def upload(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _plan_page(request, _upload(request, pk), None)


@require_POST
@authors_only
def upload_import(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _upload(request, pk)
    bank = found.bank
    losses = bool(imports.plan_of(found).faults)
    form = AgreeForm(request.POST, losses=losses)
    if not form.is_valid():
        return _plan_page(request, found, form, status=422)
    try:
        plan = imports.import_upload(
            upload=found, seen=form.cleaned_data["seen"], actor=me(request), at=timezone.now()
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect(found)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(found)
    count = len(plan.questions)
    text = ngettext("%(count)d question was imported.", "%(count)d questions were imported.", count)
    messages.success(request, text % {"count": count})
    return redirect(bank)


@require_POST
@authors_only
def upload_drop(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _upload(request, pk)
    bank = found.bank
    found.delete()
    messages.info(request, _("The file was dropped; the bank is as it was."))
    return redirect("question_files", bank.pk)


@require_GET
@authors_only
def export(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    bank = _bank(request, pk)
    if name not in WRITTEN:
        raise Http404
    written = imports.export_bank(bank=bank, written_as=Format(name))
    return HttpResponse(
        written.data,
        content_type=written.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{bank.key}.{written.suffix}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _plan_page(
    request: HttpRequest, found: QuestionUpload, form: AgreeForm | None, *, status: int = 200
) -> HttpResponse:
    plan = imports.plan_of(found)
    losses = bool(plan.faults)
    context = {
        "upload": found,
        "bank": found.bank,
        "plan": plan,
        "added": [(spec, imports.prompt_words(spec)) for spec in plan.added],
        "changed": [(change, imports.prompt_words(change.spec)) for change in plan.changed],
        "format": LABELS[found.format],
        "form": form or AgreeForm(losses=losses, initial={"seen": plan.digest}),
        "losses": losses,
    }
    return render(request, "assessments/question_upload.html", context, status=status)


def _bank(request: HttpRequest, pk: int) -> QuestionBank:
    banks = QuestionBank.objects.visible_to(me(request)).select_related("track")
    return get_object_or_404(banks, pk=pk)


def _upload(request: HttpRequest, pk: UUID) -> QuestionUpload:
    uploads = QuestionUpload.objects.visible_to(me(request)).select_related("bank__track")
    return get_object_or_404(uploads, pk=pk)
