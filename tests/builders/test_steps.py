"""Filters, merging, splits, caps and decontamination, on rows small enough to read."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.decontaminate import decontaminate
from builders.dedup import merge_duplicates
from builders.filters import language
from builders.sources._base import examples


def pair(source: str, target: str, **more: Any) -> dict[str, Any]:
    """Return a translation example, English to German unless said otherwise."""
    row = {"task": "translation", "language": "de", "source_language": "en"}
    return row | {"input": source, "output": target, "group": source, "source_id": source} | more


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    made = examples(rows).drop("reason")
    return made.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))


def reasons(result: pl.DataFrame) -> list[str | None]:
    return result["reason"].to_list()


def test_language_by_script_and_by_identifier() -> None:
    english = "The page that you asked for could not be found on this server."
    french = "La page que vous avez demandée est introuvable sur ce serveur."
    german = "Die angeforderte Seite wurde auf diesem Server nicht gefunden."
    rows = frame(
        pair(english, german),
        pair(english, french),
        pair(english, german, language="ru"),
        pair("Save", "Sichern"),
        pair(english, "Страница %(name)s", language="ru"),
        pair(english, "ページ", language="ja"),
    )
    told = reasons(language.apply(rows, language.Options(name="language")))
    assert told[0] is None
    assert told[1] is not None
    assert told[1].startswith("the output looks like fr, not de")
    assert told[2] is not None
    assert "is not in the script Cyrl" in told[2]
    assert told[3:] == [None, None, None]


def test_identification_does_not_hang_on_the_number_of_workers() -> None:
    texts = [f"Dies ist der Satz mit der Nummer {n}, und er ist deutsch." for n in range(520)]
    assert language.identify(texts, workers=1) == language.identify(texts, workers=2)


def test_the_same_input_met_twice_keeps_both_answers() -> None:
    rows = frame(
        pair("Save", "Speichern"), pair(" Save ", "Sichern"), pair("Save", "Guardar", language="es")
    )
    result = merge_duplicates(rows)
    assert result["references"].to_list() == [["Speichern", "Sichern"], ["Sichern"], ["Guardar"]]
    assert [reason is None for reason in reasons(result)] == [True, False, True]


TEXTS = st.lists(st.sampled_from(["a", "A", "b", "b!", "b  !", "ü"]), min_size=1, max_size=12)


@given(TEXTS)
def test_merging_keeps_one_row_a_key_and_every_reference(texts: list[str]) -> None:
    rows = frame(*(pair(text, f"out {number}") for number, text in enumerate(texts)))
    result = merge_duplicates(rows)
    kept = result.filter(pl.col("reason").is_null())
    assert kept.height == len({" ".join(text.split()) for text in texts})
    assert sorted(kept["references"].explode()) == sorted(rows["output"])


def split_rows(*rows: tuple[str, dict[str, Any]]) -> pl.DataFrame:
    return frame(*(row | {"split": split} for split, row in rows))


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
    rows = split_rows(("test", pair("Save", "Speichern")), ("train", train))
    told = reasons(decontaminate(rows))
    assert told[0] is None
    assert (told[1] is not None) == caught


def test_a_question_is_known_by_its_passage_where_it_has_one() -> None:
    def question(text: str, passage: str | None) -> dict[str, Any]:
        return pair(text, "1999", task="qa", source_language=None, context=passage)

    rows = split_rows(
        ("test", question("When?", "It was in 1999.")),
        ("train", question("When?", "It was in 2001.")),
        ("train", question("Who?", "It was in 1999")),
        ("train", question("When?", None)),
    )
    told = reasons(decontaminate(rows))
    assert [reason is not None for reason in told] == [False, False, True, False]
