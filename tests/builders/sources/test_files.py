"""Sources: files as people write them become examples, or are told what is wrong where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from builders.sources._base import Context
from isogloss.errors import IsoglossError, Unavailable
from isogloss.plugins import discover

SOURCES = discover("builders.sources")
LANGUAGES = ("en", "de", "fr", "ar", "pl", "zh-Hans")


def read(kind: str, folder: Path, languages: tuple[str, ...] = LANGUAGES, **options: Any) -> Any:
    """Return all examples of a source."""
    context = Context(
        languages, ("translation", "qa", "summarization"), folder, "r.toml: sources[0]", 42
    )
    module = SOURCES[kind]
    reading = module.read(module.Options(name="s", kind=kind, **options), context)
    return pl.concat(list(reading.frames))


def good(frame: pl.DataFrame, **equal: Any) -> list[tuple[str, str]]:
    """Return input and output of the examples that the source keeps."""
    kept = frame.filter(pl.col("rejected_by").is_null())
    return [tuple(row) for row in kept.filter(**equal).select("input", "output").rows()]


PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: {plural}\\n"

{entries}
"""


def catalog(
    folder: Path, locale: str, entries: str, plural: str = "nplurals=2; plural=n != 1;"
) -> Path:
    path = folder / "app" / "locale" / locale / "LC_MESSAGES" / "app.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PO.format(plural=plural, entries=entries), encoding="utf-8")
    return path


def entry(source: str, target: str, *, before: str = "") -> str:
    return f'{before}msgid "{source}"\nmsgstr "{target}"\n\n'


def test_gettext_pairs_english_with_a_locale_and_locales_with_each_other(tmp_path: Path) -> None:
    catalog(tmp_path, "de", entry("Save", "Speichern") + entry("Open", "Öffnen"))
    catalog(tmp_path, "fr", entry("Save", "Enregistrer") + entry("Close", "Fermer"))
    found = read(
        "gettext", tmp_path, path=".", licence="MIT",
        directions=("from-english", "to-english", "between"),
    )  # fmt: skip
    assert ("Save", "Speichern") in good(found, language="de", source_language="en")
    assert ("Fermer", "Close") in good(found, language="en", source_language="fr")
    assert good(found, language="fr", source_language="de") == [("Speichern", "Enregistrer")]
    assert good(found, language="de", source_language="fr") == [("Enregistrer", "Speichern")]
    saved = found.filter(pl.col("input").is_in(["Save", "Speichern", "Enregistrer"]))
    assert saved["group"].n_unique() == 1, "all translations of a text share its split"


def test_gettext_drops_what_a_translator_would_not_sign(tmp_path: Path) -> None:
    catalog(
        tmp_path,
        "de",
        entry("Hello %(name)s", "Hallo %(nam)s")
        + entry("Bye {0}", "Tschüss {0}")
        + entry("Maybe", "Vielleicht", before="#, fuzzy\n")
        + entry("Not yet", "")
        + '#~ msgid "Old"\n#~ msgstr "Alt"\n\n',
    )
    found = read("gettext", tmp_path, path=".", licence="MIT", directions=("from-english",))
    assert good(found) == [("Bye {0}", "Tschüss {0}")]
    reasons = dict(found.filter(pl.col("reason").is_not_null()).select("input", "reason").rows())
    assert reasons["Hello %(name)s"].startswith("its placeholders differ")
    assert reasons["Maybe"].startswith("fuzzy")
    assert reasons["Not yet"] == "untranslated"
    assert reasons["Old"].startswith("obsolete")
    fuzzy = read(
        "gettext", tmp_path, path=".", licence="MIT", fuzzy=True, directions=("from-english",)
    )
    assert ("Maybe", "Vielleicht") in good(fuzzy)


def test_gettext_plurals_are_two_examples_with_every_form_accepted(tmp_path: Path) -> None:
    rule = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
    forms = (
        'msgid "%d file"\nmsgid_plural "%d files"\n'
        'msgstr[0] "%d plik"\nmsgstr[1] "%d pliki"\nmsgstr[2] "%d plików"\n\n'
    )
    catalog(tmp_path, "pl", forms, rule)
    found = read("gettext", tmp_path, path=".", licence="MIT", directions=("from-english",))
    assert good(found) == [("%d file", "%d plik"), ("%d files", "%d plików")]
    plural = found.filter(input="%d files")["references"].item().to_list()
    assert plural == ["%d plików", "%d pliki"]


