"""Reading ``Translation-xx`` files: stanzas of Package, Description-md5 and Description-xx."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from builders.readers.lines import check_beginning, unpacked
from isogloss.errors import IsoglossError

# The largest of Debian's have 30 MB; what unpacks to more was made to fill memory.
_LARGEST = 512 << 20
_UNDECODED = re.compile("[\udc80-\udcff]")


class _Fault(Exception):
    """What is wrong with a stanza, and in which of its lines, from 0."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(problem)
        self.line = line


def read_descriptions(path: Path, *, first_paragraph: bool) -> pl.DataFrame:
    """Read one file.

    Args:
        path: A ``Translation-xx`` file, plain or compressed.
        first_paragraph: Take only the first paragraph of the long text.

    Returns:
        One row a stanza: ``package``, ``md5`` (of the English description, as Debian aligns
        them), ``synopsis`` and ``description`` (wrapped lines joined, list items on lines of
        their own), and ``fault``: what is broken in it, with its line; null where nothing is.

    Raises:
        IsoglossError: The file cannot be read or unpacked, or no stanza of it is whole.
    """
    rows: dict[str, list[str | None]] = {
        name: [] for name in ("package", "md5", "synopsis", "description", "fault")
    }
    line = 1
    # Sixty thousand stanzas of three fields: splitting takes a second, a general deb822 parser
    # most of a minute.
    for stanza in _text(path).split("\n\n"):
        if stanza.strip():
            values: tuple[str | None, ...]
            begins = line + len(stanza) - len(stanza.lstrip("\n"))
            try:
                values = (*_stanza(stanza.strip("\n"), first_paragraph), None)
            except _Fault as fault:
                shown = _UNDECODED.sub("\ufffd", stanza.strip("\n"))
                package = shown.partition("\n")[0].partition(":")[2].strip()
                place = f"{path.name}:{begins + fault.line}"
                values = (package, place, "", shown, f"broken: {fault}, at {place}")
            for name, value in zip(rows, values, strict=True):
                rows[name].append(value)
        line += stanza.count("\n") + 2
    faults = [fault for fault in rows["fault"] if fault]
    if faults and len(faults) == len(rows["fault"]):
        problem, _, place = faults[0].removeprefix("broken: ").rpartition(", at ")
        raise IsoglossError(problem, where=path.with_name(place))
    return pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String))


def _text(path: Path) -> str:
    with unpacked(path) as stream:
        data: bytes = stream.read(_LARGEST + 1)
    check_beginning(data, path)
    if len(data) > _LARGEST:
        raise IsoglossError(f"unpacks to over {_LARGEST >> 20} MiB", where=path)
    return data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def _stanza(stanza: str, first_paragraph: bool) -> tuple[str, str, str, str]:
    if undecoded := _UNDECODED.search(stanza):
        raise _Fault("is not UTF-8 text", stanza.count("\n", 0, undecoded.start()))
    package = md5 = synopsis = ""
    body: list[str] = []
    for number, line in enumerate(stanza.split("\n")):
        if line.startswith((" ", "\t")):
            body.append(line[1:])
            continue
        key, colon, value = line.partition(":")
        if not colon:
            raise _Fault(f"is not 'Field: value' ({line[:40]!r})", number)
        # Names of fields are the same in any case (Debian Policy 5.1).
        key = key.lower()
        if key == "package":
            package = value.strip()
        elif key == "description-md5":
            md5 = value.strip()
        elif key.startswith("description"):
            synopsis = value.strip()
    if not (package and md5 and synopsis):
        raise _Fault("the stanza lacks Package, Description-md5 or Description-xx")
    return package, md5, synopsis, _joined(body, first_paragraph)


def _joined(lines: list[str], first_paragraph: bool) -> str:
    """Join wrapped lines: a lone dot parts paragraphs, a further indented line stands as it is.

    Debian Policy 5.6.13 (Description).
    """
    paragraphs: list[str] = [""]
    for line in lines:
        if line.strip() == ".":
            if first_paragraph and paragraphs[0]:
                break
            paragraphs += ["", ""]
        elif line.startswith((" ", "\t")) or line.startswith(("* ", "- ")):
            paragraphs.append(line.strip())
        else:
            paragraphs[-1] = f"{paragraphs[-1]} {line.strip()}".strip()
    return "\n".join(paragraphs).strip()
