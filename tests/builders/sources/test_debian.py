"""Debian's package descriptions: aligned, told apart from English, and broken ones rejected."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import lz4.frame
import polars as pl
import pyarrow as pa
import pytest
from support.sources import open_source, read
from support.sources import texts as good

from isogloss.errors import IsoglossError

STANZA = """Package: {package}
Description-md5: {md5}
Description-{code}: {synopsis}
 {body}
 .
 Later paragraph.

"""


def descriptions(folder: Path, code: str, rows: list[tuple[str, str, str]]) -> bytes:
    text = "".join(
        STANZA.format(
            package=package, md5=f"{package:0>32}", code=code, synopsis=synopsis, body=body
        )
        for package, synopsis, body in rows
    )
    (folder / f"Translation-{code}").write_text(text, encoding="utf-8")
    return text.encode()


def test_debian_aligns_descriptions_by_their_hash(tmp_path: Path) -> None:
    descriptions(
        tmp_path, "en", [("vim", "text editor", "Vim edits\n text."), ("gcc", "compiler", "C.")]
    )
    descriptions(tmp_path, "de", [("vim", "Texteditor", "Vim bearbeitet\n Text."), ("x", "X", "y")])
    found = read("package-descriptions", tmp_path, ("en", "de"), path=".")
    assert ("text editor", "Texteditor") in good(found, task="translation", language="de")
    assert ("Texteditor", "text editor") in good(found, task="translation", language="en")
    summaries = good(found, task="summarization", language="de")
    assert ("Vim bearbeitet Text.", "Texteditor") in summaries
    assert len(good(found, task="translation")) == 2


@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        ("lz4", lz4.frame.compress),
        ("xz", lzma.compress),
        ("bz2", bz2.compress),
        ("gz", gzip.compress),
        ("zst", lambda data: pa.compress(data, "zstd", asbytes=True)),
    ],
)
def test_debian_reads_compressed_files(
    ending: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    data = descriptions(tmp_path, "en", [("vim", "text editor", "Vim edits text.")])
    plain = read("package-descriptions", tmp_path, ("en",), path=".")
    (tmp_path / "Translation-en").unlink()
    (tmp_path / f"Translation-en.{ending}").write_bytes(pack(data))
    assert read("package-descriptions", tmp_path, ("en",), path=".").equals(plain)
    # What it begins with decides, and not its name.
    (tmp_path / f"Translation-en.{ending}").write_bytes(data)
    assert read("package-descriptions", tmp_path, ("en",), path=".").equals(plain)
    (tmp_path / f"Translation-en.{ending}").write_bytes(pack(data)[:-6])
    with pytest.raises(IsoglossError, match=rf"Translation-en.{ending}: (cannot be read|.*whole)"):
        read("package-descriptions", tmp_path, ("en",), path=".")


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("x_main_i18n_Translation-zh%5fCN.lz4", "zh-Hans"),
        ("Translation-zh_TW", "zh-Hant"),
        ("x_main_i18n_Translation-pt%5FBR", "pt"),
        ("x_main_i18n_Translation-pt%5fBR", "pt-BR"),
        ("Translation-sr@latin", "sr-Latn"),
    ],
)
def test_debian_is_read_by_the_names_that_apt_gives(name: str, tag: str, tmp_path: Path) -> None:
    descriptions(tmp_path, "en", [("vim", "text editor", "Vim edits text.")])
    data = descriptions(tmp_path, "x", [("vim", "Editor", "Vim.")])
    (tmp_path / "Translation-x").unlink()
    (tmp_path / name).write_bytes(lz4.frame.compress(data) if name.endswith("lz4") else data)
    found = read("package-descriptions", tmp_path, (tag,), path=".")
    assert good(found, task="translation") == [("text editor", "Editor")]


def test_debian_takes_from_another_territory_what_a_language_lacks(tmp_path: Path) -> None:
    descriptions(tmp_path, "en", [("a", "one", "x"), ("b", "two", "y"), ("c", "three", "z")])
    descriptions(tmp_path, "pt_BR", [("a", "um BR", "x."), ("b", "dois BR", "y.")])
    descriptions(tmp_path, "pt", [("a", "um", "x.")])
    found = read("package-descriptions", tmp_path, ("pt", "pt-BR"), path=".")
    assert good(found, task="translation", language="pt") == [("one", "um"), ("two", "dois BR")]
    exact = good(found, task="translation", language="pt-BR")
    assert exact == [("one", "um BR"), ("two", "dois BR")]
    assert "another file has the same description" in found["reason"].to_list()


def test_debian_tells_which_files_it_does_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for code in ("en", "de", "fr", "xx-unknown"):
        descriptions(tmp_path, code, [("vim", "text editor", "Vim edits text.")])
    details = open_source("package-descriptions", tmp_path, ("de",), path=".").details
    assert details["unread"] == {
        "of a locale that is not known": 1,
        "of other languages than the recipe's": 1,
    }
    said = capsys.readouterr().err
    assert "warning: r.toml: sources[0]: 2 Translation files not read" in said
    assert "1 of a locale that is not known (xx-unknown)" in said


def test_debian_rejects_what_has_no_text_or_is_not_translated(tmp_path: Path) -> None:
    rows = [
        ("a", "one thing", ""),
        ("b", "two", "Text."),
        ("c", "three", "More."),
        ("d", "four", "Z."),
    ]
    descriptions(tmp_path, "en", rows)
    (tmp_path / "Translation-en").write_text(
        (tmp_path / "Translation-en").read_text().replace(" \n .\n Later paragraph.\n", "")
    )
    descriptions(
        tmp_path, "de", [("b", "two", "Zwei."), ("c", "drei", "More."), ("d", "vier", "V.")]
    )
    found = read("package-descriptions", tmp_path, ("en", "de"), path=".")
    summaries = found.filter(task="summarization")
    reasons = dict(summaries.select(pl.col("language") + ":" + pl.col("output"), "reason").rows())
    assert reasons == {
        "en:one thing": "it has no text", "en:two": None, "en:three": None, "en:four": None,
        "de:two": "untranslated", "de:drei": "untranslated", "de:vier": None,
    }  # fmt: skip
    # The synopsis of c is translated, whatever its text is.
    assert good(found, task="translation", language="de") == [("three", "drei"), ("four", "vier")]


@pytest.mark.parametrize(
    ("stanza", "reason"),
    [
        (
            b"Package: b\nnonsense\n",
            "broken: is not 'Field: value' ('nonsense'), at Translation-en:8",
        ),
        (b"Package: b\n", "lacks Package, Description-md5 or Description-xx, at Translation-en:7"),
        (
            b"Package: b\nDescription-md5: 1\nDescription-en: \xff\n",
            "not UTF-8 text, at Translation-en:9",
        ),
    ],
)
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_debian_rejects_a_broken_stanza_and_reads_the_others(
    stanza: bytes, reason: str, ends: bytes, tmp_path: Path
) -> None:
    whole = b"Package: %s\nDescription-md5: %s\nDescription-en: tool %s\n A text.\n\n"
    text = whole % (b"a", b"1", b"a") + b"\n" + stanza + b"\n" + whole % (b"c", b"2", b"c")
    (tmp_path / "Translation-en").write_bytes(text.replace(b"\n", ends))
    found = read("package-descriptions", tmp_path, ("en",), path=".")
    assert good(found) == [("A text.", "tool a"), ("A text.", "tool c")]
    (told,) = found["reason"].drop_nulls()
    assert told.endswith(reason)
