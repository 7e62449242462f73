"""Columns of Arrow, as somebody's Parquet or data set has them, with types that polars can read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from isogloss.errors import IsoglossError

# A feature of `datasets`, as its `Features.to_dict` and the metadata of Parquet files have it.
Feature = Any


def features_of(schema: pa.Schema) -> dict[str, Feature]:
    """Return the features that `datasets` has noted in a file; none where it has not written it."""
    try:
        noted: Any = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = noted["info"]["features"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def with_labels(frame: pl.DataFrame, features: Mapping[str, Feature]) -> pl.DataFrame:
    """Return texts, or lists of them, with the numbers of labels as their names.

    Args:
        frame: Columns, which may have dotted names.
        features: What `datasets` says of the columns.
    """
    for name, kind in frame.schema.items():
        feature = _element(_at(name, features))
        if _is_label(feature):
            named = {str(number): label for number, label in enumerate(feature["names"])}
            listed = isinstance(kind, pl.List)
            text = pl.element() if listed else pl.col(name)
            text = text.replace({**named, "-1": None})
            frame = frame.with_columns(pl.col(name).list.eval(text) if listed else text)
    return frame


def _at(name: str, features: Mapping[str, Feature]) -> Feature:
    """Return the feature of a column, or of what a dotted name finds inside one."""
    if name in features:
        return features[name]
    feature: Feature = dict(features)
    for part in name.split("."):
        feature = _element(feature)
        if not part.isdecimal():
            feature = feature.get(part) if isinstance(feature, dict) else None
    return feature


def _element(feature: Feature) -> Feature:
    """Return the feature of a list's elements, whatever it is a list of; any other as it is."""
    while isinstance(feature, list) or (isinstance(feature, dict) and "_type" in feature):
        if isinstance(feature, dict) and "feature" not in feature:
            break
        feature = _inner(feature)
    return feature


def to_polars(table: pa.Table, features: Mapping[str, Feature], where: str | Path) -> pl.DataFrame:
    """Return a table as a frame: numbers that stand for a label as its name, extensions as stored.

    Args:
        table: The columns.
        features: What `datasets` says of them, where it does.
        where: The file or data set, to name in an error.

    Raises:
        IsoglossError: A column has a type that holds no text, or a label's number has no name.
    """
    columns: dict[str, pl.Series] = {}
    for name in table.column_names:
        chunks = table.column(name)
        if not isinstance(chunks, pa.ChunkedArray):
            chunks = pa.chunked_array([chunks])
        place = f"{where}: the column {name!r}"
        parts = [_readable(chunk, features.get(name), place) for chunk in chunks.chunks]
        if any(part is None for part in parts):
            raise IsoglossError(f"the column {name!r} holds {chunks.type}, not texts", where=where)
        made = pa.chunked_array(parts) if parts else pa.chunked_array([], pa.null())
        columns[name] = pl.Series(name, pl.from_arrow(made))
    return pl.DataFrame(columns)


def _readable(array: pa.Array, feature: Feature, place: str) -> pa.Array | None:
    """Return an array with what polars can read; None where that is nothing."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        as_bytes = kind.extension_name == "arrow.bool8"
        return _readable(
            pc.cast(array.storage, pa.bool_()) if as_bytes else array.storage, None, place
        )
    if pa.types.is_run_end_encoded(kind):
        return _readable(pc.run_end_decode(array), feature, place)
    if _is_list(kind):
        return _readable_list(array, feature, place)
    if pa.types.is_struct(kind):
        return _readable_struct(array, feature, place)
    if _is_label(feature):
        return _named(array, feature["names"], place)
    if pa.types.is_decimal256(kind):
        return pc.cast(array, pa.string())
    if pa.types.is_date64(kind):
        return pc.cast(array, pa.date32())
    return None if pa.types.is_union(kind) or pa.types.is_interval(kind) else array


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    views = types.is_list_view(kind) or types.is_large_list_view(kind)
    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return bool(views or lists)


def _readable_list(array: pa.Array, feature: Feature, place: str) -> pa.Array | None:
    large = pa.large_list(array.type.value_type)
    if pa.types.is_list_view(array.type) or pa.types.is_large_list_view(array.type):
        lists = pa.array(array.to_pylist(), large)  # Arrow's own cast loses values
    else:
        # A copy begins at its own first value, however its array was cut out of a longer one.
        lists = pc.cast(pa.concat_arrays([array]), large)
    values = _readable(lists.values, _inner(feature), place)
    if values is None:
        return None
    return pa.LargeListArray.from_arrays(lists.offsets, values, mask=lists.is_null())


def _inner(feature: Feature) -> Feature:
    if isinstance(feature, list):
        return feature[0] if feature else None
    return feature.get("feature") if isinstance(feature, dict) else None


def _readable_struct(array: pa.Array, feature: Feature, place: str) -> pa.Array | None:
    fields: dict[str, Feature] = feature if isinstance(feature, dict) else {}
    inner = fields.get("feature")
    if fields.get("_type") == "Sequence" and isinstance(inner, dict):  # stored as lists in a struct
        fields = {name: {"feature": one} for name, one in inner.items()}
    names = [field.name for field in array.type]
    made = {
        name: _readable(part, fields.get(name), f"{place}.{name}")
        for name, part in zip(names, array.flatten(), strict=True)
    }
    kept = {name: part for name, part in made.items() if part is not None}
    if not kept:
        return None if names else array
    return pa.StructArray.from_arrays(list(kept.values()), list(kept), mask=array.is_null())


def _is_label(feature: Feature) -> bool:
    return (
        isinstance(feature, dict)
        and feature.get("_type") == "ClassLabel"
        and isinstance(feature.get("names"), list)
        and all(isinstance(name, str) for name in feature["names"])
    )


def _named(numbers: pa.Array, names: list[str], place: str) -> pa.Array:
    """Return the names of labels; -1 is none, as `datasets` has it."""
    if not pa.types.is_integer(numbers.type):
        return numbers
    known = pc.if_else(pc.equal(numbers, -1), None, numbers)
    highest = pc.max(known).as_py()
    if highest is not None and (highest >= len(names) or pc.min(known).as_py() < 0):
        raise IsoglossError(
            f"holds the label {highest}, and there are names of {len(names)}", where=place
        )
    return pa.array(names, pa.large_string()).take(known)
