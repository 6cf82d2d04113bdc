"""Times of repeated calls, taken in turns so that drift of the machine hits all sides alike."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WARM_UP = 30
BLOCK = 25


@dataclass(frozen=True, slots=True)
class Timing:
    """How long each call of one kind took, in milliseconds, in ascending order."""

    milliseconds: Sequence[float]

    @property
    def p50(self) -> float:
        return self._percentile(50)

    @property
    def p95(self) -> float:
        return self._percentile(95)

    @property
    def p99(self) -> float:
        return self._percentile(99)

    @property
    def per_second(self) -> float:
        """What one caller gets who waits for each answer."""
        return 1000 * len(self.milliseconds) / sum(self.milliseconds)

    def _percentile(self, share: int) -> float:
        """The nearest rank: the smallest time that at least `share` per cent of the calls kept to."""
        rank = math.ceil(share / 100 * len(self.milliseconds))
        return self.milliseconds[rank - 1]


def take_turns(
    *calls: Callable[[], object], repeat: int, warm_up: int = WARM_UP, block: int = BLOCK
) -> list[Timing]:
    """Time each of `calls` `repeat` times, in blocks: A … A, B … B, A … A and so on, after a warm-up."""
    for call in calls:
        for _ in range(warm_up):
            call()
    taken: list[list[float]] = [[] for _ in calls]
    while len(taken[0]) < repeat:
        size = min(block, repeat - len(taken[0]))
        for call, times in zip(calls, taken, strict=True):
            times.extend(_timed(call) for _ in range(size))
    return [Timing(sorted(times)) for times in taken]


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1_000_000
