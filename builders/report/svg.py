"""Small charts as SVG for the report; colours and fonts come from its style.

Nothing from outside goes into a chart but what is escaped here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

# The colours that the style has.
_COLOURS = 4
_BIN = 5
_TALL = 24
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _PAD = 340, 190, 38, 30, 8


def series(number: int) -> Markup:
    """Return the attribute that gives a shape the colour of a series: the style has four."""
    if number < _COLOURS:
        return Markup('class="s{}"').format(number)
    return Markup('fill="currentColor" fill-opacity="{:.3g}"').format(1 / (number - _COLOURS + 1))


def stack(parts: Sequence[tuple[int, float]]) -> Markup:
    """Return a bar of parts beside each other. It stands beside its numbers and is not read aloud.

    Args:
        parts: The series (its colour) and the length of each, of 1 in all.
    """
    drawn, left = [], 0.0
    for number, share in parts:
        if share > 0:
            drawn.append(
                f'<rect {series(number)} x="{100 * left:.2f}" width="{100 * share:.2f}" height="8"/>'
            )
        left += share
    return Markup(
        '<svg class="stack" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(Markup("".join(drawn)))


def histogram(bins: Sequence[int], title: str) -> Markup:
    """Return a histogram.

    Args:
        bins: How many are in each bin.
        title: What it shows, for those who cannot see it.
    """
    most = max(bins, default=0) or 1
    path = "".join(
        f"M{_BIN * place} {_TALL}v{-max(0.6, _TALL * count / most):.1f}h{_BIN - 1}V{_TALL}z"
        for place, count in enumerate(bins)
        if count
    )
    return Markup(
        '<svg class="histogram" viewBox="0 0 {} {}" role="img" aria-label="{}"><path d="{}"/></svg>'
    ).format(_BIN * len(bins), _TALL, title, path)


def curve(
    points: Callable[[float], float], mark: float, title: str, across: str, along: str
) -> Markup:
    """Return the curve of a function from 0..1 to 0..1, with a line at one place.

    Args:
        points: The function.
        mark: The place.
        title: What it shows, for those who cannot see it.
        across: What the horizontal axis measures.
        along: What the vertical one does.
    """
    wide, tall = _WIDTH - _LEFT - _PAD, _HEIGHT - _BOTTOM - _PAD

    def x(value: float) -> float:
        return _LEFT + wide * value

    def y(value: float) -> float:
        return _PAD + tall * (1 - value)

    parts = []
    for step in range(5):
        tick = step / 4
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _PAD}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
            f'<text x="{_LEFT - 5}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>'
            f'<text x="{x(tick):.1f}" y="{_HEIGHT - _BOTTOM + 14}" text-anchor="middle">{tick:g}</text>'
        )
    line = " ".join(f"{x(at / 100):.1f},{y(points(at / 100)):.1f}" for at in range(101))
    parts.append(
        f'<line class="mark" x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="{_PAD}" y2="{y(0):.1f}"/>'
        f'<polyline points="{line}"/>'
        f'<text x="{x(0.5):.1f}" y="{_HEIGHT - 4}" text-anchor="middle">{escape(across)}</text>'
        f'<text x="{_LEFT + 6}" y="{_PAD + 10}">{escape(along)}</text>'
    )
    return Markup(
        '<svg class="curve" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(_WIDTH, _HEIGHT, title, Markup("".join(parts)))
