"""Plots of item analyses as SVG, drawn by the rules of `tracks.charts`."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from tracks.charts import FONT, GRID, LABEL, SERIES, TICK, WIDTH

_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 22, 28, 40
_HEIGHT = 300
_BAR_HEIGHT = 220
_TICKS = 5
#: Series of the weakest, the middle and the best group: the best stand out, in light and dark.
GROUPS = (1, 3, 0)


@dataclass(frozen=True, slots=True)
class Point:
    """A question: x from 0 to 1, y from -1 to 1; series 4 where it is flagged. mark: printed beside."""

    label: str
    mark: str
    x: float
    y: float
    series: int


def scatter(
    *, title: str, description: str, points: Sequence[Point], x_title: str, y_title: str
) -> SafeString:
    """Facility against discrimination; y begins at 0 unless a point lies below."""
    # The fifth at or below the lowest point.
    low = floor(min([0.0, *(point.y for point in points)]) * _TICKS) / _TICKS
    right, bottom = WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def place(point: Point) -> tuple[float, float]:
        x = _LEFT + point.x * (right - _LEFT)
        return x, bottom - (point.y - low) / (1 - low) * (bottom - _TOP)

    parts = list(_grid(low, 1.0, bottom))
    for step in range(_TICKS + 1):
        x = _LEFT + step / _TICKS * (right - _LEFT)
        parts.append(_text(x, bottom + 16, f"{step * 20} %", "tick", TICK, anchor="middle"))
    parts.append(_text((_LEFT + right) / 2, _HEIGHT - 6, x_title, "tick", TICK, anchor="middle"))
    parts.append(_text(0, 10, y_title, "tick", TICK))
    for point in points:
        x, y = place(point)
        told = conditional_escape(point.label)
        parts.append(
            f'<g><title>{told}</title><circle cx="{x:.1f}" cy="{y:.1f}" r="5" class="s{point.series}" '
            f'fill="{SERIES[point.series]}"/></g>'
        )
        if point.mark:
            near = x > right - 60
            anchor = "end" if near else "start"
            parts.append(_text(x - 8 if near else x + 8, y + 4, point.mark, "lbl", LABEL, anchor=anchor))
    return _svg(title, description, parts, _HEIGHT)


def histogram(
    *, title: str, description: str, counts: Sequence[int], labels: Sequence[str], passes_from: float
) -> SafeString:
    """One column a tenth; those at or above `passes_from` (a share) stand out."""
    most = max([1, *counts])
    width = (WIDTH - _LEFT - _RIGHT) / len(counts)
    bottom = _BAR_HEIGHT - _BOTTOM
    parts = []
    for index, (count, label) in enumerate(zip(counts, labels, strict=True)):
        height = count / most * (bottom - _TOP - 10)
        series = 0 if (index + 1) / len(counts) > passes_from else 1
        x = _LEFT + index * width
        told = conditional_escape(f"{label}: {count}")
        parts.append(
            f'<g><title>{told}</title><rect x="{x + 2:.1f}" y="{bottom - height:.1f}" '
            f'width="{width - 4:.1f}" height="{height:.1f}" rx="2" class="s{series}" '
            f'fill="{SERIES[series]}"/></g>'
        )
        if count:
            parts.append(_text(x + width / 2, bottom - height - 4, str(count), "lbl", LABEL, anchor="middle"))
        parts.append(_text(x + width / 2, bottom + 16, label, "tick", TICK, anchor="middle", size=10))
    parts.append(_line(_LEFT, bottom, WIDTH - _RIGHT, bottom))
    return _svg(title, description, parts, _BAR_HEIGHT)


def bands(
    *, title: str, description: str, rows: Sequence[tuple[str, Sequence[float]]], series: Sequence[str]
) -> SafeString:
    """For each option one bar a group of people, by the share of them that picked it."""
    labels, bar, gap = 150, 14, 14
    height = _TOP + len(rows) * (len(series) * bar + gap) + 18
    scale = WIDTH - labels - 48
    parts = []
    for index, (label, shares) in enumerate(rows):
        top = _TOP + index * (len(series) * bar + gap)
        parts.append(
            _text(labels - 10, top + len(series) * bar / 2 + 4, _short(label), "lbl", LABEL, anchor="end")
        )
        for place, (name, share) in enumerate(zip(series, shares, strict=True)):
            y, fill = top + place * bar, GROUPS[place]
            told = conditional_escape(f"{label}, {name}: {share:.0%}")
            parts.append(
                f'<g><title>{told}</title><rect x="{labels}" y="{y}" width="{max(share * scale, 1):.1f}" '
                f'height="{bar - 2}" rx="2" class="s{fill}" fill="{SERIES[fill]}"/></g>'
            )
            x = labels + share * scale + 6
            parts.append(_text(x, y + 10, f"{share:.0%}", "tick", TICK, size=10))
    return _svg(title, description, parts, height)


def _short(label: str) -> str:
    longest = 20
    return label if len(label) <= longest else f"{label[: longest - 1]}…"


def _grid(low: float, high: float, bottom: int) -> Iterator[str]:
    steps = round((high - low) / 0.2)
    for step in range(steps + 1):
        value = low + step * 0.2
        y = bottom - step / steps * (bottom - _TOP)
        yield _line(_LEFT, y, WIDTH - _RIGHT, y)
        yield _text(_LEFT - 8, y + 4, f"{value:.1f}", "tick", TICK, anchor="end")


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="grid" stroke="{GRID}"/>'


def _text(
    x: float, y: float, text: str, css: str, fill: str, *, anchor: str = "start", size: float = 12
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}" fill="{fill}" '
        f'font-size="{size}" {FONT}>{conditional_escape(text)}</text>'
    )


def _svg(title: str, description: str, parts: Sequence[str], height: int) -> SafeString:
    body = "".join(parts)
    key = hashlib.sha256(f"{title}\n{description}\n{body}".encode()).hexdigest()[:8]
    return mark_safe(  # noqa: S308  # every text in it is escaped
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" class="chart" '
        f'aria-labelledby="chart-{key}-t chart-{key}-d"><title id="chart-{key}-t">{conditional_escape(title)}'
        f'</title><desc id="chart-{key}-d">{conditional_escape(description)}</desc>{body}</svg>'
    )
