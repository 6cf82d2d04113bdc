"""The learner's pages of exception cases: record, drill, feedback, result, decision matrix."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from assessments.forms.scenarios import DecisionForm
from assessments.models import CaseDecision, Drill, ScenarioSet
from assessments.selectors.scenarios import Record, Tally, matrix_of, record_of, review_of, reviews_of
from assessments.services import scenarios
from assessments.views.signed_in import me
from tracks import markdown
from tracks.charts import stacked_bars
from tracks.errors import Refused
from tracks.models import Enrolment


@require_GET
@never_cache
def exceptions(request: HttpRequest, pk: UUID) -> HttpResponse:
    own = Enrolment.objects.live().filter(user=me(request)).select_related("track", "cohort")
    record = record_of(get_object_or_404(own, pk=pk))
    return render(request, "assessments/exceptions.html", record_context(record) | {"own": True})


@require_GET
@never_cache
def matrix(request: HttpRequest, pk: UUID) -> HttpResponse:
    visible = ScenarioSet.objects.live().visible_to(me(request)).select_related("track")
    found = get_object_or_404(visible, pk=pk)
    context = {"scenario_set": found, "categories": matrix_of(found), "intro": markdown.render(found.intro)}
    return render(request, "assessments/exception_matrix.html", context)


@require_POST
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    visible = ScenarioSet.objects.all().visible_to(me(request))
    found = get_object_or_404(visible, pk=pk)
    capstone = request.POST.get("kind") == Drill.Kind.CAPSTONE
    kind = Drill.Kind.CAPSTONE if capstone else Drill.Kind.PRACTICE
    try:
        drill = scenarios.start(scenario_set=found, kind=kind, actor=me(request), at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
        enrolments = Enrolment.objects.live().filter(user=me(request), track=found.track_id)
        return redirect("exceptions", pk=get_object_or_404(enrolments).pk)
    return redirect(drill)


@require_GET
@never_cache
def drill(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _own_drill(request, pk)
    if found.finished_at is not None:
        return redirect(found)
    return _case_page(request, found, DecisionForm())


@require_POST
def decide(request: HttpRequest, pk: UUID, position: int) -> HttpResponse:
    """Practice shows at once what was right; a capstone goes on with the next case."""
    found = _own_drill(request, pk)
    get_object_or_404(found.cases, position=position)
    form = DecisionForm(request.POST)
    answer = {name: request.POST.get(name, "") for name in ("decision", "justification")}
    try:
        scenarios.decide(drill=found, position=position, actor=me(request), at=timezone.now(), **answer)
    except ValidationError as error:
        return _unfit(request, found, position, form, error)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect(Drill.objects.get(pk=found.pk))
    if found.is_capstone:
        return redirect(Drill.objects.get(pk=found.pk))
    return redirect("drill_case", pk=found.pk, position=position)


@require_GET
@never_cache
def case(request: HttpRequest, pk: UUID, position: int) -> HttpResponse:
    """What was right about a decided case, as soon as it may be told."""
    found = _own_drill(request, pk)
    if found.beside_capstone:
        return _withheld(request, found)
    told = CaseDecision.objects.all().shown().filter(drill=found)
    decided = told.select_related("scenario__scenario_set", "drill", "graded_by").filter(position=position)
    review = review_of(get_object_or_404(decided))
    context = {"drill": found, "review": review, "last": position == found.size}
    return render(request, "assessments/drill_case.html", context)


@require_GET
@never_cache
def result(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = _own_drill(request, pk)
    if found.finished_at is None:
        return redirect(found)
    if found.beside_capstone:
        return _withheld(request, found)
    reviews = reviews_of(found)
    marks = [each.named for review in reviews for each in review.criteria if each.named is not None]
    context = {
        "drill": found,
        "reviews": reviews,
        "right": sum(bool(review.case.right) for review in reviews),
        "waiting": sum(review.case.graded and review.case.graded_at is None for review in reviews),
        "named": sum(marks),
        "criteria": len(marks),
    }
    return render(request, "assessments/drill_result.html", context)


def _withheld(request: HttpRequest, found: Drill) -> HttpResponse:
    messages.info(
        request, _("Your capstone may ask the same cases: earlier ones are shown again when it has ended.")
    )
    return redirect("exceptions", pk=found.enrolment_id)


def record_context(record: Record) -> dict[str, object]:
    """A record with its two drawings, each with the tallies that it draws."""
    series = [_("Right"), _("Wrongly approved"), _("Wrongly denied"), _("Wrongly escalated")]
    told = _("Decisions by kind of case: how many were right, and what was decided wrongly in the others.")

    def drawn(key: str, title: str, tallies: Sequence[Tally]) -> dict[str, object]:
        rows = [(capfirst(tally.label), tally.counts) for tally in tallies]
        svg = stacked_bars(title=title, description=told, rows=rows, series=series)
        return {"id": key, "title": title, "tallies": tallies, "svg": svg}

    legend = [{"label": name, "key": f"s{index}"} for index, name in enumerate(series)]
    return {
        "record": record,
        "by_category": drawn("by-category", _("By category"), record.by_category),
        "by_complexity": drawn("by-complexity", _("By complexity"), record.by_complexity),
        "legend": legend,
        "series": series,
    }


def _own_drill(request: HttpRequest, pk: UUID) -> Drill:
    own = Drill.objects.all().visible_to(me(request))
    return get_object_or_404(own.select_related("scenario_set", "enrolment"), pk=pk)


def _unfit(
    request: HttpRequest, found: Drill, position: int, form: DecisionForm, error: ValidationError
) -> HttpResponse:
    """The same page with what is wrong; where the case has been decided meanwhile, its turn is over."""
    open_cases = found.cases.filter(decided_at=None).order_by("position")
    if open_cases.values_list("position", flat=True).first() != position:
        return redirect(Drill.objects.get(pk=found.pk))
    if form.is_valid():
        form.add_errors(error)
    return _case_page(request, found, form, status=422)


def _case_page(request: HttpRequest, found: Drill, form: DecisionForm, *, status: int = 200) -> HttpResponse:
    """The next case, without anything that says what is right."""
    undecided = found.cases.filter(decided_at=None).order_by("position").select_related("scenario")
    hidden = ("right_decision", "criteria", "explanation", "lesson")
    current = undecided.defer(*(f"scenario__{name}" for name in hidden)).first()
    context = {"drill": found, "case": current, "scenario": current and current.scenario, "form": form}
    return render(request, "assessments/drill.html", context, status=status)
