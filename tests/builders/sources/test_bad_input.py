"""Bad input through every kind that reads files: one clear line, or a rejected row with its reason."""

from __future__ import annotations

import bz2
import gzip
import json
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lz4.frame
import polars as pl
import pytest
from support.command import command, wrong
from support.sources import open_source, read, texts

from isogloss.errors import IsoglossError
from isogloss.wheels import Wheel, extract

LANGUAGES = ("en", "de")
PAIRS: dict[str, Any] = {
    "task": "translation", "columns": {"input": "en", "output": "de"},
    "source_language": "en", "language": "de",
}  # fmt: skip
WORDS: dict[str, Any] = {"task": "qa", "columns": {"input": "q", "output": "a"}, "language": "de"}
STANZA = f"Package: a\nDescription-md5: {'0' * 32}\nDescription-%s: x\n y\n\n"
QUESTION = (
    '{"data": [{"paragraphs": [{"context": "b %s", "qas": [{"id": "1", "question": "Wo?", '
    '"answers": [{"text": "b", "answer_start": 0}]}]}]}]}'
)
PROBLEM = json.dumps(
    {"prompt": 'def f():\n    """%s"""\n', "canonical_solution": "    return 1\n",
     "test": "def check(f):\n    pass\n", "entry_point": "f"}
)  # fmt: skip
UNIT = '<tmx><tu><tuv xml:lang="en"><seg>a %s</seg></tuv><tuv xml:lang="de"><seg>b</seg></tuv></tu></tmx>'
DOCUMENT = (
    '<dataset id="x"><doc id="d" origlang="en"><src lang="en"><p><seg id="1">a %s</seg></p></src>'
    '<ref lang="de"><p><seg id="1">b</seg></p></ref></doc></dataset>'
)
CATALOG = (
    'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "a"\nmsgstr "b %s"\n'
)

# Each kind that reads files: its options, and its files, in which %s is in the middle of a text.
KINDS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "files jsonl": ({"path": "a.jsonl", **WORDS}, {"a.jsonl": '{"q": "w %s", "a": "b"}\n'}),
    "files csv": ({"path": "a.csv", **WORDS}, {"a.csv": "q,a\nw %s,b\n"}),
    "files tsv": ({"path": "a.tsv", **WORDS}, {"a.tsv": "q\ta\nw %s\tb\n"}),
    "summaries": ({"path": "a.jsonl", "language": "de"},
                  {"a.jsonl": '{"text": "w %s", "summary": "b", "title": "c"}\n'}),
    "functions": ({"path": "a.py", "language": "en"},
                  {"a.py": 'def f():\n    """w %s"""\n    return 1\n'}),
    "moses": ({"source": "a.en", "target": "a.de", "source_language": "en", "language": "de"},
              {"a.en": "w %s\n", "a.de": "b\n"}),
    "parallel": ({"path": "{language}.txt"}, {"en.txt": "w %s\n", "de.txt": "b\n"}),
    "squad": ({"path": "a.json", "language": "de"}, {"a.json": QUESTION}),
    "mkqa": ({"path": "a.jsonl"}, {"a.jsonl":
        '{"example_id": 1, "queries": {"de": "w %s"}, "answers": {"de": [{"type": "x", "text": "b"}]}}\n'}),
    "problems": ({"path": "a.jsonl", "language": "en"}, {"a.jsonl": f"{PROBLEM}\n"}),
    "tmx": ({"path": "a.tmx"}, {"a.tmx": UNIT}),
    "wmt": ({"path": "a.xml"}, {"a.xml": DOCUMENT}),
    "gettext": ({"path": "."}, {"de.po": CATALOG}),
    "dialogue": ({"path": "."}, {"german/a.yml": "conversations:\n- - w %s\n  - b\n"}),
    "package-descriptions": ({"path": "."},
                             {f"Translation-{tag}": STANZA % tag for tag in ("en", "de")}),
}  # fmt: skip


def lay(folder: Path, kind: str, word: str = "x", encoding: str = "utf-8") -> list[Path]:
    """Write a kind's files with a word in them; return their paths."""
    paths = []
    for name, content in KINDS[kind][1].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.replace("%s", word).encode(encoding, "surrogatepass"))
        paths.append(path)
    return paths


def found(folder: Path, kind: str, between: Callable[[], object] = lambda: None) -> pl.DataFrame:
    """Return a kind's examples; ``between`` is done after it was opened, before it is read."""
    reading = open_source(kind.partition(" ")[0], folder, LANGUAGES, **KINDS[kind][0])
    between()
    return pl.concat(list(reading.frames))


