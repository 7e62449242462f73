"""The dataset card: what is in a corpus, under which licences, and how to make it again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from builders.recipe import Recipe
from builders.report import views
from builders.templates.loading import load_templates
from isogloss.console import printable
from isogloss.files import sha256_file, write_text
from isogloss.languages import describe
from isogloss.records import SPLITS

# What the hub calls a task; it has no name for a new one.
_HUB_TASKS = {
    "translation": "translation",
    "qa": "question-answering",
    "summarization": "summarization",
    "code": "text-generation",
}

# What CommonMark, tables and the hub's mathematics take for more than itself within a line. In an
# address, as citations have, "_" and "&" are themselves.
_MARKUP = re.compile(r"[\\`*\[\]<>|~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
# Of a step's reasons so many are shown, and of a name or a text so many characters.
_REASONS = 8
_LONGEST = 200


def write(out: Path, plan: Recipe, manifest: dict[str, Any]) -> dict[str, Any]:
    """Write ``README.md`` and return its entry for the manifest."""
    path = out / "README.md"
    body = "\n\n".join(_body(plan, manifest))
    write_text(path, f"---\n{_head(manifest)}---\n\n{body}\n")
    return {"sha256": sha256_file(path), "bytes": path.stat().st_size}


def plain(text: object, longest: int = _LONGEST) -> str:
    """Return text from outside as Markdown shows it as it is, on one line, cut where it is long."""
    line = " ".join(str(text).split())
    cut = line if len(line) <= longest else line[: longest - 1] + "…"
    return _MARKUP.sub(lambda match: "\\" + match[0], printable(cut))


def _head(manifest: dict[str, Any]) -> str:
    counts = manifest["counts"]
    tasks = _tasks(counts)
    total = sum(
        n for cells in counts.values() for splits in cells.values() for n in splits.values()
    )
    configs = [_config("all", "data/*/*", counts, default=True)]
    for task in tasks:
        with_task = {tag: {task: cells[task]} for tag, cells in counts.items() if task in cells}
        configs.append(_config(task, f"data/*/{task}", with_task))
    for tag, cells in counts.items():
        configs.append(_config(tag, f"data/{tag}/*", {tag: cells}))
    head = {
        "pretty_name": manifest["name"],
        "language": sorted({tag.split("-")[0] for tag in counts}),
        "license": "other",
        "license_name": "see-licence-column",
        "multilinguality": "multilingual" if len(counts) > 1 else "monolingual",
        "task_categories": [_HUB_TASKS[task] for task in tasks if task in _HUB_TASKS],
        "size_categories": [_size(total)],
        "tags": ["instruction-tuning", "isogloss"],
        "configs": configs,
    }
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True)


def _config(
    name: str, pattern: str, counts: dict[str, Any], *, default: bool = False
) -> dict[str, Any]:
    config: dict[str, Any] = {
        "config_name": name,
        "data_files": [
            {"split": split, "path": f"{pattern}-{split}-*.parquet"} for split in _splits(counts)
        ],
    }
    return {**config, "default": True} if default else config


def _size(rows: int) -> str:
    bounds = ["1K", "10K", "100K", "1M", "10M", "100M", "1B"]
    for power, bound in enumerate(bounds):
        if rows < 10 ** (power + 3):
            return f"{bounds[power - 1]}<n<{bound}" if power else "n<1K"
    return "n>1B"


def _body(plan: Recipe, manifest: dict[str, Any]) -> Iterator[str]:
    # The description and the note are the recipe's own Markdown.
    yield f"# {manifest['name']}\n\n{plan.description}".rstrip()
    yield f"## Records\n\n{_counts_table(manifest['counts'])}"
    yield _instructions(plan, manifest["counts"])
    yield f"## Sources and licences\n\n{_sources_table(manifest['sources'])}"
    yield from _citations(manifest["sources"])
    if plan.licence_note:
        yield plan.licence_note
    yield f"## Mixture\n\n{_mixture(manifest['shares'])}"
    yield f"## Filters\n\n{_steps_table(manifest['steps'])}"
    yield (
        "What other thresholds of the filters would drop, by language, is in `thresholds.parquet` "
        "beside the corpus."
    )
    yield f"## Duplicates\n\n{_duplicates(plan, manifest['steps'])}"
    yield f"## Decontamination\n\n{_decontamination(plan, manifest)}"
    yield (
        "## Files\n\n"
        "`data/` has the records, one folder a language. `manifest.json` says what they are made "
        "from and lists every file with its SHA-256.\n\n"
        "A corpus folder also has `rejected/`, every dropped row with the step and the reason; "
        "`scores/`, what the filters made of every row that came to them; and `report.html`, which "
        "shows counts, lengths, dropped rows, thresholds and samples. Where the corpus was pushed "
        "to the hub without `--push-all`, these stayed with who built it; the recipe makes them "
        "again."
    )
    yield (
        "## Columns\n\n"
        "`instruction` and `input` make the prompt, `output` is the answer, `references` are all "
        "answers that count as right. `language` is that of the output; `source`, `source_id`, "
        "`licence` and `template` say where a record comes from."
    )
    yield (
        "## Regenerate\n\n"
        f"The recipe (`recipe` in `manifest.json`, SHA-256 `{manifest['recipe_sha256'][:16]}…`) "
        "gives these bytes again with the library versions listed there. A build writes what every "
        "source held to `RECIPE.lock` beside the recipe; keep the two together, and a build with "
        "`--frozen` fails where a source is no longer the same:\n\n"
        "```sh\nisogloss build RECIPE.toml --out CORPUS --frozen\n```"
    )


def _counts_table(counts: dict[str, Any]) -> str:
    tasks = _tasks(counts)
    rows = []
    for tag, cells in counts.items():
        numbers = [
            " / ".join(str(cells.get(task, {}).get(split, 0)) for split in _splits(counts))
            for task in tasks
        ]
        rows.append([tag, describe(tag).name, *numbers])
    head = ["tag", "language", *(f"{task} ({' / '.join(_splits(counts))})" for task in tasks)]
    return _table(head, rows)


def _tasks(counts: Mapping[str, Any]) -> list[str]:
    return sorted({task for cells in counts.values() for task in cells})


def _splits(counts: Mapping[str, Any]) -> list[str]:
    present = {split for cells in counts.values() for splits in cells.values() for split in splits}
    return [split for split in SPLITS if split in present]


def _instructions(plan: Recipe, counts: Mapping[str, Any]) -> str:
    languages = {"target": "the language of the answer", "source": "the language of the source"}
    language = languages.get(plan.instruction_language)
    if language is None:
        language = describe(plan.instruction_language).name
    tasks = _tasks(counts)
    found = views.template_versions(load_templates(plan.templates).table, tasks)
    versions = "; ".join(f"{task} {', '.join(plain(one) for one in found[task])}" for task in tasks)
    return f"Instructions are in {language}. Versions of their templates: {versions}."


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


def _citations(sources: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what the sources ask to be cited as, one paragraph each; never cut."""
    for source in sources:
        citation = str(source.get("citation") or "")
        if citation:
            yield f"**{plain(source['name'])}**: {plain(citation, len(citation) + 1)}"


