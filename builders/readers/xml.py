"""XML as a stream: events go to a builder, nothing is kept, and what could do harm is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from builders.readers.lines import LONGEST, unpacked
from isogloss.errors import IsoglossError

_CHUNK = 1 << 20


class Misplaced(Exception):
    """An element that is not where its format has it, or lacks an attribute; says which."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a record, and the line that it is in."""

    problem: str
    line: int


class Gathered:
    """The text of an element, which a parser gives in pieces."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._pieces: list[str] = []
        self._length = 0

    def add(self, piece: str) -> None:
        """Add a piece.

        Raises:
            Misplaced: The text is too long to be one.
        """
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length > LONGEST:
            raise Misplaced(f"the text of a <{self._tag}> is over {LONGEST >> 20} MiB long")

    def text(self) -> str:
        """Return the pieces as one text, without white space at its ends."""
        return "".join(self._pieces).strip()


class Builder(Protocol):
    """What takes an XML parser's events (`xml.etree.ElementTree.XMLParser`'s ``target``).

    Attributes:
        line: Tells the line that the parser is at; `feed` sets it.
    """

    line: Callable[[], int]

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element; a tag in a namespace is ``{namespace}name``."""

    def data(self, text: str) -> None:
        """Take in text, which comes in pieces of any length."""

    def end(self, tag: str) -> None:
        """End an element."""

    def close(self) -> None:
        """End the file."""


def feed(path: Path, builder: Builder, *, layout: str) -> Iterator[None]:
    """Give a file's events to a builder, and stop after every chunk, so that it can be emptied.

    Args:
        path: The file, plain or compressed.
        builder: Takes the events. Where it raises `Misplaced`, the error names the line.
        layout: The remedy to name then: how such files are laid out.

    Raises:
        IsoglossError: It is not XML, not laid out so, or cut off (with the line); or it declares
            entities, which expand to more than there is or fetch what is elsewhere.
    """
    parser: Any = DefusedXMLParser(target=builder)
    builder.line = lambda: int(parser.parser.CurrentLineNumber)
    try:
        with unpacked(path) as stream:
            fed = 0
            while chunk := stream.read(_CHUNK):
                parser.feed(chunk)
                fed += len(chunk)
                if fed - parser.parser.CurrentByteIndex > LONGEST:  # it waits for a tag's end
                    raise Misplaced(f"a tag is over {LONGEST >> 20} MiB long")
                yield
            parser.close()
            yield
    except ParseError as error:
        raise IsoglossError(
            f"is not XML ({str(error).partition(':')[0]})",
            where=f"{path}:{error.position[0]}",
            remedy="Mend it or fetch it anew",
        ) from error
    except DefusedXmlException as error:
        raise IsoglossError(
            f"declares or uses an entity of its own ({type(error).__name__})",
            where=f"{path}:{parser.parser.CurrentLineNumber}",
            remedy="Such files need none; do not trust this one",
        ) from error
    except (LookupError, ValueError) as error:
        raise IsoglossError(f"is in an unknown encoding ({error})", where=f"{path}:1") from error
    except Misplaced as error:
        raise IsoglossError(
            str(error), where=f"{path}:{parser.parser.CurrentLineNumber}", remedy=layout
        ) from error
