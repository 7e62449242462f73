"""Which template an example gets: by what is asked for, in which language, how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from builders.example import SHORT, examples
from builders.templates.applying import apply
from builders.templates.loading import load_templates

MINE = """
version = "1"
task = "summarization"

[[templates]]
id = "gd-1"
language = "gd"
instruction = "Thoir geàrr-chunntas air an teacsa:"
"""


def asked(*rows: dict[str, Any], extra: tuple[Path, ...] = (), epoch: int = 0) -> pl.DataFrame:
    plain = {"task": "summarization", "language": "en", "input": "A text.", "output": "Text"}
    frame = examples([{"source_id": f"{n}", **plain, **row} for n, row in enumerate(rows)])
    templates = load_templates(extra)
    return apply(
        frame.with_columns(source=pl.lit("ours")), templates,
        instruction_language="target", seed=1, epoch=epoch,
    )  # fmt: skip


def test_a_title_is_asked_for_in_other_words_than_a_summary() -> None:
    made = asked(*({"tags": [SHORT]} for _ in range(30)), *({} for _ in range(30)))
    short, plain = (set(part["instruction"]) for part in (made[:30], made[30:]))
    assert len(short) == len(plain) == 3
    assert not short & plain
    assert any("title" in text for text in short)
    assert not any("line" in text or "title" in text for text in plain)


def test_a_language_without_short_templates_asks_with_its_plain_ones(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(MINE, encoding="utf-8")
    made = asked({"language": "gd", "tags": [SHORT]}, {"language": "gd"}, extra=(mine,))
    assert made["template"].to_list() == ["summarization/gd-1@1"] * 2


def test_a_script_is_not_asked_for_in_another_one() -> None:
    made = asked(*({"language": tag} for tag in ("sr", "sr-Cyrl", "sr-Latn", "zh-TW", "pt-BR")))
    assert made["instruction_language"].to_list() == ["sr", "sr", "en", "zh-Hant", "pt"]


def test_each_time_again_is_another_phrasing_until_all_were_there() -> None:
    made = [asked({}, epoch=epoch) for epoch in range(4)]
    assert len({frame["template"][0] for frame in made[:3]}) == 3
    assert made[3]["template"][0] == made[0]["template"][0]
    assert [frame["again"][0] for frame in made] == [0, 0, 0, 1]


def test_what_brings_its_own_instruction_keeps_it() -> None:
    made = asked({"instruction": "Shorten {this}:", "context": "Before."}, {})
    own = made.filter(pl.col("template") == "ours/own")
    assert own["instruction"].to_list() == ["Shorten {this}:"]
    assert own["input"].to_list() == ["Before.\n\nA text."]
    assert made.height == 2
