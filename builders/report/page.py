"""``report.html``: what a corpus is and what was kept out of it, on one page that needs nothing else.

The page has its style and charts in it, runs no script and asks for nothing. All text from outside is
escaped and kept apart from the page's direction. It shows at most so much of everything that it
stays a page; what it leaves out it says, and where that is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from builders.recipe import Recipe
from builders.report import drops, svg, thresholds, views
from builders.report import records as data
from builders.templates.loading import load_templates
from isogloss import licences
from isogloss.files import sha256_file, write_text

#: The file's name in the corpus folder.
NAME = "report.html"

#: Samples of each language and task, where there is room for them; of all texts so many characters.
SAMPLES = 2
SAMPLED_CELLS = 200
CHARACTERS = 240

#: Languages in each of a step's tables, and cells of all tables of thresholds.
LANGUAGES = 40
CELLS = 16_000

_PAGES = Path(__file__).parent / "pages"
_POLICY = (
    "default-src 'none'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'"
)
# What is not seen and is no space could hide something: C0 and C1 controls, as pictures.
_CONTROLS = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
}


def write(out: Path, plan: Recipe, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``report.html`` and return its entry for the manifest.

    Args:
        out: The corpus folder, where all files but this, the card and the manifest are written.
        plan: The recipe.
        manifest: What the manifest will be.

    Raises:
        IsoglossError: The disk is full or the folder cannot be written.
    """
    path = out / NAME
    write_text(path, _html(_values(out, plan, manifest)))
    return {"sha256": sha256_file(path), "bytes": path.stat().st_size}


def _values(out: Path, plan: Recipe, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page is filled with."""
    files = manifest["files"]
    templates = load_templates(plan.templates)
    counts = views.counts(manifest["counts"], templates.tasks)
    records = data.read(out, files, samples=SAMPLES)
    dropped = drops.read(out, files)
    order = [step["step"] for step in manifest["steps"]]
    steps, matrix = views.matrix(dropped, order)
    bins = views.binned(records.lengths)
    near = plan.duplicates.near
    return {
        "plan": plan,
        "manifest": manifest,
        "counts": counts,
        "lengths": records.lengths,
        "bins": bins,
        "edges": data.EDGES[bins],
        "quantiles": data.QUANTILES,
        "licences": records.licences,
        "mixed": views.mixed(manifest["shares"]),
        "origins": views.origins(manifest["shares"]),
        "steps": steps,
        "matrix": matrix,
        "dropped": sorted(dropped, key=lambda one: order.index(one.step)),
        "shown_languages": LANGUAGES,
        "thresholds": _thresholds(out),
        "shares": thresholds.SHARES,
        "near": views.near(near) if near else None,
        "near_curve": _near_curve(near) if near else None,
        "samples": _samples(records.samples, [line.tag for line in counts.lines], templates.tasks),
        "cells": SAMPLED_CELLS,
        "versions": views.template_versions(templates.table, counts.tasks),
        "series": lambda task: svg.series(templates.tasks.index(task)),
        "shows": lambda row: licences.taken(row["licence"] or "", plan.licences),
    }


def _thresholds(out: Path) -> list[views.Threshold]:
    found = pl.read_parquet(out / thresholds.NAME)
    tables = found.select("filter", "option", "score", "threshold").n_unique()
    columns = 2 + 7 + len(thresholds.SHARES)
    most = max(LANGUAGES // 2, CELLS // (columns * max(1, tables)))
    return views.swept(found, most)


def _near_curve(options: Any) -> Any:
    title = (
        "Probability that two texts are compared, by their Jaccard similarity: "
        + ", ".join(f"{options.compared(at / 10):.3f} at {at / 10:g}" for at in range(2, 11, 2))
        + f"; the threshold is {options.jaccard:g}"
    )
    return svg.curve(
        options.compared,
        options.jaccard,
        title,
        "Jaccard similarity",
        "probability of being compared",
    )


def _samples(
    rows: Sequence[Mapping[str, Any]], order: Sequence[str], known: Sequence[str]
) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Return samples by language, those with the most records first, as many as there is room for."""
    cells: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for row in rows:
        cells.setdefault(row["language"], {}).setdefault(row["task"], []).append(row)
    all_cells = sum(len(tasks) for tasks in cells.values())
    each = SAMPLES if all_cells * SAMPLES <= SAMPLED_CELLS else 1
    room, shown = SAMPLED_CELLS, []
    for tag in order:
        tasks = sorted(cells[tag], key=known.index)
        samples = [row for task in tasks for row in cells[tag][task][:each]]
        if len(samples) > room:
            break
        room -= len(samples)
        shown.append((tag, samples))
    return shown


def _html(values: Mapping[str, Any]) -> str:
    from markupsafe import Markup

    style = (_PAGES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = _environment().get_template("report.html.j2")
    page: str = template.render(values, style=Markup(style), policy=_POLICY.format(digest))
    return page


@cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible,
    )
    environment.filters["number"] = views.number
    environment.filters["shortened"] = shortened
    environment.globals |= {
        "known": views.language,
        "share": views.share,
        "stack": svg.stack,
        "histogram": svg.histogram,
    }
    return environment


def _visible(value: Any) -> Any:
    """Return a text with its control characters to be seen; whatever else as it is."""
    return value.translate(_CONTROLS) if type(value) is str else value


def shortened(text: str | None, characters: int = CHARACTERS) -> str:
    """Return the beginning of a text, with an ellipsis where there is more of it."""
    text = text or ""
    return text if len(text) <= characters else text[:characters].rstrip() + "…"
