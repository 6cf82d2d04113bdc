"""Quality assurance's pages: what to judge, and a case in two blind steps."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from assessments.forms.shadow import DecisionForm, OutputForm
from assessments.models import CaseJudgement, ShadowCase, ShadowPool
from assessments.selectors.judgements import judged_by, judgement_queue, with_due
from assessments.selectors.shadow import answers_of
from assessments.services import shadow as service
from assessments.views.signed_in import me
from tracks import markdown
from tracks.errors import Refused

PAGE_SIZE = 25
RECENT = 10
NEXT = "next"
may_judge = permission_required("assessments.judge_cases", raise_exception=True)


@require_GET
@never_cache
@may_judge
def queue(request: HttpRequest) -> HttpResponse:
    page = Paginator(judgement_queue(judge=me(request)), PAGE_SIZE).get_page(request.GET.get("page"))
    judged = judged_by(me(request))
    context = {
        "page": page,
        "cases": [with_due(case, at=timezone.now()) for case in page.object_list],
        "total": page.paginator.count,
        "first": page.object_list[0] if page.number == 1 and page.object_list else None,
        "judged": judged.count(),
        "recent": judged[:RECENT],
        "pools": ShadowPool.objects.live().judged_by(me(request)),
    }
    return render(request, "assessments/judgement_queue.html", context)


@require_GET
@never_cache
@may_judge
def judgement(request: HttpRequest, pk: UUID) -> HttpResponse:
    case = _case(request, pk)
    own = _own(request, case)
    if _is_over(case, own):
        messages.info(request, _("This case needs no judgement from you any more."))
        return redirect("judgement_queue")
    return _page(request, case, own)


@require_POST
@may_judge
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    case = _case(request, pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, case, _own(request, case), decision_form=form, status=422)
    try:
        service.judge_decide(
            case=case, decision=form.cleaned_data["decision"], actor=me(request), at=timezone.now()
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("judgement", pk=pk)


@require_POST
@may_judge
def judge_output(request: HttpRequest, pk: UUID) -> HttpResponse:
    case = _case(request, pk)
    own = _own(request, case)
    if own is None:
        messages.error(request, _("Decide the case first, without the tool's output."))
        return redirect("judgement", pk=pk)
    form = OutputForm(request.POST)
    if not form.is_valid():
        return _page(request, case, own, output_form=form, status=422)
    try:
        service.judge_case_output(
            judgement=own, usable=form.cleaned_data["usable"], actor=me(request), at=timezone.now()
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
    following = judgement_queue(judge=me(request)).first() if form.cleaned_data["go"] == NEXT else None
    return redirect("judgement", pk=following.pk) if following else redirect("judgement_queue")


def _case(request: HttpRequest, pk: UUID) -> ShadowCase:
    """A case of a pool that this person judges, without what is right."""
    cases = ShadowCase.objects.blind().judgeable_by(me(request))
    return get_object_or_404(cases.select_related("pool__track"), pk=pk)


def _own(request: HttpRequest, case: ShadowCase) -> CaseJudgement | None:
    return CaseJudgement.objects.filter(case=case, judge=me(request)).first()


def _is_over(case: ShadowCase, own: CaseJudgement | None) -> bool:
    if own is not None:
        return own.judged_at is not None
    return (case.settled_at is not None and not case.ground_truth) or case.dropped_at is not None


def _page(
    request: HttpRequest,
    case: ShadowCase,
    own: CaseJudgement | None,
    *,
    decision_form: DecisionForm | None = None,
    output_form: OutputForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Step one without the output, step two with it."""
    context = {
        "case": case,
        "pool": case.pool,
        "answers": answers_of(case.pool),
        "instructions_html": markdown.render(case.pool.instructions),
        "decision_form": decision_form or DecisionForm(),
        "output_form": output_form or OutputForm(),
        "decision_label": own.get_decision_display() if own else "",
    }
    template = "assessments/judgement_output.html" if own else "assessments/judgement.html"
    return render(request, template, context, status=status)
