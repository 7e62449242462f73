"""What is cut into words, in every script that Unicode has: nothing that a reader sees is lost."""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter

import pytest
from sacrebleu.metrics.bleu import BLEU
from support.metrics import METRICS, signature, statistics

from benchmarks.metrics._text import answer, folded, segments, tokens

# Every letter, mark and number that is assigned.
READ = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] in "LMN"]
# Most are ideographs and syllables, one as good as another.
_ALIKE = (
    "CJK UNIFIED",
    "CJK COMPAT",
    "HANGUL SYLLABLE",
    "TANGUT",
    "EGYPTIAN",
    "CUNEIFORM",
    "NUSHU",
)
FEW = [c for c in READ if not unicodedata.name(c, "").startswith(_ALIKE) or ord(c) % 500 == 0]


def read(text: str) -> Counter[str]:
    return Counter(c for c in text if unicodedata.category(c)[0] in "LMN")


def test_there_are_many() -> None:
    assert len(READ) > 130_000
    assert 10_000 < len(FEW) < 30_000


# Alone, behind a letter of a script with spaces, and behind one of a script without.
@pytest.mark.parametrize("before", ["", "q", "က"])
@pytest.mark.parametrize("some", [FEW, pytest.param(READ, marks=pytest.mark.slow)], ids=len)
def test_no_letter_mark_or_number_vanishes(some: list[str], before: str) -> None:
    text = " ".join(before + c for c in some)
    assert read("".join(tokens(text))) == read(folded(text))
    assert read("".join(segments(text))) == read(text)
    for language in ("my", "am", "ru"):
        assert read(answer(text, language)) == read(folded(text))
    for name in ("13a", "zh", "char"):
        assert read(BLEU(tokenize=name).tokenizer(text)) == read(text)


def words() -> list[tuple[str, str]]:
    """Return for every script a letter, and the same letter with a mark, or else with a letter."""
    scripts: dict[str, list[str]] = {}
    for c in FEW:
        scripts.setdefault(unicodedata.name(c, "?").split()[0], []).append(c)
    found = []
    for characters in scripts.values():
        letters = [c for c in characters if unicodedata.category(c)[0] == "L"][:2]
        marks = [c for c in characters if unicodedata.category(c)[0] == "M"]
        found += [(letters[0], letters[0] + c) for c in [*letters[1:], *marks] if letters]
    return found


@pytest.mark.parametrize("name", ["rougeL", "f1", "exact_match", "chrf"])
def test_the_same_scores_100_and_another_word_does_not_in_any_script(name: str) -> None:
    pairs = words()
    assert len(pairs) > 1000
    for given, wanted, right in [(1, 1, True), (0, 0, True), (0, 1, False), (1, 0, False)]:
        rows = statistics(
            name, [one[given] for one in pairs], [[one[wanted]] for one in pairs], "my"
        )
        scores = METRICS[name].combine(rows)
        wrong = [pair for pair, score in zip(pairs, scores, strict=True) if (score > 99.9) != right]
        assert not wrong


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("မာ", ["မာ"]),
        ("ကျောင်းသားများ၏", ["ကျော", "င်း", "သား", "များ", "၏"]),  # its last sign says whose
        ("ရှၢ်ႈ", ["ရှၢ်ႈ"]),
        ("ក្មេង", ["ក្មេ", "ង"]),
        ("བོད་ཡིག", ["བོ", "ད", "ཡི", "ག"]),
        ("ꦗꦮꦶ", ["ꦗ", "ꦮꦶ"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("ക്ഷൺ‍", ["ക്ഷൺ‍"]),
        ("ߒߞߏ 𞤀𞤣𞤤𞤢𞤥 ꕙꔤ", ["ߒߞߏ", "𞤢𞤣𞤤𞤢𞤥", "ꕙꔤ"]),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", ["한글"]),  # Hangul in its letters
        ("آھي ۽ ۾", ["آھي", "۽", "۾"]),  # "and" and "in" of Sindhi
        ("Ինչպե՞ս", ["ինչպե՞ս"]),
        ("⠓⠑⠇⠇⠕", ["⠓⠑⠇⠇⠕"]),
        ("ma˥˩ ma˧˥", ["ma˥˩", "ma˧˥"]),
        ("葛\U000e0100城", ["葛\U000e0100", "城"]),  # which form of a character
        ("❤️Liebe", ["\ufe0f", "liebe"]),
        ("don't $5", ["don", "t", "5"]),
    ],
)
def test_words_as_their_readers_see_them(text: str, found: list[str]) -> None:
    assert tokens(text) == found


def test_signs_that_are_words_are_no_punctuation_of_an_answer() -> None:
    assert answer("ရန်ကုန်၏။", "my") == "ရန်ကုန်၏"


@pytest.mark.parametrize(
    ("name", "language"), [("rougeL", "my"), ("f1", "my"), ("repetition", "my"), ("ter", "my")]
)
def test_signatures_tell_this_way_of_cutting(name: str, language: str) -> None:
    assert "-v2" in signature(name, language)
