"""The language that a text claims, against its script and a language identifier."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from typing import Any

import polars as pl
import regex

from builders.filters._base import FilterOptions, because, reasoned
from isogloss import identification
from isogloss.console import warn
from isogloss.languages import describe
from isogloss.provenance import processors

DESCRIPTION = "drops rows whose text is in another script or, by langdetect, another language"

# Languages that langdetect cannot hold apart in text of a sentence or two.
_CLOSE = (
    {"no", "nb", "nn", "da", "sv"},
    {"id", "ms"},
    {"hr", "bs", "sr", "sl"},
    {"pt", "gl", "es", "ca"},
    {"mk", "bg"},
    {"cs", "sk"},
    {"hi", "mr", "ne"},
    {"af", "nl"},
)

# Scripts a script code stands for; a text in any of them is in that script.
_SCRIPTS = {
    "Jpan": ("Han", "Hiragana", "Katakana"),
    "Kore": ("Hangul", "Han"),
    "Hans": ("Han", "Bopomofo"),
    "Hant": ("Han", "Bopomofo"),
    "Hrkt": ("Hiragana", "Katakana"),
}

_CHUNK = 256
_FEW = 512


class Options(FilterOptions):
    """What is checked, and from which length on.

    Attributes:
        min_letters: Shorter texts are only held to their script: the identifier guesses there.
        min_probability: The identifier must be at least this sure that the text is in another
            language for the row to be dropped.
        min_script_share: The share of letters that must be in the language's script.
        sides: The sides to check.
    """

    min_letters: int = 24
    min_probability: float = 0.9
    min_script_share: float = 0.4
    sides: tuple[str, ...] = ("input", "output")


def apply(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Set ``reason`` where a side is not in its language.

    The identifier is langdetect (Shuyo 2010), seeded; a language it does not know is held to its
    script only, and close relatives are not told apart.
    """
    tags = {side: _tag(side) for side in options.sides}
    # Pairs asked both ways round hold every text twice; each is judged once.
    pairs = pl.concat(
        frame.select(tag.alias("_tag"), pl.col(side).alias("_text")) for side, tag in tags.items()
    ).unique(maintain_order=True)
    verdicts = pairs.with_columns(_judge(pairs, options).alias("_verdict"))
    reasons = []
    for side, tag in tags.items():
        frame = frame.with_columns(tag.alias("_tag")).join(
            verdicts.rename({"_text": side, "_verdict": f"_verdict_{side}"}),
            on=["_tag", side],
            how="left",
            maintain_order="left",
            nulls_equal=True,
        )
        verdict = pl.col(f"_verdict_{side}")
        said = pl.concat_str(pl.lit(f"the {side} "), verdict)
        reasons.append(because(verdict.is_not_null(), said))
    return reasoned(frame, *reasons).drop("_tag", *(f"_verdict_{side}" for side in tags))


def _tag(side: str) -> pl.Expr:
    return pl.coalesce("source_language", "language") if side == "input" else pl.col("language")


def _judge(pairs: pl.DataFrame, options: Options) -> pl.Series:
    """Return the reason against each (tag, text), or null."""
    tags, texts = pairs["_tag"].to_list(), pairs["_text"].to_list()
    # Counting letters of a script that differs by row is not one polars expression.
    verdicts = [
        _script_reason(text or "", tag, options.min_script_share)
        for tag, text in zip(tags, texts, strict=True)
    ]
    asked = [
        row
        for row, verdict in enumerate(verdicts)
        if verdict is None
        and base(tags[row]) in identification.identified_languages()
        and _letters(texts[row] or "") >= _enough(tags[row], options.min_letters)
    ]
    found = identify([texts[row] for row in asked])
    for row, (name, probability) in zip(asked, found, strict=True):
        expected = base(tags[row])
        close = any(expected in group and name in group for group in _CLOSE)
        if name and name != expected and not close and probability >= options.min_probability:
            verdicts[row] = f"looks like {name}, not {tags[row]} (p={probability:.2f})"
    return pl.Series(verdicts, dtype=pl.String)


def base(tag: str) -> str:
    """Return the language subtag: what the identifier knows languages by."""
    return tag.split("-")[0]


def _enough(tag: str, letters: int) -> int:
    dense = describe(tag).script in _SCRIPTS
    return max(1, letters // 3) if dense else letters


@cache
def _script_pattern(script: str) -> Any:
    names = _SCRIPTS.get(script, (script,))
    return regex.compile("[" + "".join(rf"\p{{Script={name}}}" for name in names) + "]")


_LETTER = regex.compile(r"\p{L}")
_LATIN = regex.compile(r"[\p{Script=Latin}&&\p{L}]", regex.V1)


def _letters(text: str) -> int:
    return len(_LETTER.findall(text))


def _script_reason(text: str, tag: str, share: float) -> str | None:
    total = _letters(text)
    if not total:
        return None
    script = describe(tag).script
    inside = len(_script_pattern(script).findall(text))
    if inside >= share * total:
        return None
    # Names of programs and placeholders stay Latin in every script: some of the language's own
    # letters among few others will do for a short text.
    if inside and total < 12:
        return None
    return f"is not in the script {script} ({inside} of {total} letters are)"


def identify(texts: Sequence[str], workers: int | None = None) -> list[tuple[str, float]]:
    """Return the likeliest language of each text and its probability, in order.

    Args:
        texts: What to identify.
        workers: Processes; all processors where None. The answer does not depend on it.
    """
    workers = workers or processors()
    chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
    if workers < 2 or len(texts) < _FEW:
        return [answer for chunk in chunks for answer in _identify(chunk)]
    try:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            return [answer for answers in pool.map(_identify, chunks) for answer in answers]
    except BrokenProcessPool:
        # Spawned workers import the caller's script, and one without a guard on __main__ fails.
        warn("languages are identified in one process: its helpers did not start")
        return [answer for chunk in chunks for answer in _identify(chunk)]


def _identify(texts: Sequence[str]) -> list[tuple[str, float]]:
    return [identification.identify(text) for text in texts]
