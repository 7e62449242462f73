"""Mending texts of a column."""

from __future__ import annotations

import sys
import unicodedata

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from isogloss.text import MAYBE_NOT_NFC, mended


def composed(texts: list[str | None]) -> list[str | None]:
    frame = pl.DataFrame({"t": pl.Series(texts, dtype=pl.String)})
    odd, mend = f"[{MAYBE_NOT_NFC}]", lambda text: text.str.normalize("NFC")
    return frame.select(mended(pl.col("t"), odd, mend))["t"].to_list()


def test_every_character_that_nfc_may_change_is_looked_at() -> None:
    seconds = {
        int(parts[1], 16)
        for code in range(sys.maxunicode + 1)
        if len(parts := unicodedata.decomposition(chr(code)).split()) == 2 and "<" not in parts[0]
    }
    changed = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if not 0xD800 <= code < 0xE000
        and (code in seconds or unicodedata.normalize("NFC", chr(code)) != chr(code))
    ]
    looked = pl.Series(changed).str.contains(f"[{MAYBE_NOT_NFC}]")
    assert [hex(ord(char)) for char in pl.Series(changed).filter(~looked)] == []
    assert len(changed) > 1000


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs", "Cn"])), max_size=8))
def test_texts_are_composed(texts: list[str | None]) -> None:
    assert composed(texts) == [t and unicodedata.normalize("NFC", t) for t in texts]
