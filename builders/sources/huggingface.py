"""Data sets of the Hugging Face hub, or in its layout in a folder, read as a stream."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field, model_validator

from builders.readers.arrow import to_polars, with_labels
from builders.readers.json import records
from builders.readers.lines import Block, blocks_of, unpack
from builders.readers.tables import (
    SOME,
    Batch,
    Faults,
    Table,
    csv_batches,
    json_batches,
    top_columns,
)
from builders.sources import _citations
from builders.sources._base import Context, Reading
from builders.sources._columns import Columns, MappedOptions, constants, mapped
from builders.sources._files import Found, fingerprint
from isogloss import hub
from isogloss.console import say, warn
from isogloss.environment import cache_folder
from isogloss.errors import IsoglossError
from isogloss.files import sha256_json
from isogloss.languages import served
from isogloss.settings import unknown
from isogloss.text import one_line

# datasets takes two seconds to import, and every recipe asks this module for its options: the
# functions below import it where they need it.

DESCRIPTION = "data sets of the Hugging Face hub (or a folder like one), with a mapping of columns"
LANGUAGES = "any; configurations, a column or the recipe say it"
LICENCE = "the data set's card's, or as the recipe or a column says"
EXAMPLE = """[[sources]]
name = "tydiqa"
kind = "huggingface"
dataset = "org/name"                    # or a folder, from the recipe's
revision = "0123456789abcdef0123456789abcdef01234567"   # a commit; a folder needs none
config = { arabic = "ar", telugu = "te" }   # or one name; a table says each one's language
data_split = "train"
task = "qa"
columns = { input = "question", context = "passage", output = "answers.text", references = "answers.text" }
"""

_ROWS = 2048
_LOCAL = "local"
_UNSAID = ("other", "unknown")

# The hub writes SPDX identifiers in lower case; these are not upper case in SPDX.
_SPDX = {
    "apache-2.0": "Apache-2.0", "artistic-2.0": "Artistic-2.0", "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause", "odc-by": "ODC-By-1.0", "odbl": "ODbL-1.0", "mit": "MIT",
}  # fmt: skip


class Options(MappedOptions):
    """Which data set, and which part of it.

    Code that a data set brings is never run.
    """

    dataset: str
    """A name on the hub, or a folder, from the recipe's."""
    revision: str | None = None
    """The commit to read (a tag or branch is taken too, with a warning); of a folder there is
    none.
    """
    config: str | dict[str, str] | None = None
    """The configuration's name, or a table of several with the language of each."""
    data_split: str = "train"
    """The data set's split to read. Where the examples then go says ``split``."""
    data_dir: str | None = None
    """Read only this folder of the data set: how a branch of converted files, which has no
    configurations, keeps each of them.
    """
    rows: int | None = Field(default=None, gt=0)
    """Read at most so many rows of each configuration, the first ones."""

    def _languages_given(self) -> bool:
        return isinstance(self.config, dict)

    @model_validator(mode="after")
    def _language_said_once(self) -> Options:
        if self._languages_given() and (self.language or self.columns.language):
            raise ValueError("config says each one's language already; leave the other out")
        return self


@dataclass(frozen=True)
class _Place:
    """Where a data set is read from: ``path`` and ``commit`` are what ``load_dataset`` is given."""

    path: str
    commit: str | None
    version: str
    sha256: str
    licence: Any  # as the card says it, and anybody may write one


