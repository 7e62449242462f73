"""Somebody else's outputs: answers read from a file instead of generated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from isogloss.errors import IsoglossError
from runners.models._base import Facts, Generation, GenerationSettings, LoadOptions, Prompt

DESCRIPTION = "outputs:FILE: answers from a JSONL, CSV or Parquet file with id and prediction"
PRIORITY = 0

_PREFIX = "outputs:"


class _Outputs:
    def __init__(self, spec: str, path: Path, answers: dict[str, str]) -> None:
        self.facts = Facts(family="outputs", model=path.name)
        self._answers = answers
        self._path = path

    def order(self, prompts: Sequence[Prompt]) -> list[int]:
        asked = {prompt.id for prompt in prompts}
        strange = sorted(set(self._answers) - asked)
        if strange:
            raise IsoglossError(
                f"{len(strange)} ids are not in the suite, {strange[0]!r} for one",
                where=self._path,
                remedy="Score these outputs on the suite whose records they answer",
            )
        missing = [prompt.id for prompt in prompts if prompt.id not in self._answers]
        if missing:
            raise IsoglossError(
                f"{len(missing)} of the suite's {len(prompts)} records have no prediction, "
                f"{missing[0]!r} for one",
                where=self._path,
                remedy="Give every record a prediction; an empty text if there is none",
            )
        return list(range(len(prompts)))

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Generation]:
        return [Generation(self._answers[prompt.id], "none", 0, 0.0) for prompt in prompts]


def accepts(spec: str, options: LoadOptions) -> bool:
    """Tell whether the spec begins with ``outputs:``."""
    return spec.startswith(_PREFIX)


def load(spec: str, options: LoadOptions) -> _Outputs:
    """Read the answers.

    Raises:
        IsoglossError: The file is missing, broken, lacks a column, or has an id twice.
    """
    path = Path(spec.removeprefix(_PREFIX))
    frame = _read(path)
    for column in ("id", "prediction"):
        if column not in frame.columns:
            raise IsoglossError(
                f"has no column {column!r}",
                where=path,
                remedy=f"It has {', '.join(frame.columns) or 'none'}; id and prediction are needed",
            )
    frame = frame.select(pl.col("id").cast(pl.String), pl.col("prediction").cast(pl.String))
    bare = frame.with_row_index("row").filter(pl.any_horizontal(pl.all().is_null()))
    if bare.height:
        raise IsoglossError("id or prediction is null", where=f"{path}: row {bare['row'][0] + 1}")
    twice = frame.filter(pl.col("id").is_duplicated())["id"]
    if twice.len():
        raise IsoglossError(f"the id {twice[0]!r} is there twice", where=path)
    return _Outputs(spec, path, dict(frame.iter_rows()))


def _read(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise IsoglossError("there is no such file", where=path)
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        if path.suffix in (".csv", ".tsv"):
            separator = "\t" if path.suffix == ".tsv" else ","
            # A field with nothing in it is an empty answer.
            return pl.read_csv(path, separator=separator, infer_schema=False).fill_null("")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise IsoglossError(f"cannot be read ({error})", where=path) from error
    return _lines(path)


def _lines(path: Path) -> pl.DataFrame:
    """Read JSON Lines a line at a time: an error must name its line."""
    import json

    rows = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise IsoglossError(f"is not JSON ({error})", where=f"{path}:{number}") from error
            if not isinstance(row, dict):
                raise IsoglossError("is not a JSON object", where=f"{path}:{number}")
            for column in ("id", "prediction"):
                if not isinstance(row.get(column), str):
                    raise IsoglossError(
                        f"{column!r} is missing or not text", where=f"{path}:{number}"
                    )
            rows.append({"id": row["id"], "prediction": row["prediction"]})
    return pl.DataFrame(rows, schema={"id": pl.String, "prediction": pl.String})
