"""The layout of TMX: parser events become translation units.

TMX 1.4b (LISA OSCAR, https://www.gala-global.org/tmx-14b) is a ``body`` of ``tu``, each with a
``tuv`` a language, each with one ``seg``. Inside that, ``bpt``, ``ept``, ``it``, ``ph`` and the older
``ut`` hold codes of the document that the text was taken from, not text, and in those ``sub`` text
that does not belong to the sentence; ``hi`` marks a part of the text itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from builders.readers.xml import Fault, Gathered, Misplaced

_CODES = ("bpt", "ept", "it", "ph", "ut")
# Types of a <ph> that end a line, a page or a column where the text was.
_BREAKS = ("lb", "pb", "cb")
# What says something of a unit or a text, and is none.
_BESIDE = ("prop", "note")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass
class Unit:
    """A translation unit: its texts by language tag, as written, in order.

    ``faults`` are what is wrong with a ``tuv``, by its tag; by an empty one where it has none.
    """

    texts: dict[str, list[str]] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)


class Builder:
    """A target of an XML parser that gathers units and forgets those taken.

    Args:
        codes: Keep the codes in the text; otherwise they go, with what is doubled by that of the
            white space around them.
    """

    line: Callable[[], int]

    def __init__(self, *, codes: bool) -> None:
        self._keeps_codes = codes
        self._root_seen = False
        self._done: list[Unit] = []
        self._unit: Unit | None = None
        self._language: str | None = None
        self._text: Gathered | None = None
        self._beside = 0  # of <prop> and <note> that are open
        self._bare = False  # the <tuv> has had text, and no <seg>
        self._segments = self._begun = 0  # of the <tuv>: how many, and its line
        self._depth = 0  # of codes that are open
        self._cut = False

    def take(self) -> list[Unit]:
        """Return the units that have ended since the last call."""
        done, self._done = self._done, []
        return done

    # What the parser calls.

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        name = tag.rpartition("}")[2]
        if not self._root_seen and name != "tmx":
            raise Misplaced(f"the outermost element is <{name}>, not <tmx>")
        self._root_seen = True
        if self._text is not None:
            self._start_inside(name, attributes, self._text)
        elif name == "tu":
            if self._unit is not None:
                raise Misplaced("a <tu> is inside another")
            self._unit = Unit()
        elif name == "tuv":
            self._start_variant(attributes)
        elif name == "seg":
            if self._language is None:
                raise Misplaced("a <seg> is not inside a <tuv>")
            self._segments += 1
            self._text, self._depth, self._cut = Gathered("seg"), 0, False
        elif name in _BESIDE:
            self._beside += 1

    def data(self, text: str) -> None:
        """Take in text, which counts inside a segment where it is not a code."""
        if self._text is not None:
            if not self._depth:
                self._text.add(text)
        elif self._language is not None and not self._beside and text.strip():
            self._bare = True

    def end(self, tag: str) -> None:
        """End an element."""
        name = tag.rpartition("}")[2]
        if name == "seg" and self._text is not None:
            self._end_segment(self._text)
        elif self._depth and name in _CODES:
            self._depth -= 1
        elif name in _BESIDE and self._text is None:
            self._beside -= 1
        elif name == "tuv":
            self._end_variant()
        elif name == "tu" and self._unit is not None:
            self._done.append(self._unit)
            self._unit = None

    def close(self) -> None:
        """End the file."""

    def _start_variant(self, attributes: dict[str, str]) -> None:
        if self._unit is None or self._language is not None:
            raise Misplaced("a <tuv> is not directly inside a <tu>")
        # Before version 1.4 it was called lang.
        self._language = attributes.get(_LANGUAGE) or attributes.get("lang") or ""
        self._bare, self._segments, self._begun = False, 0, self.line()

    def _end_variant(self) -> None:
        if self._unit is not None and self._language is not None:
            problem = None
            if not self._language:
                problem = "a <tuv> has no xml:lang"
            elif self._bare and not self._segments:
                problem = "a <tuv> has text but no <seg>"
            if problem is not None:
                self._unit.faults.setdefault(self._language, Fault(problem, self._begun))
        self._language = None

    def _start_inside(self, name: str, attributes: dict[str, str], text: Gathered) -> None:
        if name in ("tu", "tuv", "seg"):
            raise Misplaced(f"a <{name}> is inside a <seg>")
        if name in _CODES and not self._keeps_codes:
            self._depth += 1
            self._cut = True
            if attributes.get("type") in _BREAKS:
                text.add(" ")

    def _end_segment(self, text: Gathered) -> None:
        written = " ".join(text.text().split()) if self._cut else text.text()
        assert self._unit is not None and self._language is not None
        if self._language:
            self._unit.texts.setdefault(self._language, []).append(written)
        self._text = None
