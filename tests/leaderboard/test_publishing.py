"""Pages: what stands on them, what never does, and when they are not written."""

from __future__ import annotations

import csv
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from support.runs import resealed

import benchmarks
import leaderboard
import runners
from isogloss.errors import IsoglossError
from isogloss.files import sha256_file

HOSTILE = "<img src=x onerror=alert(1)>\"'&\u202e{{7*7}}"


class Links(HTMLParser):
    """Collects what a page refers to, its elements and its ids."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.append(name)
            if name in ("href", "src"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")


def every_page(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def test_there_is_a_page_for_everything(site: Path) -> None:
    names = {path.relative_to(site).as_posix() for path in every_page(site)}
    assert {"index.html", "method.html", "task/translation.html", "system/copy.html"} <= names
    assert {"language/ar.html", "language/zh-hans.html", "language/de.html"} <= names
    assert len(names) == 2 + 16 + 1 + 3


def test_every_link_leads_to_a_file_of_the_site(site: Path) -> None:
    for page in every_page(site):
        for link in Links(page).links:
            assert not re.match(r"[a-z]+:|//", link), (page, link)
            target = link.split("#")[0]
            assert not target or (page.parent / target).resolve().is_file(), (page, link)


def test_text_from_outside_is_text(site: Path) -> None:
    for page in every_page(site):
        found = Links(page)
        assert "img" not in found.tags
        assert found.tags.count("script") == 1
        assert not [name for name in found.attributes if name.startswith("on") or name == "style"]
        assert len(found.ids) == len(set(found.ids))
        text = page.read_text(encoding="utf-8")
        assert "{{7*7}}" in text or "&lt;img" not in text
        assert "\x00" not in text
    sample = (site / "language" / "ar.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\ufffd\ufffd" in sample


def test_every_page_forbids_what_it_does_not_need(site: Path) -> None:
    for page in every_page(site):
        text = page.read_text(encoding="utf-8")
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
        assert policy is not None
        assert policy[1].startswith("default-src &#39;none&#39;;")
        assert "unsafe" not in policy[1]


def test_numbers_on_pages_are_those_of_the_scores(site: Path, runs: list[Path]) -> None:
    predictions = pl.read_parquet(runs[0] / "predictions" / "*.parquet")
    scores = benchmarks.score(predictions, benchmarks.load_suite("smoke").records, resamples=50)
    rows = json.loads((site / "data" / "language-de-translation.json").read_text("utf-8"))
    told = next(
        row
        for row in rows
        if (row["system"], row["metric"], row["source_language"]) == ("Copy", "chrf", None)
    )
    ours = scores.filter(language="de", metric="chrf").filter(pl.col("source_language").is_null())
    assert {name: told[name] for name in ours.columns} == ours.row(0, named=True)
    page = (site / "language" / "de.html").read_text("utf-8")
    assert f"<bdi>{ours['score'].item():.1f}</bdi>" in page
    assert f"[{ours['low'].item():.1f}, {ours['high'].item():.1f}]" in page


def test_every_number_given_away_has_its_signature(site: Path) -> None:
    tables = sorted((site / "data").glob("*.json"))
    assert len(tables) == len(list((site / "data").glob("*.csv"))) > 20
    for table in tables:
        rows = json.loads(table.read_text("utf-8"))
        assert rows
        # What cannot be judged has no number to sign.
        told = [row for row in rows if row.get("score", row.get("delta")) is not None]
        assert told
        assert all(row["signature"] and row["n"] for row in told)
        with table.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) == len(rows)


def test_a_spreadsheet_runs_nothing(runs: list[Path], tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    shutil.copytree(runs[0], evil)
    resealed(evil, system='=HYPERLINK("http://x")')
    site = leaderboard.publish([evil], tmp_path / "site", resamples=5).parent
    with (site / "data" / "standing-translation.csv").open(encoding="utf-8", newline="") as file:
        assert {row["system"] for row in csv.DictReader(file)} == {'\'=HYPERLINK("http://x")'}
    rows = json.loads((site / "data" / "standing-translation.json").read_text("utf-8"))
    assert {row["system"] for row in rows} == {'=HYPERLINK("http://x")'}


def test_text_knows_its_language_and_direction(site: Path) -> None:
    arabic = (site / "language" / "ar.html").read_text("utf-8")
    assert '<bdi class="autonym" lang="ar" dir="rtl">العربية</bdi>' in arabic
    assert '<p class="text" lang="ar" dir="rtl">' in arabic
    german = (site / "language" / "de.html").read_text("utf-8")
    assert '<p class="text" lang="de" dir="ltr">' in german


def test_a_tuned_system_is_compared_with_its_base(site: Path) -> None:
    page = (site / "system" / "perfect.html").read_text("utf-8")
    assert "What tuning changed" in page
    rows = json.loads((site / "data" / "against-perfect.json").read_text("utf-8"))
    mean = next(row for row in rows if row["language"] is None)
    assert mean["system_b"] == "Copy"
    assert mean["delta"] == pytest.approx(mean["score_a"] - mean["score_b"])
    assert 0 < mean["low"] < mean["delta"] + 10
    assert mean["p_value"] < 0.05


def test_the_same_runs_give_the_same_bytes(runs: list[Path], site: Path, tmp_path: Path) -> None:
    again = leaderboard.publish(runs, tmp_path / "site", title="Test & title", resamples=50).parent
    hashes = [
        {path.relative_to(root).as_posix(): sha256_file(path) for path in root.rglob("*.*")}
        for root in (site, again)
    ]
    assert hashes[0] == hashes[1]
    leaderboard.publish(runs, again, title="Another title", resamples=50)
    assert "Another title" in (again / "index.html").read_text("utf-8")
    assert not list(tmp_path.glob(".*"))


def copied(run: Path, folder: Path) -> Path:
    shutil.copytree(run, folder)
    return folder


def test_runs_that_cannot_be_published_are_told(runs: list[Path], tmp_path: Path) -> None:
    site = tmp_path / "site"
    with pytest.raises(IsoglossError, match="no run is given"):
        leaderboard.publish([], site)
    with pytest.raises(IsoglossError, match="is not a finished run"):
        leaderboard.publish([tmp_path], site)
    with pytest.raises(IsoglossError, match="is named 'Copy' too"):
        leaderboard.publish([runs[0], copied(runs[0], tmp_path / "twin")], site)
    short = runners.score(
        "copy", "smoke", tmp_path / "short", name="Short",
        settings=runners.ScoreSettings(resamples=5, limit=1),
    )  # fmt: skip
    with pytest.raises(IsoglossError, match="answers another suite"):
        leaderboard.publish([runs[0], short], site)
    changed = copied(runs[0], tmp_path / "changed")
    part = next((changed / "predictions").glob("*.parquet"))
    pl.read_parquet(part).with_columns(prediction=pl.lit("better")).write_parquet(part)
    with pytest.raises(IsoglossError, match=r"is not the file that run.json was written for"):
        leaderboard.publish([changed], site)
    assert not site.exists()


def test_other_peoples_folders_are_left_alone(runs: list[Path], tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    with pytest.raises(IsoglossError, match="holds files that are not a site of ours"):
        leaderboard.publish(runs, mine)
    assert (mine / "thesis.tex").read_text() == "years of work"


def test_scores_that_disagree_are_told_and_not_believed(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    liar = copied(runs[0], tmp_path / "liar")
    scores = pl.read_parquet(liar / "scores.parquet")
    scores.with_columns(score=pl.lit(99.0)).write_parquet(liar / "scores.parquet")
    resealed(liar)
    site = leaderboard.publish([liar], tmp_path / "site", resamples=5).parent
    assert "scores differ from those computed now" in capsys.readouterr().err
    rows = json.loads((site / "data" / "standing-translation.json").read_text("utf-8"))
    assert not [row for row in rows if row["score"] == 99.0]


def test_ranks_are_shared_where_nothing_tells_systems_apart(
    runs: list[Path], tmp_path: Path
) -> None:
    from leaderboard.collect import collect
    from leaderboard.ranking import by_place, places

    twin = copied(runs[1], tmp_path / "twin")
    resealed(twin, system="Twin")
    found = collect([runs[0], runs[1], twin], resamples=50, seed=1)
    assert [place.rank for place in places(found, "translation")] == [3, 1, 1]
    assert [place.tied for place in places(found, "translation")] == [False, True, True]
    assert by_place(found, "translation") == [1, 2, 0]
