"""Samples of what systems answered: text from outside, made fit to be shown."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import polars as pl
import regex

from benchmarks.reasoning import split
from isogloss.console import printable
from isogloss.languages import describe
from leaderboard.collect import Run

_LONGEST = 600
# Characters that HTML forbids, and those that reorder or hide the text after them; tags (U+E0000
# to U+E007F) write a text that nobody sees.
_UNSHOWN = regex.compile(
    r"[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f--\n\t]", regex.V1
)


@dataclass(frozen=True)
class Sample:
    """A record and one system's answer to it, shortened.

    Attributes:
        id: The record's.
        instruction, input, reference, answer: The texts as shown; the answer without its
            reasoning.
        reasoned: Whether there was any.
        language, direction: Of the reference and the answer.
        instruction_language, instruction_direction: Of the instruction.
        input_language, input_direction: Of the input.
        stop_reason: Why the answer ended.
    """

    id: str
    instruction: str
    input: str
    reference: str
    answer: str
    reasoned: bool
    language: str
    direction: str
    instruction_language: str
    instruction_direction: str
    input_language: str
    input_direction: str
    stop_reason: str


def samples(run: Run, task: str, language: str, count: int) -> list[Sample]:
    """Return a run's answers to so many records of a task and language: the same for every run.

    They are drawn by a hash of the records' ids, so that nobody picked them.
    """
    rows = run.answers.filter(task=task, language=language)
    ids = sorted(rows["id"].to_list(), key=lambda one: hashlib.sha256(one.encode()).digest())
    drawn = rows.filter(pl.col("id").is_in(ids[:count])).sort("id")
    return [_sample(row) for row in drawn.iter_rows(named=True)]


def _sample(row: dict[str, object]) -> Sample:
    language, instructed = str(row["language"]), str(row["instruction_language"] or row["language"])
    given = str(row["source_language"] or row["language"])
    references = row["references"]
    first = references[0] if isinstance(references, list) and references else ""
    reasoning, said = split(str(row["prediction"] or ""), str(row["input"] or ""))
    return Sample(
        printable(str(row["id"])),
        shown(row["instruction"]),
        shown(row["input"]),
        shown(first),
        shown(said),
        bool(reasoning),
        language,
        describe(language).direction,
        instructed,
        describe(instructed).direction,
        given,
        describe(given).direction,
        printable(str(row["stop_reason"] or "")),
    )


def shown(text: object) -> str:
    """Return a text as pages show it: cut after 600 characters, without characters that break HTML."""
    whole = "" if text is None else str(text)
    cut = whole if len(whole) <= _LONGEST else whole[:_LONGEST] + "…"
    return str(_UNSHOWN.sub("\ufffd", cut))
