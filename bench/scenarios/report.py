from collections.abc import Iterator

from django.utils import timezone

from bench.report import Check, Result, ratio
from bench.run import Run
from bench.timing import take_turns
from enablement.reports import printing, spreadsheet
from enablement.reports.reading import read
from tracks.models import Cohort

FILES = 50
DOCUMENTS = 10


def run(run: Run) -> Iterator[Result]:
    """The files of a report as its job makes them, in this process, from the first read to the last byte."""
    cohort, bare = run.data.many, run.bare()
    ours, floor = take_turns(
        lambda: _table(cohort),
        lambda: bare.page("/csv/", expect="Person 0999"),
        repeat=min(run.repeat, FILES),
        warm_up=3,
        block=5,
    )
    yield Result(
        name="report, CSV of 1,000 people",
        timing=ours,
        floor_name="bare CSV, 1,000 rows x 16",
        floor=floor,
        checks=[ratio(ours, floor, limit=6)],
    )
    (document,) = take_turns(lambda: _document(cohort), repeat=min(run.repeat, DOCUMENTS), warm_up=1)
    yield Result(
        name="report, PDF of 1,000 people",
        timing=document,
        checks=[Check(what="p50", actual=document.p50, limit=2000, unit=" ms")],
    )


def _table(cohort: Cohort) -> None:
    spreadsheet.as_csv(read(cohort=cohort, at=timezone.now()))


def _document(cohort: Cohort) -> None:
    printing.print_report(read(cohort=cohort, at=timezone.now()))
