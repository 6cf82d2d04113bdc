from collections.abc import Iterator

from bench import queries
from bench.report import Check, Result, ratio
from bench.run import Run
from bench.timing import take_turns


def run(run: Run) -> Iterator[Result]:
    """The front-line track as its learner sees it."""
    track = run.data.front_line.track
    path = track.get_absolute_url()
    learner, bare = run.learner(), run.bare()
    ours, floor = take_turns(
        lambda: learner.page(path, expect=track.title),
        lambda: bare.page("/", expect="Lesson 9"),
        repeat=run.repeat,
    )
    count = queries.of_page(path, session=run.data.learner_session)
    yield Result(
        name="track_page",
        timing=ours,
        floor_name="bare page, one query",
        floor=floor,
        checks=[ratio(ours, floor, limit=5), Check(what="queries", actual=count, limit=12)],
    )
