"""The texts of suites, which a recipe keeps out of training: whoever calls hands them in.

Suites are another room's (see `benchmarks.suite_texts`); here they are rows like any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from builders.decontamination.contamination import PROTECTED, protected
from builders.decontamination.settings import DecontaminationOptions
from isogloss.errors import IsoglossError


class SuiteTexts(Protocol):
    """What reads the texts of suites: `benchmarks.suite_texts` does."""

    def __call__(
        self,
        suites: Sequence[str],
        *,
        data: str | Mapping[str, str] | None,
        folder: Path,
        where: str,
    ) -> Iterable[tuple[dict[str, Any], pl.DataFrame]]:
        """Read all that suites hold, one suite after the other, in their order.

        Args:
            suites: Their names, files or corpora, as ``[decontamination]`` has them.
            data: Where the suites' files lie, as it has it.
            folder: The recipe's folder, which paths start from.
            where: The place to name in an error.

        Returns:
            Of each suite its ``name``, its ``spec`` (what it was named by) and its ``sources``
            (each with name, version, licence and hash), and its examples or records, with at least
            ``task``, ``language``, ``source_language``, ``input``, ``output`` and ``references``,
            and an ``id`` or a ``source_id``.
        """


def protected_suites(
    options: DecontaminationOptions,
    folder: Path,
    where: str,
    suite_texts: SuiteTexts | None,
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Read all texts of the suites that a recipe names, whatever part of them is asked.

    Args:
        options: Their names, and where their files lie.
        folder: The recipe's folder, which paths start from.
        where: The place to name in an error.
        suite_texts: Reads them.

    Returns:
        Their texts, in the columns of `builders.decontamination.contamination.PROTECTED`, and for
        each suite its name, what it was named by, how many texts it has, their hash (SHA-256), and
        what they were read from.

    Raises:
        IsoglossError: Suites are named and nothing reads them; there is no such suite, it has no
            texts, or its files are missing or broken.
        Unavailable: A hub does not answer, or the network is forbidden.
    """
    frames = [pl.DataFrame(schema=PROTECTED)]
    entries: list[dict[str, Any]] = []
    if options.suites and suite_texts is None:
        raise IsoglossError(
            f"suites are named ({', '.join(options.suites)}), and nothing was handed in to read them",
            where=where,
            remedy="Say suite_texts=benchmarks.suite_texts, as the command does",
        )
    if suite_texts is None:
        return frames[0], entries
    found = suite_texts(options.suites, data=options.data, folder=folder, where=where)
    for suite, rows in found:
        texts = protected(rows, suite["name"]).unique(
            ["language", "text", "known"], keep="first", maintain_order=True
        )
        if texts.is_empty():
            raise IsoglossError(f"the suite {suite['spec']} has no texts", where=where)
        frames.append(texts)
        entries.append({**suite, "texts": texts.height, "sha256": _hash(texts)})
    return pl.concat(frames), entries


def _hash(texts: pl.DataFrame) -> str:
    """Return the SHA-256 of texts and their languages, in their order."""
    digest = hashlib.sha256()
    for row in texts.select("language", "text").iter_rows():
        digest.update("\0".join(row).encode() + b"\0")
    return digest.hexdigest()
