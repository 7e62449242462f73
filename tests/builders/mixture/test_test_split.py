"""Nothing that the test split asks is trained on, in whatever direction, language pair or case."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from support.rows import pair

from builders.decontamination.contamination import TEST_SPLIT, Contamination, protected, reason
from builders.decontamination.settings import DecontaminationOptions
from builders.example import examples


def leaks(test: dict[str, Any], *train: dict[str, Any]) -> list[str | None]:
    """Return the reason against each row, by what a test row protects."""
    frames = [
        examples([row]).drop("reason").with_columns(position=n) for n, row in enumerate(train)
    ]
    known = Contamination(DecontaminationOptions(), [protected(examples([test]), TEST_SPLIT)])
    hits = known.hits(pl.concat(frames)).select("position", reason())
    found = dict(hits.iter_rows())
    return [found.get(number) for number in range(len(train))]


@pytest.mark.parametrize(
    ("train", "caught"),
    [
        (pair("Save", "Sichern"), True),
        (pair("SAVE!", "Sichern"), True),
        (pair("Speichern", "Keep", language="en", source_language="de"), True),
        (pair("Enregistrer", "Speichern", source_language="fr"), True),
        (pair("Speichern", "x", task="summarization", source_language=None), True),
        (pair("Save as", "Speichern unter"), False),
        (pair("Save", "Guardar", language="es", source_language="fr"), False),
        (pair("Was?", "Speichern", task="qa", source_language=None), False),
    ],
)
def test_no_text_of_the_test_split_is_trained_on(train: dict[str, Any], caught: bool) -> None:
    (told,) = leaks(pair("Save", "Speichern"), train)
    assert (told is not None) == caught


def test_a_question_is_known_by_its_passage_where_it_has_one() -> None:
    def question(text: str, passage: str | None) -> dict[str, Any]:
        return pair(text, "1999", task="qa", source_language=None, context=passage)

    told = leaks(
        question("When?", "It was in 1999."),
        question("When?", "It was in 2001."),
        question("Who?", "It was in 1999"),
        question("When?", None),
    )
    assert told == [None, f"its context is in {TEST_SPLIT}", None]


def test_a_longer_text_may_not_hold_a_run_of_a_tested_one() -> None:
    long = "What the river took in the spring it gave back to the fields in the autumn of the year."
    told = leaks(pair(long, "x"), pair(f"So {long}", "y"), pair("Quite another thing.", "z"))
    assert told == [f"its input shares an n-gram with {TEST_SPLIT}", None]
