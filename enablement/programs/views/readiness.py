"""The program manager's first page: is the cohort ready, and what blocks it?"""

from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from enablement.people.requests import PersonRequest
from enablement.programs import cells
from enablement.programs.selectors import readiness as selectors
from tracks.charts import stacked_bars
from tracks.models import Cohort


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
    cohort = selectors.cohort_run_by(cohort_id=cohort_id, user=request.user)
    if cohort is None:
        raise Http404
    at = timezone.now()
    board = selectors.board(cohort=cohort, at=at)
    modules, surveys = selectors.content(cohort=cohort)
    spread = selectors.module_rows(cohort=cohort, modules=modules, total=board.total)
    missing = _missing(request, board)
    count = missing.missing if missing else board.total
    page = Paginator(range(count), selectors.PAGE_SIZE).get_page(request.GET.get("page"))
    people = selectors.person_rows(
        cohort=cohort,
        modules=modules,
        start=(page.number - 1) * selectors.PAGE_SIZE,
        missing=missing.key if missing else None,
        at=at,
    )
    context = {
        "board": board,
        "page": page,
        "people_heads": cells.people_heads(modules, board.rows),
        "people_rows": cells.people_rows(cohort.pk, people, board.rows),
        "missing": missing,
        "requirement_rows": cells.requirement_rows(board.rows),
        "module_rows": cells.module_rows(spread),
        "chart": _chart(spread),
        "legend": [{"label": label, "key": f"s{index}"} for index, label in enumerate(_series())],
        "surveys": surveys,
        "at": at,
    }
    return render(request, "programs/readiness.html", context)


def _missing(request: PersonRequest, board: selectors.Board) -> selectors.RequirementRow | None:
    """The requirement by which the people table is narrowed, from `?missing=2`."""
    asked = request.GET.get("missing", "")
    return next((row for row in board.rows if str(row.key) == asked), None)


def _chart(modules: list[selectors.ModuleRow]) -> str:
    return stacked_bars(
        title=_("Module progress"),
        description=_("How many people have completed each module, are under way, or have not started."),
        rows=[(row.module.title, (row.completed, row.under_way, row.not_started)) for row in modules],
        series=_series(),
    )


def _series() -> tuple[str, str, str]:
    return _("Completed"), _("Under way"), _("Not started")
