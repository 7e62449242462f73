"""What a distribution's metadata say of its licence."""

from __future__ import annotations

from email.parser import HeaderParser
from pathlib import Path

from isogloss.wheels import Wheel, extract

_SUFFIX = ".dist-info/METADATA"
# The one classifier that names no licence.
_ANY = ["OSI Approved"]


def of_wheel(wheel: Wheel, *, where: str) -> str | None:
    """Return the licence that a wheel's metadata name, or None where they name none.

    Raises:
        IsoglossError: The wheel is broken or has no metadata.
    """
    return of_unpacked(extract(wheel, "", suffixes=(_SUFFIX,), where=where))


def of_unpacked(root: Path) -> str | None:
    """Return the licence that the metadata of an unpacked wheel name, or None."""
    info = next(iter(sorted(root.glob(f"*{_SUFFIX}"))), None)
    return of_metadata(info.read_text(encoding="utf-8", errors="replace")) if info else None


def of_metadata(text: str) -> str | None:
    """Return the licence that core metadata name: as an expression, else a name, else classifiers.

    The fields are those of PyPA's core metadata specification; a ``License`` of several lines is
    the licence's text, which names nothing.
    """
    fields = HeaderParser().parsestr(text)
    for key in ("License-Expression", "License"):
        value = str(fields.get(key, "")).strip()
        if value and value.upper() != "UNKNOWN" and "\n" not in value:
            return value
    classified = [str(value).split(" :: ") for value in fields.get_all("Classifier", [])]
    names = [parts[-1] for parts in classified if parts[0] == "License" and parts[1:] != _ANY]
    return ", ".join(names) or None
