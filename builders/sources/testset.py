"""Test sets of machine translation that sacrebleu knows, fetched by it and checked by their MD5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal
from urllib.error import URLError

import polars as pl

from builders.example import conformed, is_blank
from builders.sources._base import Context, Reading, SourceOptions
from builders.sources._bitext import is_english
from builders.sources._files import Found, fingerprint, known_licence
from isogloss.console import say
from isogloss.environment import offline
from isogloss.errors import IsoglossError, Unavailable
from isogloss.languages import served
from isogloss.settings import unknown

NAME = "sacrebleu"
DESCRIPTION = "test sets that sacrebleu knows (WMT, IWSLT …), fetched by it: translation"
LANGUAGES = "those of the test set"
LICENCE = "as the recipe says"
EXAMPLE = """[[sources]]
name = "wmt22"
kind = "sacrebleu"
test_set = "wmt22"
pairs = ["en:de"]               # all pairs of the recipe's languages where left out
references = "all"              # or "preferred": those that sacrebleu itself scores against
split = "test"
licence = "LicenseRef-WMT"
"""


class Options(SourceOptions):
    """Which test set, and what of it."""

    test_set: str
    """Its name in sacrebleu (``sacrebleu --list``)."""
    pairs: tuple[str, ...] = ()
    """The pairs of languages, as ``en:de``."""
    references: Literal["preferred", "all"] = "preferred"
    """All of them, or those that sacrebleu scores against."""
    split: Literal["train", "validation", "test"] | None = None
    """The split of every line; by default the pipeline draws it."""


def read(options: Options, context: Context) -> Reading:
    """Fetch the test set, unless it is in sacrebleu's folder already, and open its pairs.

    Raises:
        IsoglossError: sacrebleu knows no such test set or pair, or its files are broken.
        Unavailable: It is not there, and cannot be fetched.
    """
    from sacrebleu.dataset import DATASETS

    licence = known_licence(options, context)
    if options.test_set not in DATASETS:
        raise unknown("test set", options.test_set, list(DATASETS), where=context.where)
    dataset = DATASETS[options.test_set]
    pairs = _pairs(options, context, dataset)
    _fetch(dataset, context)
    files = {pair: _files(dataset, pair, options, context) for pair in pairs}
    found = [Found(path, path.name) for paths in files.values() for path in paths]
    frames = _frames(files, options, context)
    details = {"pairs": list(pairs), "md5": list(dataset.md5 or [])}
    named = f"{options.test_set} (sacrebleu {version('sacrebleu')})"
    citation = " ".join((dataset.citation or "").split())
    return Reading(named, licence, fingerprint(found), frames, details, citation)


def _pairs(options: Options, context: Context, dataset: Any) -> list[str]:
    """Return sacrebleu's names of the pairs to read."""
    known = {
        tuple(served(tag, context.languages) for tag in name.split("-")): name
        for name in dataset.langpairs
        if name.count("-") == 1
    }
    if not options.pairs:
        pairs = [
            name for pair, name in known.items() if all(tag in context.languages for tag in pair)
        ]
        if not pairs:
            raise IsoglossError(
                f"{options.test_set} has no pair of the recipe's languages", where=context.where
            )
        return pairs
    written = [":".join(pair) for pair in known]
    names = []
    for text in options.pairs:
        pair = tuple(served(tag, context.languages) for tag in text.split(":"))
        if pair not in known:
            raise unknown("pair", text, written, where=f"{context.where}.pairs")
        names.append(known[pair])
    return names


def _fetch(dataset: Any, context: Context) -> None:
    raw = Path(dataset._rawdir)
    tarballs = [raw / dataset._get_tarball_filename(url) for url in dataset.data]
    if all(path.is_file() and path.stat().st_size for path in tarballs):
        return
    if offline():
        raise Unavailable(
            f"{dataset.name} is not in sacrebleu's folder, and the network is forbidden (--offline)",
            where=context.where,
            remedy="Run once without --offline",
        )
    say(f"fetching {dataset.name} with sacrebleu …")
    try:
        dataset.maybe_download()
    except (URLError, TimeoutError, ConnectionError) as error:
        _discard(tarballs)
        raise Unavailable(
            f"{dataset.name} cannot be fetched ({error})",
            where=context.where,
            remedy="Check the network and run again",
        ) from error
    except SystemExit as error:  # so sacrebleu ends where the bytes are not those it knows
        _discard(tarballs)
        raise IsoglossError(
            f"what was fetched of {dataset.name} is not what sacrebleu expects",
            where=context.where,
            remedy="Run again; if it stays so, its publisher has changed it",
        ) from error


def _discard(tarballs: Sequence[Path]) -> None:
    """Remove what would be taken for the whole test set at the next call."""
    for path in tarballs:
        path.unlink(missing_ok=True)


def _files(dataset: Any, pair: str, options: Options, context: Context) -> list[Path]:
    """Return the source's file and those of the references."""
    try:
        source = Path(dataset.get_source_file(pair))
        if options.references == "preferred":
            references = [Path(path) for path in dataset.get_reference_files(pair)]
        else:
            named = zip(dataset.fieldnames(pair), dataset.get_files(pair), strict=True)
            references = [Path(path) for name, path in named if name.startswith("ref")]
    except (OSError, ValueError, AssertionError, KeyError) as error:
        raise IsoglossError(
            f"{dataset.name} cannot be read ({error})",
            where=context.where,
            remedy=f"Delete {dataset._outdir} and run again",
        ) from error
    if not references:
        raise IsoglossError(f"{dataset.name} has no reference for {pair}", where=context.where)
    return [source, *sorted(references)]


def _frames(
    files: dict[str, list[Path]], options: Options, context: Context
) -> Iterator[pl.DataFrame]:
    for pair, paths in files.items():
        source, target = (served(tag, context.languages) for tag in pair.split("-"))
        columns = [path.read_text(encoding="utf-8").split("\n")[:-1] for path in paths]
        if len({len(column) for column in columns}) > 1:
            raise IsoglossError("its files differ in length", where=f"{context.where}: {pair}")
        lines = pl.DataFrame({str(number): column for number, column in enumerate(columns)})
        references = pl.concat_list(str(n) for n in range(1, len(columns)))
        # Where a translator left a line out, sacrebleu has an empty one.
        given = references.list.eval(pl.element().filter(~is_blank(pl.element())))
        reason = (
            pl.when(is_blank(pl.col("0")))
            .then(pl.lit("its line is empty"))
            .when(given.list.len() == 0)
            .then(pl.lit("the line of its translation is empty"))
        )
        number = pl.int_range(1, pl.len() + 1).cast(pl.String)
        made = lines.select(
            pl.lit("translation").alias("task"),
            pl.lit(target).alias("language"),
            pl.lit(source).alias("source_language"),
            pl.col("0").alias("input"),
            given.list.first().fill_null("").alias("output"),
            given.alias("references"),
            reason.alias("reason"),
            pl.when(reason.is_not_null()).then(pl.lit("source")).alias("rejected_by"),
            pl.format("{}/{}#{}", pl.lit(options.test_set), pl.lit(pair), number).alias(
                "source_id"
            ),
            pl.lit(options.split, pl.String).alias("split"),
        )
        english = "output" if is_english(target) else "input"
        yield conformed(
            made.with_columns(
                pl.col(english).alias("group"), pl.lit([], pl.List(pl.String)).alias("tags")
            )
        )
