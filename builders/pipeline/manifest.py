"""The manifest of what is built: what every one says, and the moment that makes a folder a finished one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from builders.corpus import layout, scores
from builders.corpus.records import write_rejected
from builders.pipeline import lock
from builders.pipeline.opening import LIBRARIES, Build, inputs_hash, lock_entry, rows_hash
from builders.rows.ledger import commonest, summary
from builders.rows.rows import Rows
from isogloss.corpora import is_corpus, write_manifest
from isogloss.environment import library_versions
from isogloss.errors import IsoglossError
from isogloss.files import check_unchanged


def check_left(build: Build, rows: Rows) -> None:
    """Check that a row is left.

    Raises:
        IsoglossError: There is none; it says which steps dropped them and why, and where the dropped
            rows are now.
    """
    if rows.mask.any():
        return
    reasons = commonest(path for paths in rows.dropped().values() for path in paths)
    remedy = "Give it more sources"
    if reasons:
        # An earlier corpus, which has a manifest of its files, stays as it was.
        finished = is_corpus(build.out)
        beside = build.folder if finished else build.out
        if not finished:
            layout.clear(build.out)
        write_rejected(rows.dropped(), beside)
        remedy = f"All dropped rows, with their reasons, are in {beside / 'rejected'}"
    filters = {step.name for step in build.recipe.filters}
    steps = rows.steps()
    if any(step["step"] in filters and step["rejected"] for step in steps):
        remedy += ". Loosen the filters, or give it more sources"
    why = "; ".join(filter(None, [summary(steps), reasons]))
    raise IsoglossError(f"no row is left ({why})", where=build.recipe.path, remedy=remedy)


def write_beside(build: Build, rows: Rows) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write ``rejected/`` and ``scores/``.

    Returns:
        What the manifest says of the files, and of the scores by source.
    """
    files = write_rejected(rows.dropped(), build.out)
    entries: dict[str, Any] = {}
    for number, (source, its_rows) in enumerate(zip(build.sources, rows.sources, strict=True)):
        written = scores.write(build.out, number, its_rows, build.workers)
        if written:
            entries[source.name] = {
                "rows": rows_hash(build.recipe, source, build.sources),
                "filters": {step.label: step.signature for step in build.recipe.filters},
                "files": list(written),
            }
        files |= written
    return files, entries


def manifest(
    build: Build, rows: Rows, contamination: list[dict[str, Any]], per_source: Mapping[str, int]
) -> dict[str, Any]:
    """Return what every manifest says.

    Args:
        build: The build.
        rows: The rows, when all steps are done.
        contamination: What decontamination found.
        per_source: How many rows each source gives.
    """
    held = lock_entry(build.sources, build.suites, build.templates, build.tokenizer)
    return {
        "format": layout.FORMAT,
        "name": build.recipe.name,
        "recipe": build.recipe.table,
        "recipe_sha256": build.recipe.sha256,
        "inputs_sha256": inputs_hash(build.recipe, build.sources, held, build.purpose),
        "sources": [
            {**source.entry, "rows": per_source.get(source.name, 0)} for source in build.sources
        ],
        "steps": rows.steps(),
        "decontamination": {"suites": build.suites, "found": contamination},
        "libraries": library_versions(LIBRARIES),
    }


def finish(build: Build, manifest: dict[str, Any]) -> None:
    """Write the manifest, which makes the folder a finished one, and the lock.

    Raises:
        IsoglossError: The tokenizer is not the one that it was.
    """
    check_unchanged(build.tokenizer)
    write_manifest(build.out, manifest)
    layout.end(build.out)
    if not build.frozen:
        held = lock_entry(build.sources, build.suites, build.templates, build.tokenizer)
        lock.update(build.recipe.path, held)
