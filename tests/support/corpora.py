"""Corpus folders for tests of what leaves them, written record by record without a build."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from isogloss.corpora import with_own_hash
from isogloss.files import read_json, sha256_file, write_json
from isogloss.records import conform, with_ids

CARD = """---
license: other
configs:
- config_name: all
  default: true
  data_files:
{files}---

# Little
"""


def row(text: str = "Hallo", **more: Any) -> dict[str, Any]:
    """Return a record, without its id; give what is to be other than usual."""
    return {
        "id": "", "task": "translation", "language": "de", "instruction_language": "de",
        "source_language": "en", "instruction": "Übersetze:", "input": f"{text} (en)",
        "output": text, "references": [text], "tests": None, "source": "ours",
        "source_id": text[:8], "licence": "CC0-1.0", "template": "translation/de/1",
        "split": "train", "tags": [],
    } | more  # fmt: skip


def write_corpus(
    folder: Path,
    rows: Iterable[Mapping[str, Any]],
    *,
    rows_per_file: int = 1000,
    columns: Mapping[str, pl.Expr] | None = None,
    **manifest: Any,
) -> Path:
    """Write a finished corpus.

    Args:
        folder: Where to.
        rows: As of `row`.
        rows_per_file: Larger cells get several files.
        columns: Further columns of the records.
        manifest: Keys of the manifest that are to be other than usual.
    """
    kinds = {"references": pl.List(pl.String), "tags": pl.List(pl.String), "tests": pl.String}
    frame = pl.DataFrame(list(rows), schema_overrides=kinds, infer_schema_length=None)
    records = with_ids(conform(frame, where="a test")).sort("language", "task", "split", "id")
    records = records.with_columns(
        expression.alias(name) for name, expression in (columns or {}).items()
    )
    files: dict[str, dict[str, Any]] = {}
    counts: dict[str, dict[str, dict[str, int]]] = {}
    splits = set()
    for (language, task, split), cell in records.group_by(
        "language", "task", "split", maintain_order=True
    ):
        splits.add(str(split))
        counts.setdefault(str(language), {}).setdefault(str(task), {})[str(split)] = cell.height
        for number, part in enumerate(cell.iter_slices(rows_per_file)):
            name = f"data/{language}/{task}-{split}-{number:05d}.parquet"
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            part.write_parquet(folder / name)
            files[name] = {"rows": part.height} | _entry(folder / name)
    patterns = "".join(
        f"  - split: {split}\n    path: data/*/*-{split}-*.parquet\n" for split in sorted(splits)
    )
    (folder / "README.md").write_text(CARD.format(files=patterns), encoding="utf-8")
    (folder / "rejected").mkdir()
    records.head(2).write_parquet(folder / "rejected" / "length-00000.parquet")
    for name in ("README.md", "rejected/length-00000.parquet"):
        files[name] = _entry(folder / name)
    files["rejected/length-00000.parquet"]["rows"] = min(2, records.height)
    base = {
        "format": 1,
        "name": "little",
        "recipe": {"name": "little", "seed": 7},
        "recipe_sha256": "0" * 64,
        "inputs_sha256": hashlib.sha256(repr(sorted(files)).encode()).hexdigest(),
        "sources": [],
        "steps": [],
        "counts": counts,
        "libraries": {"polars": pl.__version__},
        "files": files,
    }
    write_json(folder / "manifest.json", base | manifest)
    return folder


def write_manifest(folder: Path, *, own_hash: bool = True, **more: Any) -> None:
    """Write a corpus's manifest anew: of the files that lie there now, with its own hash.

    Args:
        folder: The corpus folder.
        own_hash: Whether it has one; those of earlier versions have none.
        more: Keys that are to be other than they are.
    """
    manifest = read_json(folder / "manifest.json") | more
    manifest.pop("manifest_sha256", None)
    for name in manifest["files"]:
        manifest["files"][name] |= _entry(folder / name)
        if name.endswith(".parquet"):
            manifest["files"][name]["rows"] = pl.read_parquet(folder / name).height
    write_json(folder / "manifest.json", with_own_hash(manifest) if own_hash else manifest)


def _entry(path: Path) -> dict[str, Any]:
    return {"sha256": sha256_file(path), "bytes": path.stat().st_size}
