"""Pages on which results are put right: a question marked again, or excused; and the history of that."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from assessments.forms.regrades import AS_KEYED, LOWER_NOBODY, ReasonedForm, RegradeForm
from assessments.models import Attempt, AttemptItem, Question, Regrade
from assessments.selectors.regrades import excusable_by, regrades_of_question, row_of, rows_done
from assessments.services import regrading
from assessments.views.questions import authors_only
from assessments.views.signed_in import me
from tracks.errors import Refused

ROWS = 50
Kind = Regrade.Kind


@require_http_methods(["GET", "POST"])
@never_cache
@authors_only
def regrade_question(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The dry run of a question's newest key, or of excusing it for everybody; then the decision."""
    if kind not in {Kind.KEY, Kind.EXCUSE}:
        raise Http404
    visible = Question.objects.visible_to(me(request)).select_related("bank__track")
    question = get_object_or_404(visible, pk=pk)
    form = RegradeForm(request.POST or None, by_key=kind == Kind.KEY)
    refusal = ""
    if form.is_valid():
        try:
            done = regrading.decide(
                question=question,
                kind=kind,
                reason=form.cleaned_data["reason"],
                fingerprint=form.cleaned_data["fingerprint"],
                lowers=form.lowers,
                actor=me(request),
                at=timezone.now(),
            )
        except Refused as refused:
            refusal = refused.message
        else:
            messages.success(request, _done(done))
            return redirect(done)
    return _dry_run(request, question, kind, form=form, refusal=refusal)


def _done(regrade: Regrade) -> str:
    if regrade.applied_at is None:
        return _("Decided. A job marks the attempts; reload this page to see what became of them.")
    return _("Done. The results are put right as of the day on which each attempt ended.")


def _dry_run(
    request: HttpRequest, question: Question, kind: str, *, form: RegradeForm, refusal: str
) -> HttpResponse:
    """A refusal of what was sent comes with a fresh dry run to decide on."""
    wanted = request.POST.get("policy") or request.GET.get("policy", LOWER_NOBODY)
    lowers = kind == Kind.KEY and wanted == AS_KEYED
    plan, impossible = None, ""
    try:
        plan = regrading.dry_run(
            question=question, kind=kind, lowers=lowers, actor=me(request), at=timezone.now()
        )
    except Refused as refused:
        impossible = refused.message
    if plan and (refusal or not form.is_bound):
        initial = {"fingerprint": plan.fingerprint, "policy": wanted}
        form = RegradeForm(initial=initial, by_key=kind == Kind.KEY)
    context = {
        "question": question,
        "kind": kind,
        "plan": plan,
        "impossible": impossible,
        "refusal": refusal,
        "form": form,
        "lowers": lowers,
        "rows": Paginator(plan.lines, ROWS).get_page(request.GET.get("page")) if plan else (),
        "history": regrades_of_question(question),
    }
    status = 409 if refusal else 422 if form.is_bound and form.errors else 200
    return render(request, "assessments/regrade_plan.html", context, status=status)


@require_GET
@never_cache
def regrade(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was decided, and what became of each attempt."""
    related = ("question__bank", "version", "decided_by", "attempt__user")
    found = get_object_or_404(Regrade.objects.all().visible_to(me(request)).select_related(*related), pk=pk)
    page = Paginator(rows_done(found), ROWS).get_page(request.GET.get("page"))
    context = {"regrade": found, "page": page, "rows": [row_of(done) for done in page]}
    return render(request, "assessments/regrade.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def excuse(request: HttpRequest, pk: UUID, position: int) -> HttpResponse:
    """One question of one attempt: for an author, or who runs the person's cohort."""
    allowed = Attempt.objects.filter(excusable_by(me(request)))
    found = get_object_or_404(allowed.select_related("quiz", "user", "enrolment__cohort"), pk=pk)
    items = AttemptItem.objects.select_related("question_version__question")
    item = get_object_or_404(items, attempt=found, position=position)
    form, refusal = ReasonedForm(request.POST or None), ""
    if form.is_valid():
        try:
            done = regrading.excuse_in_attempt(
                item=item, reason=form.cleaned_data["reason"], actor=me(request), at=timezone.now()
            )
        except Refused as refused:
            refusal = refused.message
        else:
            messages.success(request, _("Excused: the question counts in full in this attempt."))
            return redirect(done)
    context = {"attempt": found, "quiz": found.quiz, "item": item, "form": form, "refusal": refusal}
    status = 409 if refusal else 422 if form.errors else 200
    return render(request, "assessments/regrade_excuse.html", context, status=status)
