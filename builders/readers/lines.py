"""Lines of text files: read in blocks, checked, and for several aligned files in step."""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from isogloss.errors import IsoglossError
from isogloss.text import one_line

#: Bytes of text that are in memory at once, of all files in step together.
BLOCK = 8 << 20

#: A line may not be longer, in bytes.
LONGEST = 4 * BLOCK

#: Lines of a batch at most.
ROWS = 32_768

_LEAST = 64 << 10

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_POINTER = b"version https://git-lfs.github.com/spec/"

# What compressed files begin with (as file(1) tells them): those that Arrow unpacks, and others.
_PACKED = {
    b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4",
    **{b"BZh%d1A" % level: "bz2" for level in range(1, 10)},
}  # fmt: skip
# xz, and the older format of its library (.lzma).
_XZ = (b"\xfd7zXZ\x00", b"\x5d\x00\x00")
_ARCHIVES = {
    b"PK\x03\x04": "a zip archive", b"7z\xbc\xaf\x27\x1c": "a 7z archive", b"Rar!\x1a\x07": "a RAR archive",
    b"\x1f\x9d": "compressed with compress (.Z)", b"LZIP\x01": "compressed with lzip",
}  # fmt: skip
_LONGEST_HEAD = max(map(len, (*_PACKED, *_XZ, *_ARCHIVES)))
# Where a tar archive has its mark (POSIX.1-1988, 4.4.1).
_TAR = (257, b"ustar")


@dataclass(frozen=True)
class Block:
    """Whole lines of a file.

    Attributes:
        text: Their bytes: UTF-8, but for the lines of which `broken` says otherwise.
        line: The number of the first, from 1.
        broken: Whether some are not UTF-8, where those are let through.
    """

    text: bytes
    line: int
    broken: bool = False

    def decoded(self) -> str:
        """Return its text, where each byte that is not UTF-8 is as `not_utf8` finds it (PEP 383)."""
        return self.text.decode("utf-8", "surrogateescape")

    def lines(self) -> pl.Series:
        """Return its lines without the line feeds that end them."""
        starts = np.flatnonzero(np.frombuffer(self.text, np.uint8) == ord("\n")) + 1
        offsets = np.concatenate([[0], starts], dtype=np.int64)
        if offsets[-1] != len(self.text):  # the file's last line, without a line feed
            offsets = np.append(offsets, len(self.text))
        return _texts(self.text, offsets).str.strip_suffix("\n")


def _texts(data: bytes, offsets: NDArray[np.int64]) -> pl.Series:
    """Return texts that lie end to end, without copying them."""
    return pl.Series(pl.from_arrow(_arrow(data, offsets)))


def _arrow(data: bytes, offsets: NDArray[np.int64]) -> pa.Array:
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers)


@contextmanager
def unpacked(path: Path) -> Iterator[Any]:
    """Open a file's bytes, whatever it is compressed with.

    Raises:
        IsoglossError: It cannot be read, is cut off, or is an archive of files.
    """
    with reading(path), path.open("rb") as file:
        yield unpack(file, path)


def unpack(file: BinaryIO, path: Path | str) -> Any:
    """Return what reads the bytes of an open file, unpacked: gzip, bzip2, xz, zstd or LZ4.

    What it begins with decides, not its name: some that are called ``.gz`` have been unpacked, and
    others are packed without saying so.

    Raises:
        IsoglossError: It is an archive of files.
    """
    head = file.read(_LONGEST_HEAD)
    file.seek(0)
    for begin, kind in _ARCHIVES.items():
        if head.startswith(begin):
            raise IsoglossError(f"is {kind}", where=path, remedy="Unpack it first")
    if head.startswith(_XZ):
        return lzma.LZMAFile(file)
    kinds = [kind for begin, kind in _PACKED.items() if head.startswith(begin)]
    return pa.input_stream(file, compression=kinds[0]) if kinds else file


def blocks(path: Path, size: int = BLOCK, *, records: bool = False) -> Iterator[Block]:
    """Cut a text file, plain or compressed, into blocks of whole lines; a byte order mark goes.

    Args:
        path: The file.
        size: Bytes to read at once.
        records: Let lines that are not UTF-8 through, each of which is a broken record, as long as
            the file is not in another encoding: two lines are not UTF-8, and none so far is that
            holds more than ASCII.

    Raises:
        IsoglossError: It cannot be read, is not UTF-8 (with the line), or a line is too long.
    """
    with unpacked(path) as stream:
        yield from blocks_of(stream, path, size, records=records)


def blocks_of(
    stream: Any, path: Path | str, size: int = BLOCK, *, records: bool = False
) -> Iterator[Block]:
    """Cut an open file's text, unpacked, as `blocks` does."""
    encoding = _Encoding(path, records)
    rest, line, offset = b"", 1, 0
    while True:
        read = stream.read(size)
        text = rest + read
        if not offset:
            check_beginning(text, path)
            if text.startswith(_UTF8_MARK):
                text, offset = text[len(_UTF8_MARK) :], len(_UTF8_MARK)
        end = len(text) if not read else text.rfind(b"\n") + 1
        if not end and len(text) > LONGEST:
            raise IsoglossError(
                f"a line is over {LONGEST >> 20} MiB long",
                where=f"{path}:{line}",
                remedy="Cut it, or take it out",
            )
        whole, rest = text[:end], text[end:]
        if whole:
            yield Block(whole, line, encoding.check(whole, line, offset))
        line += whole.count(b"\n")
        offset += len(whole)
        if not read:
            return


