"""Translation memories (TMX): units in two languages or many, and any pair of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any, Literal

from builders.example import blank
from builders.readers.tmx import Builder, Unit
from builders.readers.xml import feed
from builders.sources._base import Context, Reading
from builders.sources._directions import Pair, PairedOptions, directed, named_pairs
from builders.sources._files import Found, PathOptions, find, known_licence, reading_of
from builders.sources._rows import answered, broken, in_batches, shown
from isogloss.console import warn
from isogloss.errors import IsoglossError
from isogloss.languages import is_language, served

DESCRIPTION = "translation memories (TMX, also compressed): translation between any two languages"
LANGUAGES = "any; its segments say theirs"
LICENCE = "as the recipe says"
EXAMPLE = """[[sources]]
name = "memory"
kind = "tmx"
path = "memories/*.tmx.gz"
directions = ["from-english", "to-english"]   # or "all": every language into every other
# pairs = ["en:de", "de:fr"]                  # instead: from the first language to the second
licence = "CC0-1.0"
"""

# So many names that are no language tags are shown, and so much of each.
_SHOWN = 5
_LONGEST = 40
#: Examples of a batch.
_ROWS = 8192
_LAYOUT = "TMX is laid out as tmx/body/tu/tuv/seg, each tuv with its xml:lang"


class Options(PathOptions, PairedOptions):
    """Which files, and what of them.

    Of several texts of a unit in one language, the first is translated from; as translations all
    are references. Segments whose ``xml:lang`` is no language tag are left out, with a warning.
    """

    path: str | tuple[str, ...]
    """Paths or glob patterns, from the recipe's folder. The files say their languages."""
    codes: Literal["drop", "keep"] = "drop"
    """``drop`` leaves out the codes inside segments (``bpt``, ``ept``, ``it``, ``ph``, ``ut``):
    they are markup of the document that the text was taken from. ``keep`` takes what is in them for
    text.
    """
    split: Literal["train", "validation", "test"] | None = None
    """The split of every unit; by default the pipeline draws it."""


def read(options: Options, context: Context) -> Reading:
    """Open the files; their units are read later, a batch at a time.

    Raises:
        IsoglossError: There is no such file, no pair is kept, or the licence is missing.
    """
    licence = known_licence(options, context)
    files = find(options.paths, context)
    english = served("en", context.languages)
    wanted = named_pairs(options.pairs, context) or directed(
        options.directions, context.languages, english, has_english=True
    )
    frames = in_batches(_examples(files, frozenset(wanted), options, context), _ROWS)
    return reading_of(files, licence, frames)


def _examples(
    files: Sequence[Found], wanted: frozenset[Pair], options: Options, context: Context
) -> Iterator[list[dict[str, Any]]]:
    """Make the examples of each unit."""
    # A recipe may translate from languages that it does not keep.
    sides = [side for pair in sorted(wanted) for side in pair]
    tags = _Tags(tuple(dict.fromkeys([*context.languages, *sides])))
    for file in files:
        builder = Builder(codes=options.codes == "keep")
        number = 0
        # The parser gives elements, not columns.
        for _ in feed(file.path, builder, layout=_LAYOUT):
            for unit in builder.take():
                number += 1
                common = {
                    "task": "translation",
                    "source_id": f"{file.name}#{number}",
                    "split": options.split,
                }
                faults = [
                    broken(IsoglossError(fault.problem), f"{file.name}:{fault.line}", "translation")
                    for written, fault in unit.faults.items()
                    # What nobody wants need not be right.
                    if not written or any(tags[written] in pair for pair in wanted)
                ]
                rows = _rows(unit, wanted, tags, broken=bool(faults))
                yield [*(common | row for row in rows), *faults[:1]]
        if tags.strange:
            names = ", ".join(repr(name) for name in tags.names) + ", …" * (
                len(tags.names) == _SHOWN
            )
            warn(f"{file.name}: {tags.strange} segments are left out: no language tag is {names}")
            tags.strange, tags.names = 0, []


class _Tags(dict[str, str]):
    """The recipe's own tag for each language as written; what is no language stays as it is.

    ``strange`` counts the segments of the latter, and ``names`` has some of what they say.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        super().__init__()
        self.languages = languages
        self.strange = 0
        self.names: list[str] = []

    def __missing__(self, written: str) -> str:
        if not is_language(written):
            return written
        self[written] = served(written, self.languages)
        return self[written]


def _rows(
    unit: Unit, wanted: frozenset[Pair], tags: _Tags, *, broken: bool
) -> Iterator[dict[str, Any]]:
    """Make examples of a unit: one a pair that is wanted and there.

    Where there is none, one says so, unless another says already what is wrong with the unit.
    """
    texts: dict[str, list[str]] = {}
    for written, found in unit.texts.items():
        tag = tags[written]
        if tag == written and written not in tags:
            tags.strange += len(found)
            if written[:_LONGEST] not in tags.names and len(tags.names) < _SHOWN:
                tags.names.append(written[:_LONGEST])
        texts.setdefault(tag, []).extend(found)
    texts = {language: shown(found) or [""] for language, found in texts.items()}
    # The same for all pairs of a unit, and for one English text in many units.
    english = texts.get(tags["en"]) or next(iter(texts.values()), [""])
    common = {"group": english[0]}
    made = False
    for pair in permutations(texts, 2):
        if pair in wanted:
            made = True
            yield common | _row(pair, texts[pair[0]][0], texts[pair[1]])
    if not made and not broken:
        there = ", ".join(unit.texts) or "none"
        reason = f"it has no pair of languages that is asked for (it has {there})"
        yield common | {"language": "und", "input": english[0]} | answered((), reason)


def _row(pair: Pair, given: str, translations: Sequence[str]) -> dict[str, Any]:
    references = shown(translations)
    reason = None
    if blank(given):
        reason = "its segment is empty"
    elif not references:
        reason = "the segment of its translation is empty"
    row = {"source_language": pair[0], "language": pair[1], "input": given}
    return row | answered(references, reason)
