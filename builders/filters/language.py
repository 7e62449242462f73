"""The language that a text claims, against its script and a language identifier."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from typing import Any, Literal

import polars as pl
import regex
from pydantic import Field

from builders.filters._base import FilterOptions, because, reasoned
from builders.filters._prose import words
from isogloss import identification, interrupts
from isogloss.console import warn
from isogloss.languages import describe
from isogloss.provenance import processors

DESCRIPTION = "drops rows whose text is in another script or, by langdetect, another language"

# Languages that langdetect cannot hold apart in text of a sentence or two.
_CLOSE = (
    {"no", "da", "sv"},
    {"hr", "sl"},
    {"pt", "es", "ca"},
    {"mk", "bg"},
    {"cs", "sk"},
    {"hi", "mr", "ne"},
    {"af", "nl"},
)

# Scripts a script code stands for; a text in any of them is in that script. Korean is written
# with Han characters too, but seldom, and never without Hangul.
_SCRIPTS = {
    "Jpan": ("Han", "Hiragana", "Katakana"),
    "Kore": ("Hangul",),
    "Hans": ("Han", "Bopomofo"),
    "Hant": ("Han", "Bopomofo"),
    "Hrkt": ("Hiragana", "Katakana"),
}

# An ideograph or syllable says about as much as so many letters of an alphabet.
_DENSITY = 3

_CHUNK = 256
_FEW = 512


class Options(FilterOptions):
    """What is checked, and from which length on.

    Attributes:
        min_letters: Shorter texts are only held to their script: the identifier guesses there.
            Of right texts in Django's catalogs (16 languages) and FLORES-200's devtest (40), it
            takes 0.5 and 0.01 % of those from 24 letters on for another language, 0.05 and
            0.01 % from 40 on; of English in the place of a translation, it finds 96 % from there.
        min_probability: The identifier must be at least this sure that the text is in another
            language for the row to be dropped.
        min_script_share: The share of letters that must be in the language's script; an ideograph
            or a syllable of Chinese, Japanese or Korean is as much as three letters.
        sides: The sides to check.
    """

    min_letters: int = Field(default=40, ge=1)
    min_probability: float = Field(default=0.9, gt=0, le=1)
    min_script_share: float = Field(default=0.4, ge=0, le=1)
    sides: tuple[Literal["input", "output"], ...] = Field(default=("input", "output"), min_length=1)


def apply(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Set ``reason`` where a side is not in its language.

    Only words count: placeholders, tags and addresses are left out first. The script decides
    first; then the identifier, langdetect (Shuyo 2010), seeded, is asked where it knows the
    language. It is not believed where it names a close relative, or a language of another script
    than the text was found to be in. Programs (the task code) are in no language.
    """
    tags = {side: _tag(side) for side in options.sides}
    prose = frame.filter(pl.col("task") != "code")
    # Pairs asked both ways round hold every text twice; each is judged once.
    pairs = pl.concat(
        prose.select(tag.alias("_tag"), pl.col(side).alias("_text")) for side, tag in tags.items()
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
        reasons.append(because((pl.col("task") != "code") & verdict.is_not_null(), said))
    return reasoned(frame, *reasons).drop("_tag", *(f"_verdict_{side}" for side in tags))


def _tag(side: str) -> pl.Expr:
    return pl.coalesce("source_language", "language") if side == "input" else pl.col("language")


def _judge(pairs: pl.DataFrame, options: Options) -> pl.Series:
    """Return the reason against each (tag, text), or null."""
    tags = pairs["_tag"].to_list()
    texts = pairs.select(words(pl.col("_text").fill_null(""))).to_series().to_list()
    # Counting letters of a script that differs by row is not one polars expression.
    verdicts = [
        _script_reason(text, tag, options.min_script_share)
        for tag, text in zip(tags, texts, strict=True)
    ]
    asked = [
        row
        for row, verdict in enumerate(verdicts)
        if verdict is None
        and base(tags[row]) in identification.identified_languages()
        and _letters(texts[row]) >= _enough(tags[row], options.min_letters)
    ]
    found = identify([texts[row] for row in asked])
    for row, (name, probability) in zip(asked, found, strict=True):
        if name and probability >= options.min_probability and _contradicts(name, tags[row]):
            verdicts[row] = f"looks like {name}, not {tags[row]} (p={probability:.2f})"
    return pl.Series(verdicts, dtype=pl.String)


def _contradicts(found: str, tag: str) -> bool:
    """Tell whether a text that langdetect finds to be in ``found`` cannot be in ``tag``."""
    expected = base(tag)
    if found == expected or any({found, expected} <= group for group in _CLOSE):
        return False
    # It takes Chinese for Korean, and names in Latin letters for any language: where the script
    # has spoken, it is heard only among the languages of that script.
    return not set(_scripts(found)).isdisjoint(_scripts(tag))


def base(tag: str) -> str:
    """Return what the identifier knows a language by: its subtag, one for both Norwegians."""
    language = tag.split("-")[0]
    return "no" if language in ("nb", "nn") else language


def _enough(tag: str, letters: int) -> int:
    return max(1, letters // _letters_a_character(tag))


def _letters_a_character(tag: str) -> int:
    """Return about how many letters of an alphabet say what one of the language's does."""
    return _DENSITY if describe(tag).script in _SCRIPTS else 1


@cache
def _scripts(tag: str) -> tuple[str, ...]:
    script = describe(tag).script
    return _SCRIPTS.get(script, (script,))


@cache
def _script_pattern(tag: str) -> Any:
    names = "".join(rf"\p{{Script={name}}}" for name in _scripts(tag))
    return regex.compile(rf"[\p{{L}}&&[{names}]]", regex.V1)


# A letter of some script: Japanese writes its long vowels, and phonetics its tones, with others.
_LETTER = regex.compile(r"(?![\p{Script=Common}\p{Script=Inherited}])\p{L}")


def _letters(text: str) -> int:
    return len(_LETTER.findall(text))


def _script_reason(text: str, tag: str, share: float) -> str | None:
    total = _letters(text)
    if not total:
        return None
    inside = len(_script_pattern(tag).findall(text))
    weighed = inside * _letters_a_character(tag)
    if weighed >= share * (total - inside + weighed):
        return None
    # Names of programs and placeholders stay Latin in every script: some of the language's own
    # letters among few others will do for a short text.
    if inside and total < 12:
        return None
    return f"is not in the script {describe(tag).script} ({inside} of {total} letters are)"


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
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=interrupts.serve_parent
    )
    try:
        with interrupts.kept_from_children():
            answers = [pool.submit(_identify, chunk) for chunk in chunks]
        return [answer for future in answers for answer in future.result()]
    except BrokenProcessPool:
        # Spawned workers import the caller's script, and one without a guard on __main__ fails.
        warn("languages are identified in one process: its helpers did not start")
        return [answer for chunk in chunks for answer in _identify(chunk)]
    finally:
        # A second Ctrl-C would leave the helpers to the interpreter, which prints where they were.
        with interrupts.held_back():
            pool.shutdown(cancel_futures=True)


def _identify(texts: Sequence[str]) -> list[tuple[str, float]]:
    return [identification.identify(text) for text in texts]
