"""What the user sees while work goes on: a progress bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from isogloss import interrupts

_LINE_EVERY_S = 15.0
# Joiners shape words of Persian, Hindi and many more, and spaces of any width are seen (Python
# counts all but one as unprintable); all else that is not seen could deceive.
_JOINERS = "\u200c\u200d"
_hushed = False


class Progress(Protocol):
    """A step under way."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Report that ``amount`` more units are done, with a short note to show beside."""


@contextmanager
def hushed() -> Iterator[None]:
    """Say nothing of how work goes on meanwhile, but for warnings: for a piece of many."""
    global _hushed
    before, _hushed = _hushed, True
    try:
        yield
    finally:
        _hushed = before


def printable(text: str) -> str:
    r"""Return a text on one line that moves no cursor, hides nothing and turns no text around.

    What a terminal would act on is escaped as Python does: ``\x1b``, ``\u202e``.
    """
    return "".join(
        one
        if one.isprintable() or one in _JOINERS or unicodedata.category(one) == "Zs"
        else one.encode("unicode_escape").decode()
        for one in text
    )


def _printable_lines(text: str) -> str:
    """Return a text whose lines stay, and whose every other unseen character is escaped."""
    return "\n".join(map(printable, text.split("\n")))


def say(message: str) -> None:
    """Print one line for the user on standard error; standard output is for results."""
    if not _hushed:
        _print(message)


def _print(message: str) -> None:
    message = _printable_lines(message)
    if _terminal():
        from rich.console import Console

        # Markup would let text from outside (a model's name) style or break the line.
        Console(stderr=True, highlight=False).print(message, markup=False)
    else:
        print(message, file=sys.stderr, flush=True)


def warn(message: str) -> None:
    """Print one line that the user should not overlook."""
    _print(f"warning: {message}")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, results: bool = False) -> None:
    """Print a table: to standard output where it is the result, else to standard error."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE, show_header=any(heads))
    for head in heads:
        shown.add_column(head, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(_printable_lines(cell)) for cell in row))
    stream = sys.stdout if results else sys.stderr
    # In a file or a pipe lines are not to be folded at some imagined edge.
    width = None if stream.isatty() else 10_000
    Console(file=stream, width=width, highlight=False).print(shown, crop=False)


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Progress]:
    """Show a step's progress: a bar on a terminal, otherwise a line every 15 seconds.

    Ctrl-C ends what the step waits for.

    Args:
        title: What is being done.
        total: The number of units, or None where it is not known.
    """
    interrupts.end_waits()
    if _hushed or not _terminal():
        lines = _Lines(title, total)
        yield lines
        lines.finish()
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
        bars.TextColumn("{task.fields[note]}", markup=False),
    )
    with bars.Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(printable(title), total=total, note="")

        class _Bar:
            def advance(self, amount: int = 1, note: str = "") -> None:
                shown.update(task, advance=amount, note=printable(note))

        yield _Bar()


def _terminal() -> bool:
    return sys.stderr.isatty()


class _Lines:
    def __init__(self, title: str, total: int | None) -> None:
        self._title, self._total, self._done = title, total, 0
        self._began = self._shown = time.monotonic()
        say(f"{title} …")

    def advance(self, amount: int = 1, note: str = "") -> None:
        self._done += amount
        now = time.monotonic()
        if now - self._shown >= _LINE_EVERY_S:
            self._shown = now
            of = f"/{self._total}" if self._total is not None else ""
            say(f"{self._title}: {self._done}{of} ({now - self._began:.0f} s) {note}".rstrip())

    def finish(self) -> None:
        say(f"{self._title}: done, {self._done} in {time.monotonic() - self._began:.1f} s")
