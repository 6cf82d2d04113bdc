from collections.abc import Iterator

from django.urls import reverse

from bench import queries
from bench.report import Check, Result, ratio
from bench.run import Run
from bench.timing import take_turns
from tracks.models import Cohort


def run(run: Run) -> Iterator[Result]:
    """The board and the first page of the people table; the number of queries has to be the same."""
    few = _queries(run, run.data.few)
    yield _board(run, run.data.few, "readiness, 20 people")
    many = _queries(run, run.data.many)
    further = Check(what="queries more than for 20 people", actual=abs(many - few), limit=0)
    yield _board(run, run.data.many, "readiness, 1,000 people", further)


def _path(cohort: Cohort) -> str:
    return reverse("cohort_readiness", args=[cohort.pk])


def _queries(run: Run, cohort: Cohort) -> int:
    return queries.of_page(_path(cohort), session=run.data.manager_session)


def _board(run: Run, cohort: Cohort, name: str, *further: Check) -> Result:
    path = _path(cohort)
    manager, bare = run.manager(), run.bare()
    person = cohort.enrolments.order_by("user__name")[0].user.name
    ours, floor = take_turns(
        lambda: manager.page(path, expect=person),
        lambda: bare.page("/table/", expect="Person 0024"),
        repeat=run.repeat,
    )
    return Result(
        name=name,
        timing=ours,
        floor_name="bare table, 25 rows x 16",
        floor=floor,
        checks=[ratio(ours, floor, limit=2.5), *further],
    )
