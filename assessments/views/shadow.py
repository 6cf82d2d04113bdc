"""The learner's pages of shadow mode: what it is and how far one is, and a case in two blind steps."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from assessments.forms.shadow import DecisionForm, OutputForm
from assessments.models import ShadowCase, ShadowLook, ShadowPool, ShadowSample
from assessments.selectors.shadow import answers_of, learner_page, shadow_standings
from assessments.services import shadow as service
from assessments.views.signed_in import me
from tracks import markdown
from tracks.errors import Refused
from tracks.models import Enrolment
from tracks.rules import ensure_open

NEXT = "next"


@require_GET
@never_cache
def shadow(request: HttpRequest, pk: UUID) -> HttpResponse:
    pool = _pool(request, pk)
    context = {
        "pool": pool,
        "page": learner_page(pool=pool, learner=me(request), at=timezone.now()),
        "answers": answers_of(pool),
        "instructions_html": markdown.render(pool.instructions),
        "closed_because": _closed_because(request, pool),
    }
    return render(request, "assessments/shadow.html", context)


@require_POST
def draw(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _next_case(request, _pool(request, pk))


@require_GET
@never_cache
def sample(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _own_sample(request, pk)
    if found.dropped_at is not None:
        messages.info(request, _("Quality assurance has dropped this case; take another one."))
    if found.judged_at is not None or found.dropped_at is not None:
        return redirect(found.pool)
    return _page(request, found)


@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _own_sample(request, pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, found, decision_form=form, status=422)
    try:
        service.decide(
            sample=found, decision=form.cleaned_data["decision"], actor=me(request), at=timezone.now()
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect(found)


@require_POST
def judge_output(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The second answer; then the next case at once, unless a look has just been taken."""
    found = _own_sample(request, pk)
    form = OutputForm(request.POST)
    if not form.is_valid() and found.decision:
        return _page(request, found, output_form=form, status=422)
    looks = ShadowLook.objects.filter(pool=found.pool, learner=me(request))
    before = looks.count()
    try:
        service.judge_output(
            sample=found,
            usable=form.cleaned_data.get("usable") is True,
            actor=me(request),
            at=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect(found)
    if looks.count() == before and form.cleaned_data["go"] == NEXT:
        return _next_case(request, found.pool)
    return redirect(found.pool)


def _next_case(request: HttpRequest, pool: ShadowPool) -> HttpResponse:
    try:
        drawn = service.draw(pool=pool, actor=me(request), at=timezone.now())
    except Refused as refusal:
        messages.info(request, refusal.message)
        return redirect(pool)
    return redirect(drawn)


def _pool(request: HttpRequest, pk: UUID) -> ShadowPool:
    visible = ShadowPool.objects.all().visible_to(me(request))
    return get_object_or_404(visible.select_related("track"), pk=pk)


def _own_sample(request: HttpRequest, pk: UUID) -> ShadowSample:
    own = ShadowSample.objects.visible_to(me(request))
    return get_object_or_404(own.select_related("pool__track", "enrolment"), pk=pk)


def _page(
    request: HttpRequest,
    found: ShadowSample,
    *,
    decision_form: DecisionForm | None = None,
    output_form: OutputForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Step one without the output, step two with it; never what is right."""
    blind = ShadowCase.objects.blind()
    case = (blind if found.decision else blind.defer("output")).get(pk=found.case_id)
    standings = shadow_standings(user_ids=[me(request).pk], pool=found.pool, at=timezone.now())
    standing = standings[me(request).pk]
    done = standing.n + standing.waiting_for_judgement
    context = {
        "sample": found,
        "pool": found.pool,
        "case": case,
        "answers": answers_of(found.pool),
        "decision_form": decision_form or DecisionForm(),
        "output_form": output_form or OutputForm(),
        "decision_label": found.get_decision_display(),
        "current": done + 1,
        "total": max(standing.next_look_at_n, done + 1),
    }
    template = "assessments/shadow_output.html" if found.decision else "assessments/shadow_sample.html"
    return render(request, template, context, status=status)


def _closed_because(request: HttpRequest, pool: ShadowPool) -> str:
    """Why no case can be taken now; empty where one can."""
    if pool.retired_at is not None:
        return _("These cases are no longer part of your track.")
    enrolment = Enrolment.objects.live().select_related("cohort").get(user=me(request), track=pool.track_id)
    try:
        ensure_open(enrolment)
    except Refused as refusal:
        return refusal.message
    return ""
