"""Charts as SVG: one drawing for the page and for the PDF.

Presentation attributes carry the colours of paper, because in a PDF no style sheet reaches inline SVG. On a
page, CSS overrides them by class inside `.chart`: fills `s0`…`s4` (series), `v0`…`v4` (a value printed on
one),
`lbl`, `tick`; stroke `grid`. Each drawing says its title and its meaning to screen readers; the same numbers
belong beside it as a table, and the names of the series in a legend.
"""

import hashlib
import textwrap
from collections.abc import Iterator, Sequence

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

#: Fill of each series on paper, and the ink that is legible on it.
SERIES = ("#2753dd", "#9db8fb", "#dfe3ec", "#0f7b6c", "#b06a12")
INK = ("#ffffff", "#101828", "#101828", "#ffffff", "#ffffff")
LABEL, TICK, GRID = "#475467", "#5b667a", "#e4e7ee"

# Units of the drawing; on a page 480 of them fill the width that there is.
WIDTH = 480
LABELS = 156
ROW = 38
BAR = 22
TOP = 6
AXIS = 24
FONT = 'font-family="Inter, sans-serif"'
#: Characters of a label on one line; it has two.
LINE = 23
DIGIT = 7
TICKS = 4


def stacked_bars(
    *, title: str, description: str, rows: Sequence[tuple[str, Sequence[int]]], series: Sequence[str]
) -> SafeString:
    """One bar a row, its parts side by side on a common scale from 0.

    rows: label and one count per series, none below 0. series: their names, at most five, read out with the
    numbers. Raises ValueError where rows do not fit.
    """
    if len(series) > len(SERIES) or any(len(counts) != len(series) or min(counts) < 0 for _, counts in rows):
        raise ValueError("every row needs one count, 0 or more, for each of at most five series")
    most = max((sum(counts) for _label, counts in rows), default=0)
    step = _step(most)
    scale = (WIDTH - LABELS - DIGIT) / max(-(-most // step) * step, 1)
    parts = [*_grid(most, step, scale, len(rows))]
    for index, (label, counts) in enumerate(rows):
        top = TOP + index * ROW
        parts += _label(label, top)
        parts += _bar(label, list(zip(series, counts, strict=True)), top, scale)
    return _svg(title, description, parts, height=TOP + len(rows) * ROW + AXIS)


def meters(*, title: str, description: str, rows: Sequence[tuple[str, int, int]]) -> SafeString:
    """One bar a row, filled as far as the count is of its whole, with both numbers beside it.

    rows: label, count and whole; 0 of 0 is an empty bar. Raises ValueError unless 0 ≤ count ≤ whole.
    """
    if any(not 0 <= count <= whole for _label, count, whole in rows):
        raise ValueError("a count lies between 0 and its whole")
    digits = max((len(f"{count} / {whole}") for _label, count, whole in rows), default=0)
    length = WIDTH - LABELS - digits * DIGIT - 10
    parts: list[str] = []
    for index, (label, count, whole) in enumerate(rows):
        top = TOP + index * ROW
        parts += _label(label, top)
        parts.append(_rect(LABELS, top + 6, length, 10, 2))
        if count:
            parts.append(_rect(LABELS, top + 6, length * count / whole, 10, 0))
        parts.append(_text(WIDTH, top + 16, f"{count} / {whole}", "lbl", LABEL, anchor="end"))
    return _svg(title, description, parts, height=TOP + len(rows) * ROW)


def _bar(label: str, counts: list[tuple[str, int]], top: int, scale: float) -> Iterator[str]:
    left = float(LABELS)
    for index, (name, count) in enumerate(counts):
        if not count:
            continue
        width = count * scale
        told = conditional_escape(f"{label}, {name}: {count}")
        yield f"<g><title>{told}</title>"
        # A hairline of the ground between the parts, so that they are told apart without colour.
        yield _rect(left, top, max(width - 1.5, 1), BAR, index)
        if width >= DIGIT * len(str(count)) + 10:
            yield _text(left + 7, top + 15.5, str(count), f"v{index}", INK[index], weight=600)
        yield "</g>"
        left += width


def _grid(most: int, step: int, scale: float, rows: int) -> Iterator[str]:
    """Lines at round numbers, from 0 to the first at or above the longest bar."""
    bottom = TOP + rows * ROW - (ROW - BAR) + 6
    for value in range(0, -(-most // step) * step + 1, step):
        x = LABELS + value * scale
        yield f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{bottom}" class="grid" stroke="{GRID}"/>'
        yield _text(x, bottom + 16, str(value), "tick", TICK, size=11, anchor="middle")


def _step(most: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that divides the axis into at most `TICKS` parts."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power * TICKS >= most:
                return digit * power
        power *= 10


def _label(label: str, top: int) -> Iterator[str]:
    lines = textwrap.wrap(label, LINE, max_lines=2, placeholder="…") or [""]
    middle = top + 15.5 if len(lines) == 1 else top + 8.5
    for index, line in enumerate(lines):
        yield _text(LABELS - 12, middle + index * 14.5, line, "lbl", LABEL, size=12.5, anchor="end")


def _rect(x: float, y: float, width: float, height: float, series: int) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="3" '
        f'class="s{series}" fill="{SERIES[series]}"/>'
    )


def _text(
    x: float,
    y: float,
    text: str,
    css: str,
    fill: str,
    *,
    size: float = 12,
    anchor: str = "start",
    weight: int = 400,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}" fill="{fill}" '
        f'font-size="{size}" font-weight="{weight}" {FONT}>{conditional_escape(text)}</text>'
    )


def _svg(title: str, description: str, parts: Sequence[str], *, height: int) -> SafeString:
    body = "".join(parts)
    # Several charts share a page, so that the ids have to differ; the same chart keeps its own.
    key = hashlib.sha256(f"{title}\n{description}\n{body}".encode()).hexdigest()[:8]
    return mark_safe(  # noqa: S308  # every text in it is escaped
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" class="chart" '
        f'aria-labelledby="chart-{key}-t chart-{key}-d"><title id="chart-{key}-t">{conditional_escape(title)}'
        f'</title><desc id="chart-{key}-d">{conditional_escape(description)}</desc>{body}</svg>'
    )
