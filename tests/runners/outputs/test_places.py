"""Answers by position, on data of which some lines are left out or not asked."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from support.command import done
from support.outputs import answers, told

import benchmarks
from benchmarks import Selection

HEAD = 'name = "mine"\nversion = "1"\ndescription = "d"\nlicence = "CC0-1.0"\ntasks = ["translation"]\n'
MOSES = """pairs = ["en:de", "en:fr"]
layout = "x"
[[local]]
kind = "moses"
source = "{source_language}-{language}.{source_language}"
target = "{source_language}-{language}.{language}"
"""
PARALLEL = """languages = ["de", "en", "fr"]
pairs = ["en:de", "en:fr"]
layout = "x"
[[local]]
kind = "parallel"
path = "{language}.txt"
"""
WMT = """pairs = ["en:de"]
layout = "x"
[[local]]
kind = "wmt"
path = "set.xml"
"""
COUNT = 6


@pytest.fixture
def moses(tmp_path: Path) -> Path:
    """Six lines a pair: of German the second has no translation, of French the first no source."""
    return written(tmp_path, MOSES, {
        "en-de.en": lines("word {}"), "en-de.de": lines("Wort {}", empty=2),
        "en-fr.en": lines("word {}", empty=1), "en-fr.fr": lines("mot {}"),
    })  # fmt: skip


def lines(text: str, empty: int = 0) -> list[str]:
    return ["" if n == empty else text.format(n) for n in range(1, COUNT + 1)]


def written(folder: Path, table: str, files: dict[str, list[str]]) -> Path:
    (folder / "d").mkdir()
    for name, found in files.items():
        (folder / "d" / name).write_text("".join(f"{line}\n" for line in found))
    (folder / "s.toml").write_text(HEAD + table)
    return folder / "s.toml"


def scored(spec: Path, predictions: Path | str, *more: str | Path) -> dict[str, str]:
    """Score answers; return them by the text that they are for."""
    run = spec.parent / "run"
    done("score", "--predictions", predictions, "--suite", spec, "--data", spec.parent / "d",
         "--out", run, "--resamples", "5", "--metric", "chrf", *more)  # fmt: skip
    asked = dict(pl.read_parquet(run / "records.parquet").select("id", "output").rows())
    scores = pl.read_parquet(run / "scores.parquet")
    assert scores["score"].to_list() == [100] * scores.height
    return {asked[name]: text for name, text in answers(run).items()}


def test_a_line_for_each_line_of_the_data_is_for_its_record(moses: Path) -> None:
    for language, text in (("de", "Wort {}"), ("fr", "mot {}")):
        (moses.parent / f"out.{language}.txt").write_text("\n".join(lines(text)))
    found = scored(moses, moses.parent / "out.{language}.txt")
    assert found == {text: text for text in found}
    assert sorted(found) == sorted(
        [*(f"Wort {n}" for n in (1, 3, 4, 5, 6)), *(f"mot {n}" for n in range(2, COUNT + 1))]
    )


def test_a_line_for_each_record_is_too(moses: Path) -> None:
    kept = [f"Wort {n}" for n in (1, 3, 4, 5, 6)]
    (moses.parent / "out.txt").write_text("\n".join(kept))
    assert scored(moses, moses.parent / "out.txt", "--pair", "en:de") == {one: one for one in kept}


@pytest.mark.parametrize("whole", [True, False, None])
def test_where_a_limit_asks_some_the_others_lines_are_passed_over(
    moses: Path, whole: bool | None
) -> None:
    choice = Selection(data=moses.parent / "d", pairs=("en:de",), limit=2)
    asked = benchmarks.load_suite(str(moses), choice).records["output"].to_list()
    texts = {True: lines("Wort {}"), False: [f"Wort {n}" for n in (1, 3, 4, 5, 6)], None: asked}
    (moses.parent / "out.txt").write_text("\n".join(texts[whole]))
    found = scored(moses, moses.parent / "out.txt", "--pair", "en:de", "--limit", "2")
    assert found == {one: one for one in asked}


def test_any_other_number_of_lines_is_told_with_the_line_that_is_left_out(
    moses: Path, tmp_path: Path
) -> None:
    (tmp_path / "s2.toml").write_text(moses.read_text().replace(', "en:fr"', "") .replace(
        "layout", 'data = "d"\nlayout'))  # fmt: skip
    for count in (0, 2, 4, 7):
        (tmp_path / "out.txt").write_text("x\n" * count)
        told(
            tmp_path / "out.txt", tmp_path / "s2.toml", tmp_path,
            rf"has {count} lines, and translation en → de has 5 records, of data of 6 lines.*"
            r"without line 2 \(the line of its translation is empty\)",
        )  # fmt: skip


def test_an_n_way_set_is_counted_pair_by_pair(tmp_path: Path) -> None:
    spec = written(tmp_path, PARALLEL, {
        "en.txt": lines("word {}"), "de.txt": lines("Wort {}", empty=3), "fr.txt": lines("mot {}"),
    })  # fmt: skip
    for language, text in (("de", "Wort {}"), ("fr", "mot {}")):
        (tmp_path / f"out.{language}.txt").write_text("\n".join(lines(text)))
    found = scored(spec, tmp_path / "out.{language}.txt")
    assert found == {text: text for text in found}
    assert len(found) == 2 * COUNT - 1
    one = scored(spec, tmp_path / "out.de.txt", "--pair", "en:de")
    assert sorted(one) == sorted(f"Wort {n}" for n in (1, 2, 4, 5, 6))


def test_segments_of_wmt_are_counted_over_its_documents(tmp_path: Path) -> None:
    def seg(text: str, n: int) -> str:
        return f'<seg id="{n}">{text}</seg>'

    documents = []
    for name, first in (("a", 1), ("b", 4)):
        numbers = range(first, first + 3)
        given = "".join(seg(f"word {n}", n) for n in numbers)
        wanted = "".join(seg("" if n == 5 else f"Wort {n}", n) for n in numbers)
        documents.append(
            f'<doc id="{name}"><src lang="en"><p>{given}</p></src>'
            f'<ref lang="de" translator="A"><p>{wanted}</p></ref></doc>'
        )
    spec = written(tmp_path, WMT, {"set.xml": [f"<dataset>{''.join(documents)}</dataset>"]})
    (tmp_path / "out.txt").write_text("\n".join(lines("Wort {}")))
    assert sorted(scored(spec, tmp_path / "out.txt")) == [f"Wort {n}" for n in (1, 2, 3, 4, 6)]
