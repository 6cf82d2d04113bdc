"""Decisions at a steady 200 a second, with two web processes on two cores: how long the slowest take.

A call is due at its time, whether or not the ones before it are answered; its wait counts from then on.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import local

from bench import stack
from bench.client import Client
from bench.report import Check, Result
from bench.run import Run
from bench.scenarios.evaluation import PATH, question
from bench.timing import Timing

PER_SECOND = 200
SECONDS = 30
WORKERS = 2
#: Connections of the gateways.
CALLERS = 32
LIMIT_MS = 100.0
WARM_UP = 200


def run(run: Run) -> Iterator[Result]:
    body = question(run.data.holder)
    with stack.product(run.folder / "load.log", workers=WORKERS) as server:
        times, faults = load(server.port, body, token=run.data.token)
    timing = Timing(sorted(times))
    yield Result(
        name=f"evaluation at {PER_SECOND} a second for {SECONDS} s, {WORKERS} web processes",
        timing=timing,
        checks=[
            Check(what="errors", actual=faults, limit=0),
            Check(what="p99", actual=timing.p99, limit=LIMIT_MS, unit=" ms"),
        ],
    )


def load(port: int, body: bytes, *, token: str) -> tuple[list[float], int]:
    """Milliseconds from the moment at which each call was due, and how many failed."""
    mine = local()

    def ask(due: float) -> float:
        if not hasattr(mine, "client"):
            mine.client = Client(port, token=token)
        mine.client.post_json(PATH, body, expect='"outcome":"allow"')
        return (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(max_workers=CALLERS) as callers:
        for warm in [callers.submit(ask, 0.0) for _ in range(WARM_UP)]:
            warm.result()
        began = time.perf_counter()
        waits = []
        for number in range(PER_SECOND * SECONDS):
            due = began + number / PER_SECOND
            time.sleep(max(0, due - time.perf_counter()))
            waits.append(callers.submit(ask, due))
    faults = [wait for wait in waits if wait.exception()]
    return [wait.result() for wait in waits if not wait.exception()], len(faults)