def _mixture(shares: Sequence[Mapping[str, Any]]) -> str:
    """Return the train split's shares before and after the mixture, by language, task and origin."""
    mixed = {one.split: one for one in views.mixed(shares)}
    if "train" not in mixed:
        return "Nothing is for training."
    train = mixed["train"]
    rows = [
        [
            f"{key}: {describe(line.name).name if key == 'language' else line.name}",
            str(line.before),
            str(line.after),
            line.share_before,
            line.share_after,
        ]
        for key, lines in train.parts.items()
        for line in lines
    ]
    heads = [f"{train.unit} before", "after", "share before", "share after"]
    return _table(["train", *heads], rows)


def _steps_table(steps: list[dict[str, Any]]) -> str:
    rows = [
        [
            step["step"],
            step.get("source", "all"),
            str(step["rows_in"]),
            str(step["rows_out"]),
            _reasons(step["rejected"]),
        ]
        for step in steps
    ]
    return _table(["step", "source", "rows in", "rows out", "dropped"], rows)


def _reasons(rejected: Mapping[str, int]) -> str:
    """Return the commonest reasons with their counts, and the rest as one."""
    most = sorted(rejected.items(), key=lambda item: (-item[1], item[0]))
    texts = [f"{reason}: {count}" for reason, count in most[:_REASONS]]
    rest = most[_REASONS:]
    if rest:
        texts.append(f"{len(rest)} other reasons: {sum(count for _, count in rest)}")
    return "; ".join(texts)


def _duplicates(plan: Recipe, steps: Sequence[Mapping[str, Any]]) -> str:
    dropped = {step["step"]: step["rows_in"] - step["rows_out"] for step in steps}
    exact = (
        f"{dropped.get('duplicates', 0)} rows were the same as another, and "
        f"{dropped.get('same-input', 0)} asked the same as one that now has their answers too."
    )
    if plan.duplicates.near is None:
        return f"{exact} Near-duplicates were not looked for."
    near = views.near(plan.duplicates.near)
    options = near.options
    return (
        f"{exact} {dropped.get('near-duplicates', 0)} were near-duplicates: texts with a Jaccard "
        f"similarity of {options.jaccard:g} or more of their {options.shingle}-{options.unit} "
        f"shingles, found by MinHash-LSH with {options.permutations} permutations in "
        f"{options.bands} bands of {options.rows}, then verified. Over all similarities, "
        f"{near.false_negatives} of the pairs at or above the threshold are not compared, and "
        f"{near.false_positives} of those below it are compared for nothing (and not dropped)."
    )


def _decontamination(plan: Recipe, manifest: Mapping[str, Any]) -> str:
    options, entry = plan.decontamination, manifest["decontamination"]
    tasks = [task for cells in manifest["counts"].values() for task in cells.values()]
    if not entry["suites"] and not any("test" in splits for splits in tasks):
        return "Nothing was kept out: the recipe names no suite, and there is no test split."
    suites = ", ".join(plain(suite["name"]) for suite in entry["suites"])
    against = f"the test split or of {suites}" if suites else "the test split"
    near = f", or nearly a text (a Jaccard index of {options.near:g})" if options.near else ""
    rule = (
        f"Rows of training and validation went that had a text of {against}, {options.tokens} "
        f"words in a row of it ({options.characters} characters of Chinese and Japanese, "
        f"{options.letters} letters of Thai and its like){near}. `report.html` shows what was found."
    )
    if not entry["found"]:
        return f"{rule} Nothing was."
    rows = [
        [one["origin"], *(str(one[key]) for key in ("rows", "equal", "ngram", "near"))]
        for one in entry["found"]
    ]
    return f"{rule}\n\n{_table(['found in', 'rows dropped', 'equal', 'n-gram', 'near'], rows)}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head)]
    lines += [[plain(cell, 8 * _LONGEST) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
