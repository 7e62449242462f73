"""Records are cut into files by their ids, whatever the order in which they come."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from builders.corpus import records as writing
from builders.corpus.layout import write_parquet
from builders.rows.rows import Rows, SourceRows
from builders.rows.spool import packed, rebatched
from isogloss.files import sha256_file
from isogloss.records import SCHEMA, with_ids


def records(count: int) -> pl.DataFrame:
    row = dict.fromkeys(SCHEMA, "x") | {"references": ["x"], "tags": []}
    rows = [
        row | {"input": f"text {n}", "language": ("de", "fr")[n % 2], "split": "train"}
        for n in range(count)
    ]
    return with_ids(pl.DataFrame(rows, schema=SCHEMA))


def written(made: pl.DataFrame, slices: int, folder: Path, **more: int) -> dict[str, str]:
    counts = {
        (language, task, split): (rows, 0)
        for language, task, split, rows in made.group_by("language", "task", "split").len().rows()
    }
    sorter = writing.Sorter(folder / "work", counts, **more)
    for part in made.iter_slices(slices):
        sorter.add(part)
    files = writing.write_records(sorter, folder / "out")
    assert sum(entry["rows"] for entry in files.values()) == made.height
    assert not (folder / "work").exists()
    return {name: sha256_file(folder / "out" / name) for name in files}


def test_files_do_not_hang_on_the_order_in_which_records_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ROWS_PER_FILE", 40)
    made = records(301)
    straight = written(made, 301, tmp_path / "a")
    order = list(range(301))
    random.Random(1).shuffle(order)
    assert written(made[order], 7, tmp_path / "b", buffer=2000) == straight
    german = sorted(name for name in straight if name.startswith("data/de/"))
    assert len(german) == 4
    ids = pl.concat(pl.read_parquet(tmp_path / "a" / "out" / name) for name in german)["id"]
    assert ids.is_sorted()
    assert max(pl.read_parquet(tmp_path / "a" / "out" / name).height for name in german) < 60


def test_what_a_killed_build_left_is_not_written_twice(tmp_path: Path) -> None:
    made = records(60)
    straight = written(made, 60, tmp_path / "a")
    counts = {("de", "x", "train"): (30, 0), ("fr", "x", "train"): (30, 0)}
    killed = writing.Sorter(tmp_path / "b" / "work", counts, buffer=0)
    killed.add(made)
    assert list((tmp_path / "b" / "work").rglob("*.arrows"))
    assert written(made, 60, tmp_path / "b") == straight


def test_parts_take_no_more_space_than_their_text(tmp_path: Path) -> None:
    long = pl.col("input").str.pad_start(300, "x")
    made = records(4000).with_columns(long, references=pl.concat_list(long))
    counts = {("de", "x", "train"): (2000, 9 << 30), ("fr", "x", "train"): (2000, 9 << 30)}
    sorter = writing.Sorter(tmp_path / "work", counts, buffer=0)
    sorter.add(made)
    parts = list((tmp_path / "work").rglob("*.arrows"))
    assert len(parts) > 50
    # What Arrow adds to each part, its schema and paddings, is about 5 KiB.
    size = sum(path.stat().st_size - 5120 for path in parts)
    assert size < 2 * made.estimated_size()


def test_batches_are_cut_and_joined_without_losing_a_row() -> None:
    frames = [pl.DataFrame({"a": range(size)}) for size in (3, 70_000, 0, 200_000, 5)]
    made = list(rebatched(frames))
    assert pl.concat(made).equals(pl.concat(frames))
    assert max(frame.height for frame in made) <= 65_536


def test_a_store_numbers_rows_over_all_its_files(tmp_path: Path) -> None:
    source = SourceRows.empty("ours", tmp_path)
    for number, height in enumerate((3, 2, 4)):
        rows = pl.DataFrame({"output": [f"{number}.{row}" for row in range(height)]})
        source.kept.add(packed(rows.with_columns(references=pl.concat_list("output"))))
    store = Rows.of([source], tmp_path, 1)
    store.mask[[1, 3, 4]] = False
    store.change(pl.DataFrame({"position": [2, 7], "references": [["new", "2"], ["other"]]}))
    rows = [row for frame in store.batches() for row in frame.iter_rows()]
    assert rows == [
        (0, "0.0", ["0.0"]),
        (2, "0.2", ["new", "2"]),
        (5, "2.0", ["2.0"]),
        (6, "2.1", ["2.1"]),
        (7, "2.2", ["other"]),
        (8, "2.3", ["2.3"]),
    ]
    assert next(frame.columns for frame in store.batches(("references",))) == [
        "position",
        "references",
    ]


def test_every_reader_finds_a_changed_bit_of_a_corpus_file(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "rows.parquet"
    write_parquet(records(2000), path)
    good, content = pq.read_table(path), path.read_bytes()
    body, rng = pq.read_metadata(path).row_group(0), random.Random(5)
    # Without what stands around the pages: their headers, and the file's own.
    largest = max((body.column(n) for n in range(body.num_columns)),
                  key=lambda column: column.total_compressed_size)  # fmt: skip
    end = largest.data_page_offset + largest.total_compressed_size
    found = 0
    for _ in range(60):
        changed = bytearray(content)
        changed[rng.randrange(end - largest.total_compressed_size // 2, end)] ^= 1
        try:
            same = pq.read_table(pa.BufferReader(bytes(changed))).equals(good)
        except (OSError, pa.ArrowException):
            found += 1
        else:
            assert same, "a changed bit was read as if it were the data"
    assert found > 50
