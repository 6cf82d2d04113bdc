from collections.abc import Iterator

from django.utils import timezone

from bench import data
from bench.processes import resident
from bench.report import Check, Result
from bench.run import Run
from bench.timing import take_turns
from enablement.certificates import services

COUNT = 300
WARM_UP = 20


def run(run: Run) -> Iterator[Result]:
    """What the job does: check the gate, print, then issue in a transaction; another person each time."""
    people = list(run.data.many.enrolments.order_by("pk")[: COUNT + WARM_UP])
    data.complete(people, at=timezone.now())
    turns = iter(people)

    def make() -> None:
        issue = services.prepare(enrolment_id=next(turns).pk, at=timezone.now())
        issue()

    for _ in range(WARM_UP):
        make()
    before = resident()
    (timing,) = take_turns(make, repeat=COUNT, warm_up=0)
    growth = resident() - before
    yield Result(
        name="certificate",
        timing=timing,
        checks=[
            Check(what="p50", actual=timing.p50, limit=60, unit=" ms"),
            Check(what=f"growth over {COUNT}", actual=growth, limit=5, unit=" MiB"),
        ],
    )
