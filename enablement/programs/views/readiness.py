"""The program manager's first page: is the cohort ready, and what blocks it?"""

from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from enablement.people.requests import PersonRequest
from enablement.programs.cells import state_cells
from enablement.programs.selectors import readiness as selectors
from surveys.models import Survey
from tracks.charts import stacked_bars
from tracks.models import Cohort, Enrolment

PAGE_SIZE = 25


@require_safe
@permission_required("tracks.run_cohorts", raise_exception=True)
def readiness(request: PersonRequest) -> HttpResponse:
    cohorts = Cohort.objects.all().run_by(request.user).exclude(state=Cohort.State.CLOSED)
    boards = selectors.boards(cohorts=list(cohorts.select_related("track")), at=timezone.now())
    if len(boards) == 1:
        return redirect("cohort_readiness", boards[0].cohort.pk)
    return render(request, "programs/readiness_list.html", {"boards": boards})


@require_safe
def cohort_readiness(request: PersonRequest, cohort_id: UUID) -> HttpResponse:
    runs = Cohort.objects.all().run_by(request.user).select_related("track")
    cohort = get_object_or_404(runs, pk=cohort_id)
    at = timezone.now()
    board = selectors.board(cohort=cohort, at=at)
    missing = _missing(request, board)
    people = Paginator(_people(cohort, missing), PAGE_SIZE).get_page(request.GET.get("page"))
    modules = selectors.module_rows(cohort=cohort, total=board.total)
    rows = selectors.person_rows(
        cohort=cohort, modules=[row.module for row in modules], enrolments=list(people), at=at
    )
    context = {
        "board": board,
        "page": people,
        "people": [(row, state_cells(row)) for row in rows],
        "missing": missing,
        "modules": modules,
        "chart": _chart(modules),
        "legend": [{"label": label, "key": f"s{index}"} for index, label in enumerate(_series())],
        "surveys": Survey.objects.live().filter(track=cohort.track),
        "at": at,
    }
    return render(request, "programs/readiness.html", context)


def _missing(request: PersonRequest, board: selectors.Board) -> selectors.RequirementRow | None:
    """The requirement by which the people table is narrowed, from `?missing=2`."""
    asked = request.GET.get("missing", "")
    return next((row for row in board.requirements if str(row.index) == asked), None)


def _people(cohort: Cohort, missing: selectors.RequirementRow | None) -> QuerySet[Enrolment]:
    people = selectors.live_enrolments(cohort)
    if missing is None:
        return people
    return people.filter(~Q(**{f"standing__leaves__{missing.index}__met": True}))


def _chart(modules: list[selectors.ModuleRow]) -> str:
    return stacked_bars(
        title=_("Module progress"),
        description=_("How many people have completed each module, are under way, or have not started."),
        rows=[(row.module.title, (row.completed, row.under_way, row.not_started)) for row in modules],
        series=_series(),
    )


def _series() -> tuple[str, str, str]:
    return _("Completed"), _("Under way"), _("Not started")
