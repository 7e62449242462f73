"""Lines of text files: read in blocks, checked, and for several aligned files in step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from isogloss.errors import IsoglossError

#: Bytes of text that are in memory at once, of all files in step together.
BLOCK = 8 << 20

#: A line may not be longer, in bytes.
LONGEST = 4 * BLOCK

#: Lines of a batch.
ROWS = 8192

_LEAST = 64 << 10


@dataclass(frozen=True)
class Block:
    """Whole lines of a file: their bytes, which are UTF-8, and the number of the first, from 1."""

    text: bytes
    line: int


def blocks(path: Path, size: int = BLOCK) -> Iterator[Block]:
    """Cut a text file, plain or compressed, into blocks of whole lines; a byte order mark goes.

    Args:
        path: The file; one named ``.gz``, ``.bz2``, ``.zst`` or ``.lz4`` is unpacked.
        size: Bytes to read at once.

    Raises:
        IsoglossError: It cannot be read, is not UTF-8 (with the line), or a line is too long.
    """
    rest, line, offset = b"", 1, 0
    with reading(path), pa.input_stream(str(path), compression="detect") as stream:
        while True:
            read = stream.read(size)
            text = rest + read
            if not offset and text.startswith(b"\xef\xbb\xbf"):
                text, offset = text[3:], 3
            end = len(text) if not read else text.rfind(b"\n") + 1
            if not end and len(text) > LONGEST:
                raise IsoglossError(
                    f"a line is over {LONGEST >> 20} MiB long", where=f"{path}:{line}"
                )
            whole, rest = text[:end], text[end:]
            if whole:
                _check_utf8(whole, path, line, offset)
                yield Block(whole, line)
            line += whole.count(b"\n")
            offset += len(whole)
            if not read:
                return


def _check_utf8(text: bytes, path: Path, line: int, offset: int) -> None:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        line += text.count(b"\n", 0, error.start)
        raise IsoglossError(
            f"is not UTF-8 (byte {text[error.start]:#04x} at offset {offset + error.start})",
            where=f"{path}:{line}",
            remedy="Convert it first, for instance with iconv -t UTF-8",
        ) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Tell a failure to read a file in one line."""
    try:
        yield
    except FileNotFoundError as error:
        raise IsoglossError("there is no such file", where=path) from error
    except (OSError, EOFError) as error:
        raise IsoglossError(f"cannot be read ({one_line(error)})", where=path) from error


def one_line(error: BaseException) -> str:
    """Return what an error says as one line of at most 200 characters."""
    return " ".join(str(error).split())[:200]


def lines(path: Path, size: int = BLOCK) -> Iterator[pl.Series]:
    """Read a text file's lines, a block at a time, as columns of text.

    Only U+000A ends a line, and a U+000D before it belongs to the line's end: U+2028, U+0085 or
    U+000B inside a sentence would otherwise shift all lines after it against the other language.

    Raises:
        IsoglossError: As `blocks`, or a line holds a NUL byte.
    """
    for block in blocks(path, size):
        if (nul := block.text.find(b"\0")) >= 0:
            number = block.line + block.text.count(b"\n", 0, nul)
            raise IsoglossError(
                "holds a NUL byte: it is not text, or not UTF-8",
                where=f"{path}:{number}",
                remedy="If it is UTF-16, convert it first with iconv -f UTF-16 -t UTF-8",
            )
        text = pl.Series([block.text.removesuffix(b"\n")], dtype=pl.Binary).cast(pl.String)
        yield text.str.split("\n").explode().str.strip_suffix("\r")


def in_step(paths: Sequence[Path]) -> Iterator[tuple[int, list[pl.Series]]]:
    """Read aligned files together, line by line.

    Yields:
        The number of a batch's first line, from 1, and each file's lines, all equally many.

    Raises:
        IsoglossError: As `lines`, or the files do not have the same number of lines.
    """
    size = max(BLOCK // len(paths), _LEAST)
    feeds = [_Feed(path, size) for path in paths]
    first = 1
    while True:
        batch = [feed.take(ROWS) for feed in feeds]
        heights = [len(part) for part in batch]
        if len(set(heights)) > 1:
            raise _unequal(feeds, heights)
        if not heights[0]:
            return
        yield first, batch
        first += heights[0]


class _Feed:
    """A file's lines, handed out so many at a time. ``handed`` is how many were so far."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.handed = 0
        self._lines = lines(path, size)
        self._rest = pl.Series(dtype=pl.String)

    def take(self, count: int) -> pl.Series:
        """Return the next ``count`` lines; fewer only at the end of the file."""
        parts, height = [self._rest], len(self._rest)
        while height < count and (part := next(self._lines, None)) is not None:
            parts.append(part)
            height += len(part)
        whole = pl.concat(parts)
        self._rest = whole[count:]
        self.handed += min(count, height)
        return whole[:count]

    def total(self) -> int:
        """Read the file to its end, and return how many lines it has."""
        return self.handed + len(self._rest) + sum(len(part) for part in self._lines)


def _unequal(feeds: Sequence[_Feed], heights: Sequence[int]) -> IsoglossError:
    other = next(n for n, height in enumerate(heights) if height != heights[0])
    counts = f"{feeds[other].total()} lines, but {feeds[0].path} has {feeds[0].total()}"
    return IsoglossError(
        f"has {counts}",
        where=feeds[other].path,
        remedy="Line N of one file must be the translation of line N of the other; fetch both anew",
    )