def told(folder: Path, kind: str, between: Callable[[], object] = lambda: None) -> str:
    """Return the one line that a kind tells of what is wrong with its files, which names a file."""
    with pytest.raises(IsoglossError) as caught:
        found(folder, kind, between)
    line = str(caught.value)
    assert "\n" not in line
    assert str(folder) in line
    return line


@pytest.mark.parametrize("kind", KINDS)
def test_good_input_is_read(kind: str, tmp_path: Path) -> None:
    lay(tmp_path, kind)
    assert found(tmp_path, kind).filter(pl.col("rejected_by").is_null()).height


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_vanishes_is_told(kind: str, tmp_path: Path) -> None:
    path = lay(tmp_path, kind)[0]
    line = told(tmp_path, kind, path.unlink)
    assert path.name in line
    assert "no such file" in line.lower()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "package-descriptions"])
def test_latin_1_in_utf_8_is_told_or_rejected(kind: str, tmp_path: Path) -> None:
    lay(tmp_path, kind, "Größe", "latin-1")
    if kind == "functions":
        assert "not in the encoding" in found(tmp_path, kind)["reason"].item()
        return
    if kind == "gettext":
        assert "is not UTF-8" in found(tmp_path, kind)["reason"].drop_nulls().item()
        return
    if kind in ("files csv", "files tsv"):  # one line of two: the other is the names'
        assert "is not UTF-8 (byte 0xf6)" in found(tmp_path, kind)["reason"].item()
        return
    assert any(
        word in told(tmp_path, kind) for word in ("not UTF-8", "not well-formed", "UTF-8 octet")
    )


# XML and YAML say their encoding themselves, and a catalog's header says another.
MARKED = ("tmx", "wmt", "dialogue")
REFUSED = ("functions", "gettext", "package-descriptions")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in REFUSED])
def test_utf_16_is_told_as_such_or_read(kind: str, tmp_path: Path) -> None:
    lay(tmp_path, kind, encoding="utf-16")
    if kind in MARKED:
        assert found(tmp_path, kind)["rejected_by"].null_count()
    else:
        assert "is UTF-16, not UTF-8. Convert it first: iconv" in told(tmp_path, kind)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "package-descriptions"])
def test_a_nul_byte_is_told_or_its_row_is_rejected(kind: str, tmp_path: Path) -> None:
    escaped = kind in ("files jsonl", "summaries", "squad", "mkqa")
    lay(tmp_path, kind, "\\u0000" if escaped else "\0")
    if kind in ("tmx", "wmt", "dialogue", "problems"):
        assert any(
            word in told(tmp_path, kind)
            for word in ("invalid token", "control char", "Invalid JSON")
        )
    else:
        reasons = set(found(tmp_path, kind)["reason"].drop_nulls())
        assert reasons & {"it holds a NUL character", "it is not Python 3"}


@pytest.mark.parametrize(
    "kind", ["files jsonl", "summaries", "squad", "mkqa", "problems", "dialogue"]
)
def test_half_a_surrogate_pair_is_told_or_shown_as_damage(kind: str, tmp_path: Path) -> None:
    lay(tmp_path, kind, "\\ud800")
    if kind in ("files jsonl", "summaries", "squad"):
        row = found(tmp_path, kind).row(0, named=True)
        assert "\ufffd" in row["input"] + (row["context"] or "")
    elif kind == "dialogue":  # in a plain scalar a backslash is one
        assert "\\ud800" in found(tmp_path, kind)["input"].item()
    else:
        assert "Invalid JSON" in told(tmp_path, kind)


PACKED = {"gz": gzip.compress, "bz2": bz2.compress, "lz4": lz4.frame.compress}


@pytest.mark.parametrize("ending", PACKED)
@pytest.mark.parametrize("kind", ["files jsonl", "files csv", "mkqa", "tmx", "wmt"])
def test_a_compressed_file_that_is_cut_off_is_told(kind: str, ending: str, tmp_path: Path) -> None:
    (path,) = lay(tmp_path, kind, "x " * 2000)
    packed = path.with_name(f"{path.name}.{ending}")
    packed.write_bytes(PACKED[ending](path.read_bytes()))
    options = {**KINDS[kind][0], "path": packed.name}
    whole = read(kind.partition(" ")[0], tmp_path, LANGUAGES, **options)
    assert whole["rejected_by"].null_count()
    packed.write_bytes(packed.read_bytes()[:-14])
    with pytest.raises(IsoglossError, match=rf"{packed.name}.*(Truncated|cannot be read|is not)"):
        read(kind.partition(" ")[0], tmp_path, LANGUAGES, **options)


def test_unequal_files_are_told_with_both_counts(tmp_path: Path) -> None:
    lay(tmp_path, "moses")
    (tmp_path / "a.en").write_text("one\ntwo\n")
    assert "has 1 lines, but" in told(tmp_path, "moses")