def read(options: Options, context: Context) -> Reading:
    """Open the data set: find its commit and licence, and check its configurations.

    Raises:
        IsoglossError: There is no such data set, revision, configuration or split; no revision is
            given; the licence is not known.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    fixed = constants(options, context)
    parts = _parts(options, context)
    place = _place(options, context)
    licence = _licence(options, place.licence, context)
    with _errors(options, context):
        # One stands for all: asking for every configuration's files is some requests each.
        builder = _builder(place, next(iter(parts)), options.data_dir)
        if _is_text(builder):
            _splits(builder, options, context)
        else:
            builder.as_streaming_dataset(split=options.data_split)
        known = builder.builder_configs
    for name in parts:
        if name is not None and name not in known:
            raise unknown("config", name, list(known), where=f"{context.where}.config")
    frames = _frames(options, context, place, parts, fixed["source_language"])
    citation = "" if place.version == _LOCAL else _citations.data_set(options.dataset)
    details = {"dataset": options.dataset}
    return Reading(place.version, licence, place.sha256, frames, details, citation)


def _parts(options: Options, context: Context) -> dict[str | None, str | None]:
    """Return the configurations to read, each with the language of its rows where it says it."""
    if isinstance(options.config, dict):
        tags = {name: served(tag, context.languages) for name, tag in options.config.items()}
        kept: dict[str | None, str | None] = {
            name: tag for name, tag in tags.items() if tag in context.languages
        }
        if not kept:
            raise IsoglossError(
                "no configuration is in a language of the recipe", where=f"{context.where}.config"
            )
        return kept
    return {options.config: constants(options, context)["language"]}


def _place(options: Options, context: Context) -> _Place:
    folder = context.folder / options.dataset
    if folder.is_dir():
        return _local(folder, _LOCAL)
    if options.dataset.startswith((".", "/")):
        raise IsoglossError("there is no such folder", where=f"{context.where}.dataset: {folder}")
    if not options.revision:
        raise IsoglossError(
            "the revision is missing",
            where=context.where,
            remedy='Pin it, so that the same recipe gives the same corpus: revision = "…" '
            f"(the commit shown at the hub under {options.dataset}, Files, History)",
        )
    return _cached(options, context) if hub.offline() else _remote(options, context)


def _local(folder: Path, version: str) -> _Place:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    visible = [
        Found(path, path.relative_to(folder).as_posix())
        for path in paths
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    licence = hub.licence_of(folder / "README.md")
    return _Place(str(folder), None, version, fingerprint(visible), licence)


def _cached(options: Options, context: Context) -> _Place:
    where = f"{context.where}.dataset"
    folder = hub.snapshot(options.dataset, options.revision, where, kind="dataset")
    place = _local(folder, folder.name)
    return replace(place, sha256=_hash(options, place.version))


def _remote(options: Options, context: Context) -> _Place:
    where = f"{context.where}.dataset"
    found = hub.resolve(options.dataset, options.revision, where, kind="dataset")
    if found.commit != options.revision:
        warn(
            f"{context.where}.revision: {options.revision!r} may move; "
            f"today it is the commit {found.commit}"
        )
    sha256 = _hash(options, found.commit)
    return _Place(options.dataset, found.commit, found.commit, sha256, found.licence)


def _hash(options: Options, commit: str) -> str:
    """Return the hash of what is read: a commit stands for the bytes of all its files."""
    return sha256_json([options.dataset, commit])


def _licence(options: Options, licence: Any, context: Context) -> str:
    if options.licence or options.columns.licence:
        return options.licence or ""
    names = [str(one) for one in (licence if isinstance(licence, list) else [licence]) if one]
    if len(names) == 1 and names[0] not in _UNSAID:
        name = names[0]
        return _SPDX.get(name) or (name.upper() if name.startswith(("cc", "gpl", "lgpl")) else name)
    said = f" (its card says {', '.join(map(str, names))})" if names else ""
    raise IsoglossError(
        f"the licence of {options.dataset} is not known{said}",
        where=context.where,
        remedy='Give it: licence = "…" (an SPDX expression)',
    )


def _builder(place: _Place, config: str | None, data_dir: str | None) -> Any:
    from datasets import load_dataset_builder

    # In a shared cache, datasets falls back on whatever revision is there.
    cache = str(cache_folder() / "datasets")
    return load_dataset_builder(
        place.path, config, revision=place.commit, cache_dir=cache, data_dir=data_dir
    )


def _frames(
    options: Options,
    context: Context,
    place: _Place,
    parts: dict[str | None, str | None],
    source_language: str | None,
) -> Iterator[pl.DataFrame]:
    say(f"reading {options.dataset} ({options.data_split}) at {place.version} …")
    faults = Faults(f"{context.where}: {options.dataset}")
    for config, language in parts.items():
        languages = {"language": language, "source_language": source_language}
        name = f"{config or 'default'}/{options.data_split}"
        where = f"{options.dataset}: {name}"
        total = 0
        with _errors(options, context):
            for batch in _batches(options, context, place, config):
                faults.note(batch)
                rows = batch.rows
                numbers = pl.Series(range(total, total + rows.height), dtype=pl.Int64)
                total += rows.height
                ids = pl.Series(f"{name}#" + numbers.cast(pl.String))
                yield mapped(
                    rows,
                    options,
                    context,
                    where=where,
                    ids=ids,
                    languages=languages,
                    broken=batch.broken,
                )
    faults.warn()
    # A file that came meanwhile may have been read, too.
    if place.version == _LOCAL and _local(Path(place.path), _LOCAL).sha256 != place.sha256:
        raise IsoglossError(
            "has changed while it was read",
            where=place.path,
            remedy="Run the same command again when nobody writes it any more",
        )


def _batches(
    options: Options, context: Context, place: _Place, config: str | None
) -> Iterator[Batch]:
    """Read the mapped columns of a configuration, a batch at a time."""
    builder = _builder(place, config, options.data_dir)
    if _is_text(builder):
        yield from _first(_text_batches(builder, place, options, context), options.rows)
        return
    stream = builder.as_streaming_dataset(split=options.data_split)
    if options.rows is not None:
        stream = stream.take(options.rows)
    features = stream.features.to_dict() if stream.features else {}
    where = f"{context.where}.columns"
    for batch in stream.with_format("arrow").iter(_ROWS):
        # Pictures and sounds beside the text stay in Arrow's hands, undecoded.
        wanted = top_columns(options.columns.wanted(), batch.column_names, where)
        rows = to_polars(batch.select(wanted), features, f"{context.where}: {options.dataset}")
        yield Batch(rows, pl.int_range(rows.height, eager=True))


# JSON and CSV say no types, and `datasets` infers them: dates become times, 5 beside 2.5 becomes
# 5.0, the country NA is missing, and JSON that is nested deep ends the process. So we read the files
# that it finds ourselves.


def _is_text(builder: Any) -> bool:
    """Tell whether a data set is JSON or CSV as everybody writes it, with no options of its own."""
    module = type(builder).__module__.rpartition(".")[2]
    if module not in ("json", "csv"):
        return False
    config, plain = builder.config, type(builder.config)()
    ours = {"name", "version", "data_dir", "data_files", "description", "features", "field", "sep",
            "delimiter", "column_names", "names"}  # fmt: skip
    if module == "csv" and (config.names or config.column_names):
        return False
    return all(
        getattr(config, key) == value for key, value in vars(plain).items() if key not in ours
    )


def _splits(builder: Any, options: Options, context: Context) -> list[str]:
    """Return the names of the splits to read."""
    known = [str(name) for name in builder.config.data_files or {}]
    names = known if options.data_split == "all" else options.data_split.split("+")
    for name in names:
        if name not in known:
            raise unknown("split", name, known, where=f"{context.where}.data_split")
    return names


def _text_batches(
    builder: Any, place: _Place, options: Options, context: Context
) -> Iterator[Batch]:
    from datasets import DownloadConfig
    from datasets.download.streaming_download_manager import StreamingDownloadManager
    from datasets.utils.file_utils import xopen

    download = DownloadConfig(token=builder.token, storage_options=builder.storage_options)
    manager = StreamingDownloadManager(base_path=builder.base_path, download_config=download)
    declared = builder.info.features.to_dict() if builder.info.features else {}
    reader = _json_file if type(builder).__module__.endswith("json") else _csv_file
    for split in _splits(builder, options, context):
        found = manager.download_and_extract(list(builder.config.data_files[split]))
        for path in manager.iter_files(found):
            # A data set is the same wherever its folder lies.
            name = path.removeprefix(os.path.join(os.path.abspath(place.path), ""))  # noqa: PTH118, PTH100
            with xopen(path, "rb", download_config=download) as file:
                for batch in reader(file, path, name, builder.config, options.columns):
                    yield replace(batch, rows=with_labels(batch.rows, declared))


def _first(batches: Iterator[Batch], rows: int | None) -> Iterator[Batch]:
    """Return the first rows, so many at most; no more is read."""
    for batch in batches:
        yield batch if rows is None else batch.slice(0, rows)
        if rows is not None and (rows := rows - batch.rows.height) <= 0:
            return


def _json_file(file: Any, path: str, name: str, config: Any, columns: Columns) -> Iterator[Batch]:
    stream = unpack(file, path)
    begin = file.read(64) if stream is file else b""
    if stream is file:
        file.seek(0)
    listed = begin.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    lines = (
        _list_of(stream, path, config.field)
        if listed or config.field is not None
        else blocks_of(stream, path, SOME, records=True)
    )
    yield from json_batches(lines, columns.wanted(), path, name)


def _list_of(stream: Any, path: str, field: str | None) -> Iterator[Block]:
    """Read a list of records, which is one JSON text, as lines."""
    data = b"".join(block.text for block in blocks_of(stream, path))
    found = records(data.decode(), path, field)
    for start in range(0, len(found), _ROWS):
        text = "\n".join(json.dumps(one) for one in found[start : start + _ROWS])
        yield Block(text.encode(), start + 1)


def _csv_file(file: Any, path: str, name: str, config: Any, columns: Columns) -> Iterator[Batch]:
    table = Table(Path(path), name, "csv", separator=config.delimiter or config.sep)
    lines = blocks_of(unpack(file, path), path, SOME, records=True)
    yield from csv_batches(lines, columns.wanted(), table)


@contextmanager
def _errors(options: Options, context: Context) -> Iterator[None]:
    """Say what goes wrong at the hub, or in a file of the data set, in one line."""
    import pyarrow as pa
    from datasets import logging as notices
    from datasets.exceptions import DataFilesNotFoundError, DatasetNotFoundError, DatasetsError

    # What it logs before it raises, the errors below say.
    notices.set_verbosity(logging.CRITICAL)
    where = f"{context.where}.dataset"
    named = f"{where}: {options.dataset}"
    revised = f" at revision {options.revision}" if options.revision else ""
    try:
        with hub.errors(options.dataset, where, revision=options.revision):
            yield
    except IsoglossError:
        raise
    except DatasetNotFoundError as error:
        raise IsoglossError(
            f"cannot be opened{revised} ({one_line(error)})",
            where=named,
            remedy="Where it wants a login: hf auth login",
        ) from error
    except (DatasetsError, pa.ArrowException, OSError, ValueError, RuntimeError, KeyError) as error:
        local = (context.folder / options.dataset).is_dir()
        if isinstance(error, DataFilesNotFoundError) and hub.offline() and not local:
            raise hub.not_cached(
                options.dataset, options.revision, where, kind="dataset"
            ) from error
        raise IsoglossError(f"cannot be read{revised} ({one_line(error)})", where=named) from error
