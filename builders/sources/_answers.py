"""A model's answers in a file beside the recipe: made once, read ever after."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from builders.readers.jsonmodels import from_json
from builders.readers.lines import reading
from isogloss.files import disk_errors, sha256_file

_REMEDY = "Take this line out; its text is then translated again"


class _Line(BaseModel):
    """A line of the file: an answer, or that all there were to make have been made."""

    key: str
    answer: str | None = None
    complete: bool = False


class Answers:
    """The answers in a JSON Lines file, by key.

    A line is ``{"key", "answer", …}``, with what else helps a reader. A last line that a killed
    process left unfinished is not there for us, and goes when the next answer is written.

    Args:
        path: The file; it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[str, str] = {}
        self._completed: str | None = None
        self._whole = 0
        if path.is_file():
            self._read()

    def get(self, key: str) -> str | None:
        """Return the answer of a key; None where it is not there."""
        return self._found.get(key)

    def sha256(self, key: str) -> str | None:
        """Return the hash of the file where it is complete under a key, and None where it is not."""
        return sha256_file(self.path) if self._completed == key else None

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write answers at the end of the file; they are on the disk when this returns.

        Raises:
            IsoglossError: The disk is full or the folder cannot be written.
        """
        self._append(rows)
        self._found |= {row["key"]: row["answer"] for row in rows}
        self._completed = None

    def complete(self, key: str) -> None:
        """Write that all answers under a key have been made, unless the file ends with that."""
        if self._completed != key:
            self._append([{"key": key, "complete": True}])
            self._completed = key

    def _append(self, rows: Sequence[dict[str, Any]]) -> None:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.truncate(self._whole)
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
                self._whole = file.tell()

    def _read(self) -> None:
        with reading(self.path), self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                self._whole += len(line)
                if line.strip():
                    self._take(from_json(_Line, line, f"{self.path}:{number}", _REMEDY))

    def _take(self, line: _Line) -> None:
        if line.complete:
            self._completed = line.key
        elif line.answer is not None:
            self._found[line.key] = line.answer
            self._completed = None