def check_beginning(text: bytes, path: Path | str) -> None:
    """Refuse what a file begins with when it is no text: UTF-16, an archive, a pointer of Git LFS.

    UTF-16 is known by its mark, or since every other byte of plain text is zero in it.

    Raises:
        IsoglossError: The text, from the beginning of a file, unpacked, is one of these.
    """
    if text.startswith(_POINTER):
        raise IsoglossError(
            "is a pointer of Git LFS, not the file itself",
            where=path,
            remedy="Fetch it: git lfs pull",
        )
    if text.startswith((*_PACKED, *_XZ, *_ARCHIVES)):
        raise IsoglossError("holds a compressed file", where=path, remedy="Unpack it first")
    if text[_TAR[0] :].startswith(_TAR[1]):
        raise IsoglossError("is a tar archive", where=path, remedy="Unpack it first")
    head = text[:1024]
    zeros = abs(head[0::2].count(0) - head[1::2].count(0))
    if head.startswith(_UTF16_MARKS) or zeros > len(head) // 4 > 0:
        raise IsoglossError(
            "is UTF-16, not UTF-8",
            where=f"{path}:1",
            remedy="Convert it first: iconv -f UTF-16 -t UTF-8",
        )


class _Encoding:
    """Checks that a file is UTF-8, or is but for some lines of it.

    Args:
        path: The file.
        records: Whether a line may be broken.
    """

    def __init__(self, path: Path | str, records: bool) -> None:
        self._path, self._records = path, records
        self._is_utf8 = False  # a line with more than ASCII is
        self._first: IsoglossError | None = None

    def check(self, text: bytes, line: int, offset: int) -> bool:
        """Check whole lines, the next of the file, and return whether some are broken."""
        try:
            # Many times quicker than decoding, and without a copy.
            _arrow(text, np.array([0, len(text)])).validate(full=True)
        except pa.ArrowInvalid:
            return self._check_lines(text, line, offset)
        self._is_utf8 = self._is_utf8 or not text.isascii()
        return False

    def _check_lines(self, text: bytes, line: int, offset: int) -> bool:
        start, faults = 0, 0 if self._first is None else 1
        for number, one in enumerate(text.split(b"\n"), line):
            try:
                one.decode()
                self._is_utf8 = self._is_utf8 or not one.isascii()
            except UnicodeDecodeError as error:
                faults += 1
                place = offset + start + error.start
                self._first = self._first or IsoglossError(
                    f"is not UTF-8 (byte {one[error.start]:#04x} at offset {place})",
                    where=f"{self._path}:{number}",
                    remedy="Convert it first, for instance with iconv -t UTF-8",
                )
                if not self._records:
                    raise self._first from error
            start += len(one) + 1
        if self._first is not None and faults > 1 and not self._is_utf8:
            raise self._first
        return True


_NOT_UTF8 = re.compile("[\udc80-\udcff]")


def not_utf8(text: str) -> str | None:
    """Return what is wrong with a decoded text (see `Block.decoded`) that was not UTF-8, or None."""
    found = _NOT_UTF8.search(text)
    return None if found is None else f"is not UTF-8 (byte {ord(found[0]) - 0xDC00:#04x})"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in one line why a file cannot be read."""
    try:
        yield
    except FileNotFoundError as error:
        raise IsoglossError("there is no such file", where=path) from error
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise IsoglossError(f"cannot be read ({one_line(error)})", where=path) from error


def lines(path: Path, size: int = BLOCK) -> Iterator[pl.Series]:
    """Read a text file's lines, a block at a time, as columns of text.

    Only U+000A ends a line, and a U+000D before it belongs to the line's end: U+2028, U+0085 or
    U+000B inside a sentence would otherwise shift all lines after it against the other language.

    Raises:
        IsoglossError: As `blocks`.
    """
    for block in blocks(path, size):
        yield block.lines().str.strip_suffix("\r")


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
        at_hand = [feed.fill() for feed in feeds]
        height = min(at_hand)
        if not height:
            if any(at_hand):
                raise _unequal(feeds)
            return
        yield first, [feed.take(height) for feed in feeds]
        first += height


class _Feed:
    """A file's lines, handed out so many at a time; at most a block or two are in memory."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self._size = size
        self._lines = lines(path, size)
        self._rest = pl.Series(dtype=pl.String)
        self._bytes = self._handed = 0

    def fill(self) -> int:
        """Read on until a batch's lines or bytes are at hand; return how many, 0 at the end."""
        parts, height = [self._rest], len(self._rest)
        while height < ROWS and self._bytes < self._size:
            part = next(self._lines, None)
            if part is None:
                break
            parts.append(part)
            height += len(part)
            self._bytes += _size(part)
        self._rest = pl.concat(parts)
        return min(height, ROWS)

    def take(self, count: int) -> pl.Series:
        """Return the next ``count`` lines, which must be at hand."""
        taken, self._rest = self._rest[:count], self._rest[count:]
        self._bytes -= _size(taken)
        self._handed += count
        return taken

    def total(self) -> int:
        """Read the file to its end, and return how many lines it has."""
        return self._handed + len(self._rest) + sum(len(part) for part in self._lines)


def _size(texts: pl.Series) -> int:
    return int(texts.str.len_bytes().sum())


def _unequal(feeds: Sequence[_Feed]) -> IsoglossError:
    totals = [feed.total() for feed in feeds]
    other = next(number for number, total in enumerate(totals) if total != totals[0])
    return IsoglossError(
        f"has {totals[other]} lines, but {feeds[0].path} has {totals[0]}",
        where=feeds[other].path,
        remedy="Line N of one file must be the translation of line N of the other; fetch both anew",
    )
