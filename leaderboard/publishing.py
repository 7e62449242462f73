"""Publishing: runs become a folder of static pages, whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from benchmarks import list_tasks
from isogloss.console import say
from isogloss.names import slug
from isogloss.plugins import discover
from isogloss.provenance import check_ours, write_error, write_json
from isogloss.settings import Settings
from leaderboard import charts
from leaderboard.collect import collect
from leaderboard.site import Page, Site, pages
from leaderboard.tables import Table

#: The file that marks a folder as a site that publishing may replace.
MARKER = "site.json"

_HERE = Path(__file__).parent
_POLICY = (
    "default-src 'none'; style-src 'self'{hashes}; script-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)


class PublishSettings(Settings):
    """What a recipe's ``[publish]`` may say.

    Attributes:
        title: The title of the site.
    """

    title: str = "isogloss"


def publish(
    runs: Sequence[Path | str],
    out: Path | str,
    *,
    title: str = "isogloss",
    resamples: int = 1000,
    seed: int = 42,
) -> Path:
    """Make the pages of a leaderboard from runs of one suite.

    The same runs give the same bytes. The pages ask for nothing outside their folder.

    Args:
        runs: Run folders. Their scores are computed again from their predictions.
        out: The folder to write; a site that is there already is replaced.
        title: The title.
        resamples: Bootstrap resamples of each interval.
        seed: The bootstrap's seed.

    Returns:
        The path of ``index.html``.

    Raises:
        IsoglossError: A run is unfinished, broken or of another suite; two have one name; the
            folder holds something else than a site, or cannot be written.
    """
    # A name such as "." has no neighbours, and pages are written beside the folder first.
    index, out = Path(out) / "index.html", Path(out).resolve()
    check_ours(out, lambda folder: (folder / MARKER).is_file(), kind="a site")
    found = collect([Path(run) for run in runs], resamples=resamples, seed=seed)
    partial = out.with_name(f".{out.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        _write(partial, Site(title, found, resamples, seed))
        _replace(out, partial)
    except OSError as error:
        raise write_error(error, out) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return index


def _write(folder: Path, site: Site) -> None:
    environment = _environment()
    count = 0
    for page in pages(site):
        path = folder / page.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_html(environment, site, page), encoding="utf-8", newline="\n")
        _data(folder / "data", page.tables)
        count += 1
    shutil.copytree(_HERE / "assets", folder / "assets")
    runs = [{"system": run.name, "kind": run.facts["kind"]} for run in site.runs]
    suite = site.runs[0].facts["suite"]
    write_json(
        folder / MARKER,
        {
            "format": 1,
            "title": site.title,
            "suite": suite["name"],
            "sha256": suite["sha256"],
            "runs": runs,
        },
    )
    say(f"{count} pages of {len(site.runs)} systems")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([_HERE / "pages", *_template_folders()]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["slug"] = slug
    environment.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    # Charts escape what they are given; see leaderboard.charts.
    environment.globals["key"] = lambda series: Markup(charts.key(series))
    return environment


def _template_folders() -> list[Path]:
    """Return the folders of page modules: a third party's templates stand beside its module."""
    files = [module.__file__ for module in discover("leaderboard.pages").values()]
    return sorted({Path(file).parent for file in files if file})


def _html(environment: jinja2.Environment, site: Site, page: Page) -> str:
    rules = "".join(_rules(table) for table in page.tables)
    digest = base64.b64encode(hashlib.sha256(rules.encode()).digest()).decode()
    return environment.get_template(page.template).render(
        page.values,
        site=site,
        labels={name: task.label for name, task in list_tasks().items()},
        root="../" * page.path.count("/"),
        rules=Markup(rules),
        policy=_POLICY.format(hashes=f" 'sha256-{digest}'" if rules else ""),
    )


def _rules(table: Table) -> str:
    """Return the style that puts a table's rows in order: the first one, and each column's.

    Names of tables are slugs, so nothing from outside gets into the style.
    """
    name = table.name
    parts = [f"#{name}{{--n:{len(table.columns)}}}"]
    parts += [f"#{name}-r{row}{{--o:{row}}}" for row in range(len(table.rows))]
    for column, places in enumerate(table.orders()):
        chosen = f"#{name}:has(#{name}-c{column}:checked) #{name}-r"
        parts += [f"{chosen}{row}{{--o:{place}}}" for row, place in enumerate(places)]
    return "".join(parts)


def _data(folder: Path, tables: Sequence[Table]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        (folder / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8", newline="\n")
        (folder / f"{table.name}.json").write_text(table.json(), encoding="utf-8", newline="\n")


def _replace(out: Path, partial: Path) -> None:
    """Put the new site in the old one's place."""
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.is_dir() and Path.cwd().is_relative_to(out):
        # Whoever stands in the folder would stand in one that is gone; what is in it changes.
        old.mkdir()
        (partial / MARKER).replace(out / MARKER)
        for path in list(out.iterdir()):
            if path.name != MARKER:
                path.rename(old / path.name)
        for path in list(partial.iterdir()):
            path.rename(out / path.name)
    else:
        if out.exists():
            out.rename(old)
        partial.rename(out)
    shutil.rmtree(old, ignore_errors=True)
