"""English and German sentence pairs to clean, with known amounts of everything that is wrong.

    python tests/perf/peers/pairs.py FOLDER --rows 1000000

Writes ``FOLDER/parquet/*.parquet`` (columns src, tgt; at least eight files) and, unless ``--no-text``,
the same pairs as ``FOLDER/text/pairs.en`` and ``pairs.de``, one a line. The words are those of real
translations (WMT22 and FLORES-200, in the folder ISOGLOSS_SHARED_DATA names): a pair is a few pieces of
three to eight words put together, each with the piece of the translation at the same place.

A pair hangs on the seed and the number of its row alone, so that any number of rows begins with the same
ones, and a duplicate may be of any row.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl
import polars_hash as plh

#: How many of every hundred rows are what. A duplicate is of a clean row.
KINDS = {
    "duplicate": 5,  # the same pair once more
    "near": 5,  # a character left out of the source, and one of the target changed
    "language": 3,  # the target is in another language of the same script
    "ratio": 3,  # one side has six pieces, the other one
    "script": 2,  # the target is in another script
    "copied": 2,  # the target is the source
    "clean": 80,
}
#: Rows of a file at most; there are eight files at least, so that every worker has some.
SHARD = 50_000

_VERSION = 3
_PIECES = 1 << 17
_FOREIGN = 1 << 12
_MOST = 6
_LANGUAGES = ("fra_Latn", "spa_Latn", "ita_Latn", "nld_Latn", "pol_Latn", "ces_Latn")
_SCRIPTS = ("rus_Cyrl", "ell_Grek", "arb_Arab", "hin_Deva", "heb_Hebr", "kor_Hang")
# Kinds are strewn over each hundred rows: 37 and 100 have no common factor, 37 · 73 = 1 mod 100.
_STREW, _GATHER = 37, 73
_CLEAN_FROM = 100 - KINDS["clean"]
_PLACES = dict(enumerate(kind for kind, count in KINDS.items() for _ in range(count)))


def make(folder: Path, data: Path, rows: int, seed: int = 1, text: bool = True) -> dict[str, int]:
    """Make the pairs, where they are not there already.

    Returns:
        ``rows``, and ``bytes``: of the text of both sides, in UTF-8.
    """
    wanted = {"rows": rows, "seed": seed, "version": _VERSION, "text": text}
    told = folder / "pairs.json"
    if told.is_file():
        made = json.loads(told.read_text("utf-8"))
        if {key: made[key] for key in wanted} == wanted:
            return {"rows": made["rows"], "bytes": made["bytes"]}
    for name in ("parquet", "text"):
        shutil.rmtree(folder / name, ignore_errors=True)
    told.unlink(missing_ok=True)
    (folder / "parquet").mkdir(parents=True)
    maker = _Maker(data, seed)
    size = 0
    each = max(1, min(SHARD, -(-rows // 8)))
    for shard, start in enumerate(range(0, rows, each)):
        frame = maker.pairs(start, min(start + each, rows))
        size += frame.select(pl.sum_horizontal(pl.all().str.len_bytes()).sum()).item()
        frame.write_parquet(folder / "parquet" / f"pairs-{shard:05}.parquet")
        if text:
            _append(frame, folder / "text")
    told.write_text(json.dumps(wanted | {"bytes": size}), "utf-8")
    return {"rows": rows, "bytes": size}


def _append(frame: pl.DataFrame, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for column, name in (("src", "pairs.en"), ("tgt", "pairs.de")):
        with (folder / name).open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(line + "\n" for line in frame[column])


class _Maker:
    """Pieces of real text by language, and how a row's number chooses among them."""

    def __init__(self, data: Path, seed: int) -> None:
        # Streams of RandomState never change (NEP 19), those of default_rng may.
        random = np.random.RandomState(seed)
        self._seed = seed * 1000
        lines = _translations(data)
        self._pieces = _cut(lines, _PIECES, random)
        flores = data / "flores200" / "devtest"
        self._foreign = {
            kind: pl.concat(
                _cut(
                    [(line, line) for line in _lines(flores / f"{name}.devtest")], _FOREIGN, random
                )
                for name in names
            )
            for kind, names in (("language", _LANGUAGES), ("script", _SCRIPTS))
        }

    def pairs(self, start: int, end: int) -> pl.DataFrame:
        """Return the rows from ``start`` to ``end``."""
        rows = pl.DataFrame({"row": pl.int_range(start, end, dtype=pl.UInt64, eager=True)})
        place = pl.col("row") * _STREW % 100
        kinds = rows.with_columns(place.replace_strict(_PLACES).alias("kind"))
        block = self._drawn(90) % (pl.col("row") // 100 + 1)
        slot = (_CLEAN_FROM + self._drawn(91) % KINDS["clean"]) * _GATHER % 100
        again = pl.col("kind").is_in(["duplicate", "near"])
        kinds = kinds.with_columns(
            # What it is told apart by, where a row is another one's double.
            pl.when(again).then(block * 100 + slot).otherwise("row").alias("row"),
            pl.col("row").alias("own"),
        )
        return self._texts(kinds).select(*_spoiled())

    def _drawn(self, stream: int, column: str = "row") -> pl.Expr:
        """Return a number that hangs on the row and the stream, evenly among 64 bits."""
        key = plh.col(column).cast(pl.String)
        return key.nchash.xxhash64(seed=self._seed + stream)

    def _texts(self, kinds: pl.DataFrame) -> pl.DataFrame:
        """Add src, tgt, ``foreign`` (the target of kinds that need one) and two draws."""
        count = 2 + self._drawn(0) % (_MOST - 1)
        uneven = pl.col("kind") == "ratio"
        left = self._drawn(1) % 2 == 0
        frame = kinds.with_columns(
            pl.when(~uneven).then(count).when(left).then(_MOST).otherwise(1).alias("n_src"),
            pl.when(~uneven).then(count).when(left).then(1).otherwise(_MOST).alias("n_tgt"),
            (self._drawn(2) % len(_LANGUAGES)).alias("which"),
            self._drawn(3, "own").alias("draw_src"),
            self._drawn(4, "own").alias("draw_tgt"),
        )
        drawn = [frame.select(self._drawn(10 + at).alias("drawn"))["drawn"] for at in range(_MOST)]
        sides: dict[str, list[pl.Series]] = {"src": [], "tgt": [], "language": [], "script": []}
        for at, numbers in enumerate(drawn):
            for side in ("src", "tgt"):
                text = self._pieces[side].gather(numbers % _PIECES)
                inside = frame[f"n_{side}"] > at
                sides[side].append(text.zip_with(inside, pl.Series([None], dtype=pl.String)))
            for kind, pieces in self._foreign.items():
                text = pieces["src"].gather(frame["which"] * _FOREIGN + numbers % _FOREIGN)
                inside = (frame["n_tgt"] > at) & (frame["kind"] == kind)
                sides[kind].append(text.zip_with(inside, pl.Series([None], dtype=pl.String)))
        return frame.with_columns(_sentence(parts).alias(side) for side, parts in sides.items())


def _sentence(parts: list[pl.Series]) -> pl.Series:
    joined = pl.concat_str(parts, separator=" ", ignore_nulls=True).str.strip_chars(" ,.;:")
    return pl.select(joined + ".").to_series()


def _spoiled() -> Iterable[pl.Expr]:
    """Return src and tgt as the row's kind has them."""
    kind = pl.col("kind")
    source, target = pl.col("src"), pl.col("tgt")
    at_src = pl.col("draw_src") % source.str.len_chars()
    at_tgt = pl.col("draw_tgt") % target.str.len_chars()
    without = source.str.slice(0, at_src) + source.str.slice(at_src + 1)
    changed = target.str.slice(0, at_tgt) + "x" + target.str.slice(at_tgt + 1)
    yield pl.when(kind == "near").then(without).otherwise(source).alias("src")
    yield (
        pl.when(kind == "near")
        .then(changed)
        .when(kind == "copied")
        .then(source)
        .when(kind == "language")
        .then("language")
        .when(kind == "script")
        .then("script")
        .otherwise(target)
        .alias("tgt")
    )


def _cut(lines: list[tuple[str, str]], count: int, random: np.random.RandomState) -> pl.DataFrame:
    """Return ``count`` pieces of three to eight words with what stands at the same place beside."""
    words = [(left.split(), right.split()) for left, right in lines]
    words = [pair for pair in words if min(map(len, pair)) >= 3]
    chosen = random.randint(len(words), size=count)
    lengths = random.randint(3, 9, size=count)
    places = random.random_sample(count)
    pieces = []
    for number, length, place in zip(chosen.tolist(), lengths.tolist(), places, strict=True):
        left, right = words[number]
        start = int(place * max(1, len(left) - length + 1))
        end = min(start + length, len(left))
        scale = len(right) / len(left)
        other = right[round(start * scale) : max(round(end * scale), round(start * scale) + 1)]
        pieces.append((" ".join(left[start:end]), " ".join(other or right[-1:])))
    return pl.DataFrame(pieces, schema={"src": pl.String, "tgt": pl.String}, orient="row")


def _translations(data: Path) -> list[tuple[str, str]]:
    """Return real sentences in English with their German."""
    wmt, flores = data / "wmt22" / "de-en", data / "flores200" / "devtest"
    german = _lines(wmt / "de-en.src.de")
    english = [_lines(wmt / f"de-en.ref.{which}.en") for which in "AB"]
    pairs = [pair for side in english for pair in zip(side, german, strict=True)]
    both = (_lines(flores / "eng_Latn.devtest"), _lines(flores / "deu_Latn.devtest"))
    return pairs + list(zip(*both, strict=True))


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").rstrip("\n").split("\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make sentence pairs to clean.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--no-text", action="store_true", help="no lines of text beside the Parquet"
    )
    options = parser.parse_args()
    data = Path(os.environ.get("ISOGLOSS_SHARED_DATA", "../shared/data"))
    made = make(options.folder, data, options.rows, options.seed, text=not options.no_text)
    print(f"{made['rows']:,} pairs, {made['bytes'] / 1e6:.1f} MB of text in {options.folder}")


if __name__ == "__main__":
    main()
