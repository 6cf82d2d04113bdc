"""Shares with their intervals as SVG, drawn by the rules of `tracks.charts`: for the page and for the PDF."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.template.defaultfilters import truncatechars
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from tracks.charts import FONT, GRID, LABEL, LABELS, LINE, SERIES, TICK, WIDTH

_ROW = 30
_TOP = 20
_AXIS = 24
_RIGHT = 64
_TICKS = (0, 25, 50, 75, 100)


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A share with the bounds of its interval, each from 0 to 1, and how it is written."""

    label: str
    share: Decimal
    lower: Decimal
    upper: Decimal
    text: str


def intervals(
    *, title: str, description: str, rows: Sequence[Share], mark: Decimal | None = None, mark_text: str = ""
) -> SafeString:
    """One line a row, from bound to bound, with a dot at the share; and a line down at `mark`, if any.

    Raises ValueError unless every row has 0 ≤ lower ≤ share ≤ upper ≤ 1.
    """
    if any(not 0 <= row.lower <= row.share <= row.upper <= 1 for row in rows):
        raise ValueError("a share lies within its interval, both within 0 and 1")
    bottom = _TOP + len(rows) * _ROW
    parts = [*_grid(bottom), *(_mark(mark, mark_text, bottom) if mark is not None else ())]
    for index, row in enumerate(rows):
        parts += _row(row, _TOP + index * _ROW + _ROW / 2)
    body = "".join(parts)
    key = hashlib.sha256(f"{title}\n{description}\n{body}".encode()).hexdigest()[:8]
    return mark_safe(  # noqa: S308  # every text in it is escaped
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + _AXIS}" role="img" '
        f'class="chart" aria-labelledby="chart-{key}-t chart-{key}-d">'
        f'<title id="chart-{key}-t">{conditional_escape(title)}</title>'
        f'<desc id="chart-{key}-d">{conditional_escape(description)}</desc>{body}</svg>'
    )


def _x(share: Decimal | float) -> float:
    return LABELS + float(share) * (WIDTH - LABELS - _RIGHT)


def _grid(bottom: int) -> Iterator[str]:
    for percent in _TICKS:
        x = _x(percent / 100)
        yield f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}" class="grid" stroke="{GRID}"/>'
        yield _text(x, bottom + 16, f"{percent} %", "tick", TICK, anchor="middle")


def _mark(mark: Decimal, text: str, bottom: int) -> Iterator[str]:
    """What the lower bound has to reach."""
    x = _x(mark)
    height = bottom - _TOP
    yield f'<rect x="{x - 0.75:.1f}" y="{_TOP}" width="1.5" height="{height}" class="s4" fill="{SERIES[4]}"/>'
    yield _text(x, _TOP - 7, text, "tick", TICK, anchor="middle")


def _row(row: Share, y: float) -> Iterator[str]:
    told = conditional_escape(f"{row.label}: {row.text}")
    left, right = _x(row.lower), _x(row.upper)
    yield _text(LABELS - 12, y + 4, truncatechars(row.label, LINE), "lbl", LABEL, anchor="end")
    yield (
        f'<g><title>{told}</title><rect x="{left:.1f}" y="{y - 3:.1f}" width="{max(right - left, 1):.1f}" '
        f'height="6" rx="3" class="s1" fill="{SERIES[1]}"/>'
        f'<circle cx="{_x(row.share):.1f}" cy="{y:.1f}" r="5.5" class="s0" fill="{SERIES[0]}"/></g>'
    )
    yield _text(WIDTH, y + 4, row.text, "lbl", LABEL, anchor="end")


def _text(x: float, y: float, text: str, css: str, fill: str, *, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}" fill="{fill}" font-size="12" '
        f"{FONT}>{conditional_escape(text)}</text>"
    )
