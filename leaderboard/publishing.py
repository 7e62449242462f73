"""Publishing: runs become a folder of static pages, among whatever else the folder holds.

``site.json`` lists every file of the site; only what it lists is ever replaced or removed.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import jinja2
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, StringConstraints

from benchmarks import list_tasks
from isogloss.console import printable, say
from isogloss.errors import IsoglossError
from isogloss.files import (
    check_ours,
    check_seal,
    read_json,
    remove_partials_in,
    sealed,
    sha256_file,
    write_error,
    write_json,
)
from isogloss.locks import held
from isogloss.names import slug
from isogloss.plugins import discover
from isogloss.settings import Settings, validate
from leaderboard import charts
from leaderboard.collect import collect
from leaderboard.site import Page, Site, pages
from leaderboard.tables import Table

#: The file that lists what is a site's, and so what publishing may replace.
MARKER = "site.json"

# Where pages are written before they take their places.
_UNFINISHED = ".isogloss-site"
_REMEDY = "Name another --out, or remove the old site's pages by hand"
# A path within the folder: no part of it is hidden, above or absolute.
_PATH = r"^[^/\\\x00-\x1f.][^/\\\x00-\x1f]*(/[^/\\\x00-\x1f.][^/\\\x00-\x1f]*)*$"
# What sites were made of before they listed it; pages are known by the policy in their head.
_OLD_PAGES = ("index.html", "method.html", "task/*.html", "system/*.html", "language/*.html")
_OLD_DATA = ("data/*.csv", "data/*.json")
_OLD_ASSETS = ("assets/icon.svg", "assets/sort.js", "assets/style.css")
_SIGN = "default-src &#39;none&#39;; style-src &#39;self&#39;"

_HERE = Path(__file__).parent
_POLICY = (
    "default-src 'none'; style-src 'self'{hashes}; script-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)


class PublishSettings(Settings):
    """What a recipe's ``[publish]`` may say."""

    title: str = "isogloss"
    """The title of the site."""


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
        out: The folder to write, held alone meanwhile. Of a site that is there already the files
            that its ``site.json`` lists are replaced, and everything else is left.
        title: The title.
        resamples: Bootstrap resamples of each interval.
        seed: The bootstrap's seed.

    Returns:
        The path of ``index.html``.

    Raises:
        IsoglossError: A run is unfinished, broken or of another suite; two have one name; the
            folder holds something else than a site, or cannot be written.
    """
    index, out = Path(out) / "index.html", Path(out).resolve()
    with held(out):
        shutil.rmtree(out / _UNFINISHED, ignore_errors=True)
        before = files_of(out)
        found = collect([Path(run) for run in runs], resamples=resamples, seed=seed)
        try:
            facts = _write(out / _UNFINISHED, Site(printable(title), found, resamples, seed))
            _check_free(out, facts["files"], before)
            _replace(out, facts, before)
        except OSError as error:
            raise write_error(error, out) from error
        finally:
            shutil.rmtree(out / _UNFINISHED, ignore_errors=True)
    return index


class _Site(BaseModel):
    """A ``site.json``. ``stale`` is what an interrupted publishing has not removed yet."""

    model_config = ConfigDict(strict=True)

    format: Literal[1, 2]
    files: dict[
        Annotated[str, StringConstraints(pattern=_PATH)],
        Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")],
    ] = {}
    stale: list[Annotated[str, StringConstraints(pattern=_PATH)]] = []


def files_of(out: Path) -> set[str]:
    """Return the paths of the site that a folder holds; none where it is new.

    Raises:
        IsoglossError: It holds something else, or its ``site.json`` is broken.
    """
    check_ours(out, lambda folder: (folder / MARKER).is_file(), kind="a site")
    remove_partials_in(out)
    path = out / MARKER
    if not path.is_file():
        return set()
    try:
        facts = read_json(path)
        site = validate(_Site, facts, where=str(path))
        check_seal(facts, where=path, needed=site.format > 1)
    except IsoglossError as error:
        raise IsoglossError(error.problem, where=path, remedy=_REMEDY) from error
    return _unlisted(out) if site.format == 1 else {*site.files, *site.stale}


def _unlisted(out: Path) -> set[str]:
    """Return the paths of a site of the first format, which listed none."""
    pages = {
        path
        for pattern in _OLD_PAGES
        for path in out.glob(pattern)
        if path.is_file() and _SIGN.encode() in path.read_bytes()
    }
    data = {
        path
        for pattern in _OLD_DATA
        for path in out.glob(pattern)
        if path.is_file() and slug(path.stem) == path.stem
    }
    assets = {out / name for name in _OLD_ASSETS if (out / name).is_file()}
    return {path.relative_to(out).as_posix() for path in pages | data | assets}


def _write(folder: Path, site: Site) -> dict[str, Any]:
    """Write a site's pages, and return what ``site.json`` will say of it."""
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
    say(f"{count} pages of {len(site.runs)} systems")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "format": 2,
        "title": site.title,
        "suite": suite["name"],
        "sha256": suite["sha256"],
        "runs": runs,
        "files": {path.relative_to(folder).as_posix(): sha256_file(path) for path in paths},
    }


def _check_free(out: Path, files: Mapping[str, str], before: set[str]) -> None:
    """Refuse to write a page over a file that is not the site's, or out of the folder.

    Raises:
        IsoglossError: There is such a file, or a link to another folder.
    """
    for name in files:
        path = out / name
        if name not in before and (path.exists() or path.is_symlink()):
            raise IsoglossError(
                f"holds {name}, which is not of the site that {MARKER} lists",
                where=out,
                remedy="Move it away, or name another --out",
            )
        if path.is_dir() or not _within(out, path.parent):
            raise IsoglossError(f"{name} cannot be written there", where=out, remedy=_REMEDY)


def _within(out: Path, folder: Path) -> bool:
    """Tell whether a folder is, or can be made, in the site's own: no link or file is in its way."""
    while folder != out:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            return False
        folder = folder.parent
    return True


def _replace(out: Path, facts: Mapping[str, Any], before: set[str]) -> None:
    """Put the pages in their places, one by one, and remove those that the site has no more.

    ``site.json`` comes first and lists both: what is interrupted is gone on with by the next call.
    """
    stale = sorted(before - facts["files"].keys())
    write_json(out / MARKER, sealed({**facts, "stale": stale} if stale else facts))
    for name in facts["files"]:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / _UNFINISHED / name).replace(out / name)
    for name in stale:
        path = out / name
        if _within(out, path.parent) and not path.is_dir():
            path.unlink(missing_ok=True)
            for parent in path.relative_to(out).parents[:-1]:
                with suppress(OSError):
                    (out / parent).rmdir()
    if stale:
        write_json(out / MARKER, sealed(facts))


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
        sorted_by = f"#{name}:has(#{name}-c{column}:checked) #{name}-r"
        parts += [f"{sorted_by}{row}{{--o:{place}}}" for row, place in enumerate(places)]
    return "".join(parts)


def _data(folder: Path, tables: Sequence[Table]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        (folder / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8", newline="\n")
        (folder / f"{table.name}.json").write_text(table.json(), encoding="utf-8", newline="\n")