def test_gettext_contexts_and_accelerators(tmp_path: Path) -> None:
    catalog(
        tmp_path,
        "de",
        entry("May", "Mai", before='msgctxt "month"\n')
        + entry("&File", "&Datei")
        + entry("AT&T", "AT&T")
        + entry("Save _as", "Speichern _unter"),
    )
    found = read("gettext", tmp_path, path=".", licence="MIT", directions=("from-english",))
    assert good(found) == [
        ("May", "Mai"), ("File", "Datei"), ("AT&T", "AT&T"), ("Save as", "Speichern unter"),
    ]  # fmt: skip
    assert found.filter(input="May")["tags"].item().to_list() == ["context:month"]


def test_gettext_reads_mo_and_prefers_the_exact_locale(tmp_path: Path) -> None:
    import polib

    path = catalog(tmp_path, "zh_Hans", entry("Save", "保存"))
    polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))
    path.unlink()
    catalog(tmp_path, "zh_Hant", entry("Save", "儲存"))
    found = read("gettext", tmp_path, path=".", licence="MIT", directions=("from-english",))
    assert good(found, language="zh-Hans") == [("Save", "保存")]


def test_dialogue_reads_conversations_as_people_write_them(tmp_path: Path) -> None:
    (tmp_path / "german").mkdir()
    (tmp_path / "klingon-like").mkdir()
    (tmp_path / "german" / "greetings.yml").write_text(
        "categories:\n- greetings\nconversations:\n"
        "- - Hallo\n  - Guten Tag!\n  - Wie geht's?\n"
        "- - Stimmt das?\n  - yes\n"
        "- - In welchem Jahr?\n  - 1984\n"
        "- - Buch?\n  - Titel: Faust\n"
        "- Allein\n",
        encoding="utf-8",
    )
    found = read("dialogue", tmp_path, path=".", licence="MIT")
    assert good(found) == [
        ("Hallo", "Guten Tag!"), ("Stimmt das?", "yes"), ("In welchem Jahr?", "1984"),
        ("Buch?", "Titel: Faust"),
    ]  # fmt: skip
    assert found.filter(input="Allein")["reason"].item() == "a turn without an answer"
    every = read("dialogue", tmp_path, path=".", licence="MIT", turns="all")
    assert ("Guten Tag!", "Wie geht's?") in good(every)
    assert set(found["language"]) == {"de"}


def test_debian_without_apt_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="there is no apt-get"):
        read("package-descriptions", tmp_path)


ROWS = [
    {"en": "Good morning", "text": "Guten Morgen", "lang": "deu_Latn", "n": 1},
    {"en": "Good night", "text": "Bonne nuit", "lang": "fr", "n": 2},
    {"en": "Thank you", "text": "شكرا لك", "lang": "ar", "n": 3},
]
MAPPED = {
    "task": "translation",
    "columns": {"input": "en", "output": "text", "language": "lang", "id": "n"},
    "source_language": "en",
    "licence": "CC0-1.0",
}


@pytest.mark.parametrize("name", ["p.jsonl", "p.csv", "p.tsv", "p.parquet", "p.jsonl.gz"])
def test_files_of_every_format_give_the_same_examples(name: str, tmp_path: Path) -> None:
    frame, path = pl.DataFrame(ROWS), tmp_path / name
    if name.endswith(".gz"):
        import gzip

        path.write_bytes(gzip.compress(frame.write_ndjson().encode()))
    elif name.endswith(".jsonl"):
        frame.write_ndjson(path)
    elif name.endswith(".parquet"):
        frame.write_parquet(path)
    else:
        frame.write_csv(path, separator="\t" if name.endswith("tsv") else ",")
    found = read("files", tmp_path, path=name, **MAPPED)
    assert found.select("language", "input", "output").rows() == [
        ("de", "Good morning", "Guten Morgen"),
        ("fr", "Good night", "Bonne nuit"),
        ("ar", "Thank you", "شكرا لك"),
    ]


