from collections.abc import Iterator

from django.urls import reverse

from bench import queries
from bench.report import Check, Result, ratio
from bench.run import Run
from bench.timing import take_turns


def run(run: Run) -> Iterator[Result]:
    """The learner's first page, in the middle of the front-line track."""
    path = reverse("my_path")
    learner, bare = run.learner(), run.bare()
    ours, floor = take_turns(
        lambda: learner.page(path, expect="Front-line operations"),
        lambda: bare.page("/", expect="Lesson 9"),
        repeat=run.repeat,
    )
    count = queries.of_page(path, session=run.data.learner_session)
    yield Result(
        name="my_path",
        timing=ours,
        floor_name="bare page, one query",
        floor=floor,
        checks=[ratio(ours, floor, limit=5), Check(what="queries", actual=count, limit=12)],
    )
