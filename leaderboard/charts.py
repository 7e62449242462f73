"""Charts as SVG: points with their intervals. Colours and fonts come from the page's style."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

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


@dataclass(frozen=True)
class _Layout:
    """Where things stand, in units of the drawing: about a pixel each as it is shown.

    Attributes:
        name: Its class for the style.
        width: The whole width.
        left, right: Margins of the axis.
        above: The height of a line for labels above their lanes; 0 where they stand beside them.
        longest: The most letters of a label.
    """

    name: str
    width: int
    left: int
    right: int
    above: int
    longest: int


_NARROW = _Layout("narrow", 360, 14, 20, 15, 48)


def _wide(labels: Sequence[str]) -> _Layout:
    longest = 30
    letters = max((min(len(label), longest) for label in labels), default=0)
    return _Layout("wide", 745, max(60, 25 + math.ceil(letters * 6.4)), 40, 0, longest)


def responsive(title: str, groups: Sequence[tuple[str, Sequence[Mark]]], axis: str) -> str:
    """Return a chart twice, as `intervals` does: the style shows the one that fits the screen."""
    return intervals(title, groups, axis) + intervals(title, groups, axis, narrow=True)


def intervals(
    title: str, groups: Sequence[tuple[str, Sequence[Mark]]], axis: str, *, narrow: bool = False
) -> str:
    """Return a chart: a group of marks a line, one under the other, on one axis from 0.

    Args:
        title: What the chart shows, for those who cannot see it.
        groups: A label and its marks, from top to bottom.
        axis: What the axis measures.
        narrow: Draw it for a phone: labels stand above their marks instead of beside them.
    """
    layout = _NARROW if narrow else _wide([label for label, _ in groups])
    heights = [layout.above + max(1, len(marks)) * _LANE + _GAP for _, marks in groups]
    height = _TOP + sum(heights) + _BOTTOM
    low, high, ticks = _axis(*_range([mark for _, marks in groups for mark in marks]))
    span = layout.width - layout.left - layout.right

    def x(value: float) -> float:
        return layout.left + (value - low) / (high - low) * span

    parts = [
        f'<svg class="chart {layout.name}" viewBox="0 0 {layout.width} {height}" role="img" '
        f"aria-label={quoteattr(title)}>"
    ]
    parts += [_tick(tick, x(tick), height) for tick in ticks]
    top = float(_TOP)
    for (label, marks), tall in zip(groups, heights, strict=True):
        parts.append(_label(_short(label, layout.longest), layout, top, tall))
        first = top + layout.above + _GAP / 2
        for lane, mark in enumerate(marks):
            parts.append(_mark(mark, label, x, first + (lane + 0.5) * _LANE))
        top += tall
    parts.append(
        f'<text class="tick" x="{layout.left + span / 2:.1f}" y="{height - 4}" '
        f'text-anchor="middle">{escape(axis)}</text></svg>'
    )
    return "".join(parts)


def _range(marks: Sequence[Mark]) -> tuple[float, float]:
    """Return the least and the greatest number that a chart must hold."""
    bounds = [
        bound
        for mark in marks
        for bound in (mark.value, mark.high, mark.low)
        if bound is not None and not math.isnan(bound)
    ]
    return min(bounds, default=0.0), max(bounds, default=1.0)


def _tick(tick: float, x: float, height: float) -> str:
    kind = "axis" if tick == 0 else "grid"
    return (
        f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - _BOTTOM}"/>'
        f'<text class="tick" x="{x:.1f}" y="{height - _BOTTOM + 14}" text-anchor="middle">'
        f"{tick:g}</text>"
    )


def _label(text: str, layout: _Layout, top: float, tall: float) -> str:
    if layout.above:
        # The paper's colour around the letters keeps the grid out of them.
        return f'<text class="label" x="4" y="{top + layout.above:.1f}">{escape(text)}</text>'
    return (
        f'<text class="label" x="{layout.left - 10}" y="{top + tall / 2 + 4:.1f}" '
        f'text-anchor="end">{escape(text)}</text>'
    )


def _mark(mark: Mark, label: str, x: Callable[[float], float], y: float) -> str:
    if math.isnan(mark.value):
        return ""
    text = f"{label}, {mark.name}: {mark.value:.1f}"
    line = ""
    if mark.low is not None and mark.high is not None:
        text += f" [{mark.low:.1f}, {mark.high:.1f}]"
        line = f'<line x1="{x(mark.low):.1f}" x2="{x(mark.high):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return (
        f'<g class="series s{mark.series % SERIES}"><title>{escape(text)}</title>{line}'
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


def _short(label: str, longest: int) -> str:
    return label if len(label) <= longest else label[: longest - 1] + "…"
