"""Decisions at a steady 200 a second, with two web processes on two cores: how long the slowest take.

A call is due at its time, whether or not the ones before it are answered; its wait counts from then on. The
caller shares the two cores with web processes and database, and says how much of one it takes.
"""

from collections.abc import Iterator

from bench import stack, steady
from bench.report import Check, Result
from bench.run import Run
from bench.scenarios.evaluation import PATH, question
from bench.timing import Timing

PER_SECOND = 200
SECONDS = 30
WORKERS = 2
#: Connections of the gateways.
LINES = 32
LIMIT_MS = 100.0
WARM_UP = 400
ALLOWED = b'"outcome":"allow"'
#: Per cent of a core: a caller that takes more measures itself.
CALLER = 25


def run(run: Run) -> Iterator[Result]:
    call = steady.request(PATH, question(run.data.holder), token=run.data.token)
    with (
        stack.product(run.folder / "load.log", workers=WORKERS) as server,
        steady.lines(server.port, LINES) as lines,
    ):
        steady.ask(lines, call, expect=ALLOWED, count=WARM_UP, per_second=PER_SECOND)
        asked = steady.ask(lines, call, expect=ALLOWED, count=PER_SECOND * SECONDS, per_second=PER_SECOND)
    timing = Timing(sorted(asked.milliseconds))
    yield Result(
        name=f"evaluation at {PER_SECOND} a second for {SECONDS} s, {WORKERS} web processes",
        timing=timing,
        checks=[
            Check(what="errors", actual=asked.faults, limit=0),
            Check(what="p99", actual=timing.p99, limit=LIMIT_MS, unit=" ms"),
            Check(what="the caller's own share", actual=100 * asked.share, limit=CALLER, unit=" % of a core"),
        ],
    )