def summaries(folder: Path, name: str, *titles: str) -> None:
    """Write a file as XL-Sum's are: named for its language in English."""
    rows = [
        {"id": f"{title}-1", "url": f"https://bbc.example/{title}", "title": title,
         "summary": f"Kurz: {title}", "text": f"Lang\u2028 und breit: {title}"}
        for title in titles
    ]  # fmt: skip
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / name).write_text(lines, encoding="utf-8")


SUMMED: dict[str, Any] = {
    "task": "summarization",
    "columns": {"input": "text", "output": "summary", "id": "id"},
    "licence": "CC-BY-NC-SA-4.0",
}
XLSUM = {
    "german_test.jsonl": "deu_Latn", "chinese_simplified_test.jsonl": "zh",
    "amharic_test.jsonl": "am", "a*_b.jsonl": "pl",
}  # fmt: skip


def test_files_whose_names_do_not_tell_are_given_their_languages(tmp_path: Path) -> None:
    summaries(tmp_path, "german_test.jsonl", "Rhein", "Elbe")
    summaries(tmp_path, "chinese_simplified_test.jsonl", "长江")
    summaries(tmp_path, "a1_b.jsonl", "Wisła")
    summaries(tmp_path, "a2_b.jsonl", "Odra")
    # The recipe does not keep Amharic: that there is no such file is nothing to it.
    found = read("files", tmp_path, path=XLSUM, **SUMMED)
    assert found.select("language", "output", "source_id").rows() == [
        ("pl", "Kurz: Wisła", "Wisła-1"), ("pl", "Kurz: Odra", "Odra-1"),
        ("zh-Hans", "Kurz: 长江", "长江-1"),
        ("de", "Kurz: Rhein", "Rhein-1"), ("de", "Kurz: Elbe", "Elbe-1"),
    ]  # fmt: skip
    assert set(found["task"]) == {"summarization"}
    assert good(found, language="de")[0] == ("Lang\u2028 und breit: Rhein", "Kurz: Rhein")
    with pytest.raises(IsoglossError, match=r"amharic_test\.jsonl: there is no such file"):
        read("files", tmp_path, ("am",), path=XLSUM, **SUMMED)
    with pytest.raises(IsoglossError, match="no file is in a language of the recipe"):
        read("files", tmp_path, ("sw",), path=XLSUM, **SUMMED)


@pytest.mark.parametrize(
    ("path", "more", "told"),
    [
        ({"german_test.jsonl": "de"}, {"language": "de"}, "path says each one's language already"),
        ({"german_{language}.jsonl": "de"}, {}, "path says each one's language already"),
        ({"german_test.jsonl": "tlhh"}, {}, r"path: german_test\.jsonl: 'tlhh' is not a language tag"),
        ({"german_test.jsonl": "de", "g*.jsonl": "fr"}, {}, r"german_test\.jsonl is given two languages: de, fr"),
    ],
)  # fmt: skip
def test_files_are_given_one_language_once(
    path: dict[str, str], more: dict[str, Any], told: str, tmp_path: Path
) -> None:
    summaries(tmp_path, "german_test.jsonl", "Rhein")
    with pytest.raises((IsoglossError, ValueError), match=told):
        read("files", tmp_path, path=path, **SUMMED, **more)


def test_files_of_klexikon_are_summaries(shared_data: Path) -> None:
    columns = {"input": "text", "output": "summary", "id": "title"}
    found = read(
        "files", shared_data, path={"klexikon/test.jsonl": "de"}, **{**SUMMED, "columns": columns}
    )
    assert found.height == 274
    assert found["reason"].null_count() == found.height
    assert set(found["language"]) == {"de"}


