"""WMT's test sets since 2021: one XML file with documents, their source and their references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import polars as pl

from builders.example import blank
from builders.readers import wmtxml
from builders.readers.xml import feed
from builders.sources._base import Context, Reading
from builders.sources._citations import cited
from builders.sources._files import Found, PathOptions, find, known_licence, reading_of, some_of
from builders.sources._rows import answered, broken, in_batches, shown
from isogloss.errors import IsoglossError
from isogloss.languages import served

DESCRIPTION = "WMT's XML test sets (2021 and later): translation of documents, segment by segment"
LANGUAGES = "those of the test set; its documents say them"
LICENCE = "as the recipe says"
EXAMPLE = """[[sources]]
name = "newstest2021"
kind = "wmt"
path = "wmt21/newstest2021.en-*.xml"   # or a list of them; .gz too
split = "test"
licence = "LicenseRef-WMT"
# translators = ["A", "B"]             # these references, the first as output; by default all
"""

#: Segments of a batch.
_ROWS = 4096


class Options(PathOptions):
    """Which files, and which of their references."""

    path: str | tuple[str, ...]
    """Paths or glob patterns, from the recipe's folder. The files say their languages."""
    translators: tuple[str, ...] | None = None
    """Take the references of these translators only, the first as output; by default all, sorted by
    the translator's name. One without a name is called "".
    """
    split: Literal["train", "validation", "test"] | None = None
    """The split of every segment; by default the pipeline draws it."""


def read(options: Options, context: Context) -> Reading:
    """Open the files; their documents are read later, one by one.

    Raises:
        IsoglossError: There is no such file, or the licence is missing.
    """
    licence = known_licence(options, context)
    files = find(options.paths, context)
    frames = _frames(files, options, context)
    return reading_of(files, licence, frames, citation=cited(file.name for file in files))


def _frames(files: list[Found], options: Options, context: Context) -> Iterator[pl.DataFrame]:
    times: Counter[tuple[str, str, str]] = Counter()
    # The parser gives elements, not columns.
    groups = (
        _rows(document, file, times, options, context)
        for file in files
        for document in _documents(file.path)
    )
    return some_of(in_batches(groups, _ROWS), files, "segment", context)


def _documents(path: Path) -> Iterator[wmtxml.Document]:
    """Read a file's documents, in order; one is in memory at a time.

    Raises:
        IsoglossError: It is not XML, or not laid out as WMT's (with the line), or it declares
            entities, which expand to more than there is or fetch what is elsewhere.
    """
    builder = wmtxml.Builder()
    layout = "WMT lays its files out as dataset/doc/(src, ref)/p/seg; see wmt-format-tools"
    for _ in feed(path, builder, layout=layout):
        yield from builder.take()


def _rows(
    document: wmtxml.Document,
    file: Found,
    times: Counter[tuple[str, str, str]],
    options: Options,
    context: Context,
) -> Iterator[dict[str, Any]]:
    """Make examples of a document: every segment, in each language that it has references in."""
    if document.fault is not None:
        fault = IsoglossError(document.fault.problem)
        yield broken(fault, f"{file.name}:{document.fault.line}", "translation")
        return
    source = served(document.source.language, context.languages)
    versions: dict[str, list[wmtxml.Version]] = {}
    for reference in _in_order(document.references, options.translators):
        language = served(reference.language, context.languages)
        versions.setdefault(language, []).append(reference)
    for language, references in (versions or {"und": []}).items():
        if references and language not in context.languages:
            continue
        # Two documents of one name are numbered, so that every segment has an id of its own.
        times[document.id, source, language] += 1
        number = times[document.id, source, language]
        name = document.id if number == 1 else f"{document.id}~{number}"
        segments = dict.fromkeys(document.source.segments)
        segments |= dict.fromkeys(segment for one in references for segment in one.segments)
        for segment in segments:
            row = _row(document, segment, references)
            yield row | {
                "task": "translation",
                "language": language,
                "source_language": source,
                "source_id": f"{name}#{segment}",
                "group": document.id,
                "split": options.split,
                "tags": document.tags,
            }


def _in_order(
    references: list[wmtxml.Version], translators: tuple[str, ...] | None
) -> list[wmtxml.Version]:
    order = {name: place for place, name in enumerate(translators or ())}
    if translators is not None:
        references = [version for version in references if version.translator in order]
    return sorted(
        references, key=lambda version: (order.get(version.translator, 0), version.translator)
    )


def _row(
    document: wmtxml.Document, segment: str, references: list[wmtxml.Version]
) -> dict[str, Any]:
    """Return the texts of a segment, and why it is not kept: as sacrebleu leaves such out too."""
    given = document.source.segments.get(segment, "")
    texts = [version.segments.get(segment, "") for version in references]
    texts = shown(texts)
    reason = None
    if document.testsuite is not None:
        reason = "its document belongs to a test suite, not to the test set"
    elif segment not in document.source.segments:
        reason = "the source has no such segment"
    elif blank(given):
        reason = "its source is empty"
    elif not texts:
        reason = "it has no reference"
    return {"input": given, **answered(texts, reason)}
