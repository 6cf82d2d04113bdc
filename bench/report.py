"""What a scenario found, as lines for people or as rows of a Markdown table (docs/performance.md)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.timing import Timing


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One figure beside its limit, which it may reach but not pass."""

    what: str
    actual: float
    limit: float
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.actual <= self.limit

    def __str__(self) -> str:
        verdict = "met" if self.met else "MISSED"
        return f"{self.what} {_figure(self.actual)}{self.unit}, at most {self.limit:g}{self.unit}: {verdict}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """`timing` beside `floor` (what bare Django needed in the same run), with the checks of both."""

    name: str
    timing: Timing | None = None
    floor_name: str = ""
    floor: Timing | None = None
    checks: Sequence[Check] = ()

    @property
    def met(self) -> bool:
        return all(check.met for check in self.checks)

    def lines(self) -> Iterable[str]:
        yield self.name
        if self.timing:
            yield f"  {_spread(self.timing)}"
        if self.floor:
            yield f"  {_spread(self.floor)}   {self.floor_name}"
        for check in self.checks:
            yield f"  {check}"

    def row(self) -> str:
        """A row under HEAD."""
        timing = f"{_three(self.timing)} | {self.timing.per_second:.0f}" if self.timing else "- | -"
        floor = f"{_three(self.floor)}, {self.floor_name}" if self.floor else "-"
        return f"| {self.name} | {timing} | {floor} | {'<br>'.join(map(str, self.checks)) or '-'} |"


HEAD = (
    "| what | p50 / p95 / p99 in ms | per second, one caller | beside it, in the same run | target |\n"
    "| --- | --- | --- | --- | --- |"
)


def ratio(timing: Timing, floor: Timing, *, limit: float) -> Check:
    """How many times the floor's median ours is."""
    return Check(what="times the floor", actual=timing.p50 / floor.p50, limit=limit)


def _spread(timing: Timing) -> str:
    percentiles = f"p50 {timing.p50:7.2f}   p95 {timing.p95:7.2f}   p99 {timing.p99:7.2f} ms"
    return f"{percentiles}   {timing.per_second:6.0f}/s"


def _three(timing: Timing) -> str:
    return f"{timing.p50:.2f} / {timing.p95:.2f} / {timing.p99:.2f}"


def _figure(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.2f}"
