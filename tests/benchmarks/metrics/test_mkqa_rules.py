"""Answers compared as MKQA's own evaluation does it (``mkqa_eval_util.py`` of apple/ml-mkqa).

The expected values are by hand, from that script's rules; three of the pairs are those of its tests.
"""

from __future__ import annotations

import pytest
from support.metrics import signature, total

from benchmarks.metrics._answers import normalized

LANGUAGES = (
    "ar da de en es fi fr he hu it ja km ko ms nl no pl pt ru sv th tr vi zh-CN zh-HK zh-TW"
).split()


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "The Beatles, an act!", "beatles act"),
        ("es", "¿Unos de los Andes?", "¿ de andes"),  # ASCII's punctuation only
        ("de", "Das Haus eines Mannes", "haus mannes"),
        ("ar", "السلام والسلام", "سلام و سلام"),
        ("nl", "het huis van de man", "huis van man"),
        ("sv", "en bil, ett hus", "bil hus"),
        ("da", "en bil, et hus", "bil hus"),
        ("no", "en bil, ei jente, et hus", "bil jente hus"),
        ("nb", "ei jente", "jente"),
        ("nn", "ei jente", "ei jente"),
        ("fi", "se on yks, yksi ja kaksi", "on ja kaksi"),
        ("hu", "az alma egy fa", "alma fa"),
        ("pt", "os Lusíadas e uma ode", "lusíadas e ode"),
        ("vi", "những con của cái nhà", "con nhà"),
        ("fr", "de la pomme", "pomme"),
        ("fr", "les lettres", "s ttres"),  # as it is: its patterns have no end
        ("fr", "l'eau d’or", "au d’or"),
        ("it", "dell'acqua", "lacqua"),
        ("it", "un inizio degli altri", "nizio altri"),
        ("he", "ה-בית של a", "הבית של a"),
        ("ms", "the satu", "the satu"),
        ("ko", "더 많은 것", "더 많은 것"),
        ("zh-CN", "这个 A1。", "这 个 a 1 。"),
        ("ja", "東京 Tower", "東 京 t o w e r"),
        ("th", "ไทย", "ไ ท ย"),
        ("km", "ខ្មែរ", "ខ ្ ម ែ រ"),
    ],
)
def test_what_is_taken_off(language: str, text: str, found: str) -> None:
    assert normalized(text, language, "mkqa") == found


@pytest.mark.parametrize(
    ("language", "text", "references", "f1", "exact"),
    [
        ("es", "esto es manzana", ["esto es una manzana", "esta es otra manzana"], 100, 100),
        ("fr", "c'est de la pomme", ["c'est la pomme", "c'est une autre pomme"], 100, 100),
        ("hu", "ez egy alma", ["ez alma", "ez egy újabb alma"], 100, 100),
        ("zh-CN", "这个一个苹果", ["这是还是苹果", "这是另一个苹果"], 100 * 10 / 13, 0),
        ("km", "នេះគឺជាផ្លែប៉ោម", ["នេះគឺជាផ្លែប៉ោមមួយទៀត"], 100 * 5 / 6, 0),
        ("en", "the", ["a"], 100, 100),  # nothing is like nothing
        ("en", "the", ["Paris"], 0, 0),
    ],
)
def test_scores_are_those_of_its_script(
    language: str, text: str, references: list[str], f1: float, exact: float
) -> None:
    how = {"normalization": "mkqa"}
    assert total("f1", [text], [references], language, **how) == pytest.approx(f1)
    assert total("exact_match", [text], [references], language, **how) == exact


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_an_option_and_its_signature_says_so(language: str) -> None:
    assert "norm:mkqa[" in signature("f1", language, normalization="mkqa")
    assert "mkqa" not in signature("f1", language)
    assert total("exact_match", ["x 7"], [["X 7!"]], language, normalization="mkqa") == 100
