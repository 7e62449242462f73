"""Charts as SVG: points with their intervals. Colours and fonts come from the page's style."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

_LABEL, _WIDTH, _RIGHT = 215, 745, 40
_TOP, _BOTTOM = 8, 34
_LANE = 11
_GAP = 12
#: Systems are told apart by so many colours and shapes together.
SERIES = 8


@dataclass(frozen=True)
class Mark:
    """A point with its interval; bounds are None where there is none."""

    series: int
    name: str
    value: float
    low: float | None
    high: float | None


def intervals(title: str, groups: Sequence[tuple[str, Sequence[Mark]]], axis: str) -> str:
    """Return a chart: a group of marks a line, one under the other, on one axis from 0.

    Args:
        title: What the chart shows, for those who cannot see it.
        groups: A label and its marks, from top to bottom.
        axis: What the axis measures.
    """
    heights = [max(1, len(marks)) * _LANE + _GAP for _, marks in groups]
    height = _TOP + sum(heights) + _BOTTOM
    bounds = [
        bound
        for _, marks in groups
        for mark in marks
        for bound in (mark.value, mark.high, mark.low)
        if bound is not None and not math.isnan(bound)
    ]
    low, high, ticks = _axis(min(bounds, default=0.0), max(bounds, default=1.0))

    def x(value: float) -> float:
        return _LABEL + (value - low) / (high - low) * (_WIDTH - _LABEL - _RIGHT)

    parts = [
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label={quoteattr(title)}>'
    ]
    for tick in ticks:
        kind = "axis" if tick == 0 else "grid"
        parts.append(
            f'<line class="{kind}" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{_TOP}" '
            f'y2="{height - _BOTTOM}"/><text class="tick" x="{x(tick):.1f}" '
            f'y="{height - _BOTTOM + 14}" text-anchor="middle">{tick:g}</text>'
        )
    top = float(_TOP)
    for (label, marks), tall in zip(groups, heights, strict=True):
        middle = top + tall / 2
        parts.append(
            f'<text class="label" x="{_LABEL - 10}" y="{middle + 4:.1f}" text-anchor="end">'
            f"{escape(_short(label))}</text>"
        )
        for lane, mark in enumerate(marks):
            parts.append(_mark(mark, label, x, top + _GAP / 2 + (lane + 0.5) * _LANE))
        top += tall
    centre = (_LABEL + _WIDTH - _RIGHT) / 2
    parts.append(
        f'<text class="tick" x="{centre:.1f}" y="{height - 4}" text-anchor="middle">'
        f"{escape(axis)}</text></svg>"
    )
    return "".join(parts)


def _mark(mark: Mark, label: str, x: Callable[[float], float], y: float) -> str:
    if math.isnan(mark.value):
        return ""
    told = f"{label}, {mark.name}: {mark.value:.1f}"
    line = ""
    if mark.low is not None and mark.high is not None:
        told += f" [{mark.low:.1f}, {mark.high:.1f}]"
        line = f'<line x1="{x(mark.low):.1f}" x2="{x(mark.high):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return (
        f'<g class="series s{mark.series % SERIES}"><title>{escape(told)}</title>{line}'
        f"{_shape(mark.series, x(mark.value), y)}</g>"
    )


def _shape(series: int, x: float, y: float) -> str:
    """Return a mark's shape: those who do not see its colour see its form."""
    forms = (
        f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        f"M{x - 3.5:.1f} {y - 3.5:.1f}h7v7h-7z",
        f"M{x:.1f} {y - 4.5:.1f}l4.5 8h-9z",
        f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z",
    )
    return f'<path d="{forms[series % len(forms)]}"/>'


def key(series: int) -> str:
    """Return the sample of a series for a legend."""
    return (
        '<svg class="key" viewBox="0 0 14 14" aria-hidden="true">'
        f'<g class="series s{series % SERIES}">{_shape(series, 7, 7)}</g></svg>'
    )


def _axis(low: float, high: float) -> tuple[float, float, list[float]]:
    """Return an axis's ends and ticks: round numbers that hold 0 and every value."""
    low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or 1.0
    step = next(
        nice * 10**power
        for power in range(-3, 6)
        for nice in (1.0, 2.0, 5.0)
        if span / (nice * 10**power) <= 8
    )
    first, last = math.floor(low / step), math.ceil(high / step) or 1
    return first * step, last * step, [place * step for place in range(first, last + 1)]


def _short(label: str) -> str:
    return label if len(label) <= 30 else label[:29] + "…"
