"""The dataset card: what is in a corpus, under which licences, and how to make it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from builders.recipe import Recipe
from isogloss.languages import describe
from isogloss.provenance import sha256_file, write_text

_HUB_TASKS = {
    "translation": "translation",
    "qa": "question-answering",
    "summarization": "summarization",
    "code": "text-generation",
}


def write(out: Path, plan: Recipe, manifest: dict[str, Any]) -> dict[str, Any]:
    """Write ``README.md`` and return its entry for the manifest."""
    path = out / "README.md"
    write_text(path, f"---\n{_head(manifest)}---\n\n{_body(plan, manifest)}")
    return {"sha256": sha256_file(path), "bytes": path.stat().st_size}


def _head(manifest: dict[str, Any]) -> str:
    counts = manifest["counts"]
    tasks = sorted({task for cells in counts.values() for task in cells})
    total = sum(
        n for cells in counts.values() for splits in cells.values() for n in splits.values()
    )
    configs = [_config("all", "data/*/*", counts, default=True)]
    for task in tasks:
        chosen = {tag: {task: cells[task]} for tag, cells in counts.items() if task in cells}
        configs.append(_config(task, f"data/*/{task}", chosen))
    for tag, cells in counts.items():
        configs.append(_config(tag, f"data/{tag}/*", {tag: cells}))
    head = {
        "pretty_name": manifest["name"],
        "language": sorted({tag.split("-")[0] for tag in counts}),
        "license": "other",
        "license_name": "see-licence-column",
        "multilinguality": "multilingual" if len(counts) > 1 else "monolingual",
        "task_categories": [_HUB_TASKS[task] for task in tasks],
        "size_categories": [_size(total)],
        "tags": ["instruction-tuning", "isogloss"],
        "configs": configs,
    }
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True)


def _config(
    name: str, pattern: str, counts: dict[str, Any], *, default: bool = False
) -> dict[str, Any]:
    present = {split for cells in counts.values() for splits in cells.values() for split in splits}
    config: dict[str, Any] = {
        "config_name": name,
        "data_files": [
            {"split": split, "path": f"{pattern}-{split}-*.parquet"}
            for split in ("train", "validation", "test")
            if split in present
        ],
    }
    return {**config, "default": True} if default else config


def _size(rows: int) -> str:
    bounds = ["1K", "10K", "100K", "1M", "10M", "100M", "1B"]
    for power, bound in enumerate(bounds):
        if rows < 10 ** (power + 3):
            return f"{bounds[power - 1]}<n<{bound}" if power else "n<1K"
    return "n>1B"


def _body(plan: Recipe, manifest: dict[str, Any]) -> str:
    parts = [
        f"# {manifest['name']}\n\n{plan.description}".rstrip(),
        f"## Records\n\n{_counts_table(manifest['counts'])}",
        f"## Sources and licences\n\n{_sources_table(manifest['sources'])}",
    ]
    if plan.licence_note:
        parts.append(plan.licence_note)
    parts.append(f"## Filters\n\n{_steps_table(manifest['steps'])}")
    parts.append(
        "Every dropped row is in `rejected/`, with the filter and the reason.\n\n"
        "## Columns\n\n"
        "`instruction` and `input` make the prompt, `output` is the answer, `references` are all "
        "answers that count as right. `language` is that of the output; `source`, `source_id`, "
        "`licence` and `template` say where a record comes from.\n\n"
        "## Regenerate\n\n"
        f"The recipe (`recipe` in `manifest.json`, SHA-256 `{manifest['recipe_sha256'][:16]}…`) "
        "gives these bytes again with the library versions listed there:\n\n"
        "```sh\nisogloss build RECIPE.toml --out CORPUS\n```"
    )
    return "\n\n".join(parts) + "\n"


def _counts_table(counts: dict[str, Any]) -> str:
    tasks = sorted({task for cells in counts.values() for task in cells})
    rows = []
    for tag, cells in counts.items():
        numbers = [
            " / ".join(str(cells.get(task, {}).get(split, 0)) for split in _splits(counts))
            for task in tasks
        ]
        rows.append([tag, describe(tag).name, *numbers])
    head = ["tag", "language", *(f"{task} ({' / '.join(_splits(counts))})" for task in tasks)]
    return _table(head, rows)


def _splits(counts: dict[str, Any]) -> list[str]:
    present = {split for cells in counts.values() for splits in cells.values() for split in splits}
    return [split for split in ("train", "validation", "test") if split in present]


def _sources_table(sources: list[dict[str, Any]]) -> str:
    rows = [
        [
            source["name"],
            source["kind"],
            str(source.get("version", f"unavailable: {source.get('unavailable')}")),
            str(source.get("licence", "")),
            str(source["rows"]),
        ]
        for source in sources
    ]
    return _table(["source", "kind", "version", "licence", "records"], rows)


def _steps_table(steps: list[dict[str, Any]]) -> str:
    rows = [
        [
            step["step"],
            step.get("source", "all"),
            str(step["rows_in"]),
            str(step["rows_out"]),
            "; ".join(f"{reason}: {count}" for reason, count in step["rejected"].items()),
        ]
        for step in steps
    ]
    return _table(["step", "source", "rows in", "rows out", "dropped"], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
        for line in lines
    )