def test_a_key_that_some_lines_lack_is_a_reason(tmp_path: Path) -> None:
    lines = ['{"q": "w", "a": "b"}'] * 3 + [
        '{"q": "w"}',
        '{"a": "b", "q": null}',
        '{"q": "w", "a": "b"}',
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    frame = found(tmp_path, "files jsonl")
    assert frame["reason"].to_list() == [
        None, None, None, "it has no output", "it has no input", None,
    ]  # fmt: skip


def test_a_shard_without_a_column_is_told_by_its_name(tmp_path: Path) -> None:
    pl.DataFrame({"q": ["w"], "a": ["b"]}).write_parquet(tmp_path / "a-1.parquet")
    pl.DataFrame({"q": ["w"], "answer": ["b"]}).write_parquet(tmp_path / "a-2.parquet")
    with pytest.raises(IsoglossError, match=r"a-2\.parquet: unknown column 'a'.*Known: answer, q"):
        read("files", tmp_path, LANGUAGES, path="a-*.parquet", **WORDS)


def test_a_shard_with_another_type_is_told_by_its_name(tmp_path: Path) -> None:
    pl.DataFrame({"q": ["w"], "a": [1]}).write_parquet(tmp_path / "a-1.parquet")
    pl.DataFrame({"q": ["w"], "a": [{"b": 1}]}).write_parquet(tmp_path / "a-2.parquet")
    with pytest.raises(IsoglossError, match=r"a-2\.parquet: the column 'a' holds the fields b"):
        read("files", tmp_path, LANGUAGES, path="a-*.parquet", **WORDS)


def test_parquet_with_nul_and_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"q": ["w\0", "v"], "a": ["b", "b"]}).write_parquet(path)
    frame = read("files", tmp_path, LANGUAGES, path="a.parquet", **WORDS)
    assert texts(frame) == [("v", "b")]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(IsoglossError, match=r"a\.parquet: is not a whole Parquet file"):
        read("files", tmp_path, LANGUAGES, path="a.parquet", **WORDS)


def test_a_field_of_csv_that_is_too_long_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'q,a\nw,b\n"{"line" * 1_500_000}",b\n')
    assert read("files", tmp_path, LANGUAGES, path="a.csv", **WORDS)["reason"].null_count() == 2
    (tmp_path / "a.csv").write_text(f'q,a\nw,b\n"{"line" * 4_500_000}\n",b\n')
    with pytest.raises(IsoglossError, match=r"a\.csv:3: a field is over 16 MiB.*Lines or Parquet"):
        read("files", tmp_path, LANGUAGES, path="a.csv", **WORDS)


# Memory: what is read is bounded, whatever a file unpacks to.


