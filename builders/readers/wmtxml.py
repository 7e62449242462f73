"""The layout of WMT's XML: parser events become documents.

The schema is wmt-schema.rnc of wmt-conference/wmt-format-tools: a ``dataset`` (in later years with
``collection`` inside) of ``doc``, each with one ``src``, any number of ``ref`` and ``hyp``, and in
those ``p`` with ``seg``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from builders.readers.xml import Fault, Gathered, Misplaced
from isogloss.languages import is_language

_VERSIONS = ("src", "ref")


@dataclass
class Version:
    """A document in one language: the text of each segment by its id, in order.

    Attributes:
        language: The tag, as written.
        translator: Who translated it; empty where that is not said.
        segments: Text by segment id, without white space at its ends.
    """

    language: str
    translator: str = ""
    segments: dict[str, str] = field(default_factory=dict)


@dataclass
class Document:
    """A document: its source and its references; ``testsuite`` is the one it belongs to, or None.

    ``tags`` say the language it was first written in and, where known, its domain; ``fault`` what is
    wrong with it, so that none of it can be taken.
    """

    id: str
    testsuite: str | None
    tags: list[str]
    source: Version
    references: list[Version]
    fault: Fault | None = None


class Builder:
    """A target of an XML parser that gathers documents and forgets those taken."""

    line: Callable[[], int]

    def __init__(self) -> None:
        self._root_seen = False
        self._fault: Fault | None = None
        self._done: list[Document] = []
        self._attributes: dict[str, str] | None = None
        self._versions: list[tuple[str, Version]] = []
        self._version: Version | None = None
        self._segment: str | None = None
        self._text = Gathered("seg")
        self._is_system = False

    def take(self) -> list[Document]:
        """Return the documents that have ended since the last call."""
        done, self._done = self._done, []
        return done

    # What the parser calls.

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        if not self._root_seen and tag != "dataset":
            raise Misplaced(f"the outermost element is <{tag}>, not <dataset>")
        self._root_seen = True
        if tag == "hyp":  # what a system has made of it is no reference
            self._is_system = True
        if self._is_system:
            return
        if tag == "doc":
            self._start_document(attributes)
        elif tag in _VERSIONS:
            self._start_version(tag, attributes)
        elif tag == "seg":
            self._start_segment(attributes)

    def data(self, text: str) -> None:
        """Take in text, which counts inside a segment, elements within it included."""
        if self._segment is not None:
            self._text.add(text)

    def end(self, tag: str) -> None:
        """End an element."""
        if self._is_system:
            self._is_system = tag != "hyp"
        elif tag == "doc":
            self._end_document()
        elif tag in _VERSIONS:
            self._version = None
        elif tag == "seg" and self._version is not None and self._segment is not None:
            self._version.segments[self._segment] = self._text.text()
            self._segment = None

    def close(self) -> None:
        """End the file."""

    def _start_document(self, attributes: dict[str, str]) -> None:
        if self._attributes is not None:
            raise Misplaced("a <doc> is inside another")
        self._attributes, self._versions, self._fault = attributes, [], None
        self._needed(attributes, "doc", "id")

    def _end_document(self) -> None:
        attributes = self._attributes or {}
        sources = [version for kind, version in self._versions if kind == "src"]
        name = attributes.get("id", "")
        if len(sources) != 1:
            self._is_wrong(f"the document {name!r} has {len(sources)} <src>, not one")
        self._done.append(
            Document(
                id=name,
                testsuite=attributes.get("testsuite"),
                tags=[
                    f"{key}:{attributes[key]}"
                    for key in ("origlang", "domain")
                    if key in attributes
                ],
                source=sources[0] if sources else Version("und"),
                references=[version for kind, version in self._versions if kind == "ref"],
                fault=self._fault,
            )
        )
        self._attributes, self._versions = None, []

    def _start_version(self, tag: str, attributes: dict[str, str]) -> None:
        if self._attributes is None or self._version is not None:
            raise Misplaced(f"a <{tag}> is not directly inside a <doc>")
        language = self._needed(attributes, tag, "lang")
        if language and not is_language(language):
            self._is_wrong(f"the lang {language!r} of a <{tag}> is not a language tag")
        self._version = Version(language, attributes.get("translator", ""))
        self._versions.append((tag, self._version))

    def _start_segment(self, attributes: dict[str, str]) -> None:
        if self._version is None or self._segment is not None:
            raise Misplaced("a <seg> is not inside a <src> or <ref>")
        name = self._needed(attributes, "seg", "id")
        if name in self._version.segments:
            self._is_wrong(f"the <seg> {name!r} is there twice")
        self._segment, self._text = name, Gathered("seg")

    def _needed(self, attributes: dict[str, str], tag: str, key: str) -> str:
        if not attributes.get(key):
            self._is_wrong(f"a <{tag}> has no {key}")
        return attributes.get(key, "")

    def _is_wrong(self, problem: str) -> None:
        """Note the first thing that is wrong with a document."""
        self._fault = self._fault or Fault(problem, self.line())
