"""Files of rows: Arrow, written once, mapped when they are read, known by their hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from isogloss.files import sha256_file, writing

#: The rows of a part at most, and about the bytes of text that are in memory at once.
ROWS = 65_536
BYTES = 64 << 20


def rebatched(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Join small frames and cut large ones, so that each has about `ROWS` rows or `BYTES` bytes."""
    waiting: list[pl.DataFrame] = []
    rows = size = 0
    for frame in frames:
        for start in range(0, frame.height, ROWS):
            part = frame.slice(start, ROWS)
            part_size = int(part.estimated_size())
            if waiting and (rows + part.height > ROWS or size + part_size > BYTES):
                yield pl.concat(waiting)
                waiting, rows, size = [], 0, 0
            waiting.append(part)
            rows += part.height
            size += part_size
    if waiting:
        yield pl.concat(waiting)


def packed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows without what follows from the rest: references that are the output alone."""
    alone = (pl.col("references").list.len() == 1) & (
        pl.col("references").list.first() == pl.col("output")
    )
    return frame.with_columns(
        pl.when(alone.fill_null(False)).then(None).otherwise("references").alias("references")
    )


def unpacked(path: Path, columns: Sequence[str] | None) -> pl.DataFrame:
    """Read a file of `packed` rows, or some of its columns."""
    wanted = columns is None or "references" in columns
    names = (
        None if columns is None else [*dict.fromkeys([*columns, *(["output"] if wanted else [])])]
    )
    frame = spooled(path, names)
    if wanted:
        output = pl.concat_list("output")
        frame = frame.with_columns(pl.coalesce("references", output).alias("references"))
    return frame if columns is None else frame.select(columns)


def spooled(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read a file of a `Spool`, or some of its columns.

    The file is mapped, not copied: only what is looked at is read, and the system may forget it
    again once the frame is gone. What is kept longer is better `owned`.
    """
    with pa.memory_map(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
    return pl.DataFrame(pl.from_arrow(table if columns is None else table.select(columns)))


def owned(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame that holds its texts itself, to be kept longer than a batch.

    What is left of a `spooled` file has views of it, for which all of it stays mapped.
    """
    copied = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    return pl.DataFrame(pl.from_arrow(copied))


def height_of(path: Path) -> int:
    """Return the number of rows of a file of a spool.

    Raises:
        OSError: There is no such file.
        ArrowInvalid: It is not whole.
    """
    with pa.memory_map(str(path)) as file:
        read = pa.ipc.open_file(file)
        return sum(read.get_batch(number).num_rows for number in range(read.num_record_batches))


@dataclass
class Spool:
    """Arrow files of one folder and kind, written one after the other; `spooled` reads them.

    They are read again within minutes, so they are not compressed and the disk is not waited for:
    that takes more space, and loses the work should the power fail, but saves most of the time.

    Attributes:
        folder: Where they are.
        prefix: What they are named by, with their numbers.
        numbers: Those that count, in order.
        sha256: The hash of each file that was written, by number: what a killed process, a power
            failure or a broken disk has left of them is known by it.
    """

    folder: Path
    prefix: str
    numbers: list[int] = field(default_factory=list)
    sha256: dict[int, str] = field(default_factory=dict)

    def add(self, frame: pl.DataFrame, number: int | None = None) -> None:
        """Write a frame as the next file, or as that of a number; an empty one is not written."""
        given = len(self.numbers) if number is None else number
        if self.write(frame, given):
            self.numbers.append(given)

    def write(self, frame: pl.DataFrame, number: int) -> bool:
        """Write the file of a number, in whatever thread, and tell whether there was anything to.

        Who calls appends it to ``numbers``, when its turn has come.
        """
        if frame.is_empty():
            return False
        with writing(self.path(number), sync=False) as partial:
            frame.write_ipc(partial, compression="uncompressed")
            self.sha256[number] = sha256_file(partial)
        return True

    def path(self, number: int) -> Path:
        """Return the path of the file of a number."""
        return self.folder / f"{self.prefix}-{number:06d}.arrow"

    def whole(self) -> bool:
        """Tell whether all files are there, as they were written."""
        return all(self.is_whole(number) for number in self.numbers)

    def is_whole(self, number: int) -> bool:
        """Tell whether the file of a number is there, as it was written."""
        try:
            return sha256_file(self.path(number)) == self.sha256.get(number)
        except OSError:
            return False

    def state(self) -> list[list[Any]]:
        """Return what `take_up` needs to know the files again, as JSON."""
        return [[number, self.sha256[number]] for number in self.numbers]

    def take_up(self, state: list[list[Any]]) -> None:
        """Take the files that were written before for those of this spool; see `whole`."""
        self.numbers = [number for number, _ in state]
        self.sha256 = dict(map(tuple, state))

    def paths(self) -> list[Path]:
        """Return the files that were written, in order."""
        return [self.path(number) for number in self.numbers]