def peak(code: str, folder: Path) -> tuple[str, int]:
    """Run code in a process of its own; return what it prints, and by how many MiB it grew."""
    tests = Path(__file__).parents[2]
    script = f"""
import resource, sys
sys.path[:0] = [{str(tests)!r}, {str(tests.parent)!r}]
from pathlib import Path
import polars as pl
from support.sources import open_source
from isogloss.errors import IsoglossError
folder = Path({str(folder)!r})
def grown():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
def rows(kind, **options):
    try:
        return sum(f.height for f in open_source(kind, folder, ("en", "de"), **options).frames)
    except IsoglossError as error:
        return error
{textwrap.dedent(code)}
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.splitlines()
    return "\n".join(lines), int(last)


def bomb(path: Path, piece: str, times: int, end: str = "") -> None:
    with gzip.open(path, "wt", compresslevel=1) as file:
        for _ in range(times):
            file.write(piece)
        file.write(end)


SMALL = {"jsonl": '{"q": "w", "a": "b"}\n', "csv": "q,a\n" + "w,b\n"}
LONG = "word " * 100  # few rows of many bytes: the bytes are what must not add up
LINES = {"jsonl": f'{{"q": "{LONG}", "a": "b"}}\n', "csv": f"{LONG},b\n"}


@pytest.mark.parametrize("ending", [pytest.param("jsonl", marks=pytest.mark.slow), "csv"])
def test_a_gzip_bomb_of_many_lines_is_read_in_bounded_memory(ending: str, tmp_path: Path) -> None:
    """150 MB of lines, of which the file has a few hundred KB."""
    (tmp_path / f"small.{ending}").write_text(SMALL[ending])
    count = (150 << 20) // (1000 * len(LINES[ending]))
    with gzip.open(tmp_path / f"bomb.{ending}.gz", "wt", compresslevel=1) as file:
        file.write("q,a\n" if ending == "csv" else "")
        for _ in range(count):
            file.write(LINES[ending] * 1000)
    assert (tmp_path / f"bomb.{ending}.gz").stat().st_size < 2 << 20
    printed, grew = peak(
        f"""
        options = {WORDS!r}
        rows("files", path="small.{ending}", **options)
        before = grown()
        print(rows("files", path="bomb.{ending}.gz", **options))
        print(grown() - before)
        """,
        tmp_path,
    )
    assert printed == str(count * 1000)
    assert grew < 150, "less than all of it, however often it is copied"


def test_a_bomb_of_one_line_is_refused_with_its_line(tmp_path: Path) -> None:
    """400 MB in one line, by every kind that reads lines; the most memory is that of them all."""
    bomb(tmp_path / "bomb.jsonl.gz", "a" * (1 << 20), 400)
    (tmp_path / "bomb.csv.gz").hardlink_to(tmp_path / "bomb.jsonl.gz")
    bombs: list[tuple[str, str, dict[str, Any]]] = [
        ("files", "bomb.jsonl.gz", WORDS),
        ("files", "bomb.csv.gz", WORDS),
        ("mkqa", "bomb.jsonl.gz", {}),
        ("problems", "bomb.jsonl.gz", {"language": "en"}),
    ]
    printed, grew = peak(
        f"""
        before = grown()
        for kind, name, options in {bombs!r}:
            print(rows(kind, path=name, **options))
        print(grown() - before)
        """,
        tmp_path,
    )
    for line, (_, name, _) in zip(printed.splitlines(), bombs, strict=True):
        assert f"{name}:1: a line is over 32 MiB long" in line
    assert grew < 200


def test_a_wheel_that_would_fill_the_disk_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isogloss.wheels._LEAST_BOMB", 1 << 20)
    path = tmp_path / "bomb-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/locale/de.po", "a" * (4 << 20))
    wheel = Wheel("bomb", "1", path, "0" * 64)
    with pytest.raises(IsoglossError, match=r"bomb-1.*: unpacks to 4 MiB, \d{3,} times its size"):
        extract(wheel, "bomb")


def test_bitext_with_a_line_of_100_mb_is_refused_with_its_line(tmp_path: Path) -> None:
    lay(tmp_path, "moses")
    with (tmp_path / "a.en").open("w") as file:
        file.write("good\n")
        for _ in range(100):
            file.write("a" * (1 << 20))
    printed, grew = peak(
        f"""
        before = grown()
        print(rows("moses", **{KINDS["moses"][0]!r}))
        print(grown() - before)
        """,
        tmp_path,
    )
    assert "a.en:2: a line is over 32 MiB long" in printed
    assert grew < 200


# Through the real command: status 2, one line, and nothing written.


def recipe(folder: Path, kind: str) -> Path:
    lay(folder, kind)
    options = {"name": "s", "kind": kind.partition(" ")[0], "licence": "MIT", **KINDS[kind][0]}
    lines = "\n".join(f"{key} = {_toml(value)}" for key, value in options.items())
    path = folder / "r.toml"
    path.write_text(f'name = "r"\nlanguages = ["en", "de"]\n\n[[sources]]\n{lines}\n')
    return path


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value)


LAUGHS = '<!DOCTYPE tmx [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("kind", "content", "line"),
    [
        ("files jsonl", b'{"q": "\xe4"}\n{"q": "\xe4"}\n', r"a\.jsonl:1: is not UTF-8"),
        ("files csv", "q,a\nw,b\n".encode("utf-16"), r"a\.csv:1: is UTF-16"),
        ("files csv", b'q,a\n"w,b\n', r"a\.csv:2: is not CSV .*closing quote"),
        ("moses", b"one\ntwo\n", "has 1 lines, but .* has 2"),
        ("moses", b"a\0b\n", r"no row is left .*1 of 1: it holds a NUL character"),
        (
            "tmx",
            (LAUGHS + UNIT).replace("%s", "&b;").encode(),
            r"a\.tmx:1: declares or uses an entity",
        ),
        ("squad", b'{"data": [', r"a\.json:1: is not JSON"),
    ],
)
def test_the_command_tells_it_in_one_line_and_writes_nothing(
    kind: str, content: bytes, line: str, tmp_path: Path
) -> None:
    path = recipe(tmp_path, kind)
    (tmp_path / next(iter(KINDS[kind][1]))).write_bytes(content)
    wrong(command("build", path, "--out", tmp_path / "corpus"), line)
    assert not (tmp_path / "corpus" / "manifest.json").exists()
    assert not (tmp_path / "corpus" / "data").exists()
    assert not (tmp_path / "recipe.lock").exists()