def test_squad_answers_come_from_their_passage(tmp_path: Path) -> None:
    def asked(name: str, question: str, *answers: str) -> dict[str, Any]:
        return {
            "id": name, "question": question, "is_impossible": not answers,
            "answers": [{"text": text, "answer_start": 0} for text in answers],
        }  # fmt: skip

    passage = "Der Rhein fließt durch Köln."
    paragraph = {
        "context": passage,
        "qas": [
            asked("a", "Wo fließt der Rhein?", "Köln", "durch Köln"),
            asked("b", "Wo fließt die Elbe?"),
            asked("c", "Was?", "Hamburg"),
        ],
    }
    document = {"version": "1.1", "data": [{"title": "t", "paragraphs": [paragraph]}]}
    (tmp_path / "q.json").write_text(json.dumps(document), encoding="utf-8")
    found = read("squad", tmp_path, path="q.json", language="de", licence="MIT")
    assert good(found) == [("Wo fließt der Rhein?", "Köln")]
    row = found.row(0, named=True)
    assert row["context"] == passage
    assert row["references"] == ["Köln", "durch Köln"]
    assert found["group"].n_unique() == 1
    reasons = found["reason"].drop_nulls().to_list()
    assert reasons == [
        "the passage does not answer the question",
        "the answer is not in the passage",
    ]
    kept = read("squad", tmp_path, path="q.json", language="de", licence="MIT", unanswerable="keep")
    assert ("Wo fließt die Elbe?", "") in good(kept)


BROKEN: list[tuple[str, str, bytes, dict[str, Any], str]] = [
    ("gettext", "de/LC_MESSAGES/a.po", b'msgid "a"\nfoo "b"\n', {"path": "."}, r"a\.po:2: is not a gettext"),
    ("gettext", "de/LC_MESSAGES/a.mo", b"\x00\x01", {"path": "."}, "is not a gettext catalog"),
    ("gettext", "x.txt", b"", {"path": "."}, "holds no catalogs"),
    ("gettext", "x.txt", b"", {"path": "none"}, "there is no such folder"),
    ("dialogue", "german/a.yml", b"a: [\n- b\n", {"path": "."}, r"a\.yml:\d+: is not YAML"),
    ("dialogue", "german/a.yml", b"conversations: 3\n", {"path": "."}, "has no list of 'conversations'"),
    ("dialogue", "german/a.yml", b"\xff\xfe\xfd", {"path": "."}, "is not"),
    ("package-descriptions", "Translation-en", b"Package: a\nnonsense\n", {"path": "."}, r"Translation-en:2: is not 'Field: value'"),
    ("package-descriptions", "Translation-en", b"Package: a\n", {"path": "."}, "lacks Package, Description-md5"),
    ("files", "p.jsonl", b"\n{broken\n", {"path": "p.jsonl", **MAPPED}, r"p\.jsonl:2"),
    ("files", "p.parquet", b"PAR1 and no more", {"path": "p.parquet", **MAPPED}, "Parquet"),
    ("files", "p.csv", b"en,txt,lang,n\na,b,de,1\n", {"path": "p.csv", **MAPPED}, "unknown column 'text'.*Did you mean 'txt'"),
    ("files", "p.csv", b"en,text,lang,n\na,b,notalanguage,1\n", {"path": "p.csv", **MAPPED}, "notalanguage"),
    ("files", "p.csv", b"", {"path": "q.csv", **MAPPED}, "no such file|no file"),
    ("squad", "q.json", b'{"data": [{"paragraphs": [{}]}]}', {"path": "q.json", "language": "de"}, r"paragraphs\[0\]: has no 'qas'|has no 'context'"),
    ("squad", "q.json", b'{"data": [', {"path": "q.json", "language": "de"}, r"q\.json:1: is not JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "content", "options", "told"), BROKEN)
def test_what_is_broken_is_told_with_its_place(
    kind: str, name: str, content: bytes, options: dict[str, Any], told: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if kind == "files" and "notalanguage" in told:
        found = read(kind, tmp_path, **{"licence": "MIT", **options})
        assert found["rejected_by"].to_list() == ["source"]
        assert "notalanguage" in found["reason"].item()
        return
    with pytest.raises(IsoglossError, match=told):
        read(kind, tmp_path, **{"licence": "MIT", **options})


def test_a_source_without_a_licence_is_not_read(tmp_path: Path) -> None:
    catalog(tmp_path, "de", entry("Save", "Speichern"))
    with pytest.raises(IsoglossError, match="the licence of these catalogs is not known"):
        read("gettext", tmp_path, path=".")


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_every_kind_shows_an_example_that_is_valid(kind: str) -> None:
    import tomllib

    module = SOURCES[kind]
    table = tomllib.loads(module.EXAMPLE)["sources"][0]
    assert table["kind"] == kind
    module.Options.model_validate(table)
