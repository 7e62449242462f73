"""Other people's outputs: every format they come in, and how each answer finds its record."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import done, wrong
from support.outputs import answers, records, score, suite, told, words

from isogloss.errors import IsoglossError
from isogloss.files import read_json
from isogloss.records import conform, with_ids
from runners.outputs import fingerprint, name_of, read_outputs


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A suite of one task and pair of languages, five records."""
    return suite(tmp_path, *words(5))


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """A suite of four cells: two sources into German, Chinese, and questions in German."""
    return suite(
        tmp_path,
        *words(3),
        *words(2, source_language="fr"),
        *words(2, language="zh-Hans"),
        *words(2, task="qa", source_language=None),
    )


@pytest.mark.parametrize("ending", ["jsonl", "ndjson", "json", "csv", "tsv", "parquet"])
def test_every_format_with_ids_gives_the_same_scores(
    ending: str, several: Path, tmp_path: Path
) -> None:
    hard = '"quoted"\tand, split\nin two\r\u2028\x00\x1b[2J\u202e漢字😀'
    frame = records(several).select("id", prediction=pl.lit(hard)).reverse()
    path = tmp_path / f"theirs.{ending}"
    if ending == "json":
        path.write_text(json.dumps(dict(frame.rows())), encoding="utf-8")
    elif ending == "parquet":
        frame.write_parquet(path)
    elif ending in ("csv", "tsv"):
        frame.write_csv(path, separator="," if ending == "csv" else "\t", include_bom=True)
    else:
        frame.write_ndjson(path)
    result = score(path, several, tmp_path / "run")
    assert result.exit_code == 0, result.stderr
    assert answers(tmp_path / "run") == dict.fromkeys(frame["id"], hard)
    facts = read_json(tmp_path / "run" / "run.json")
    assert (facts["system"], facts["kind"], facts["model"]) == ("theirs", "outputs", path.name)
    assert "\x1b" not in result.stderr


def test_lines_are_answers_in_the_suites_order(pair: Path, tmp_path: Path) -> None:
    given_lines = ["eins\u2028zwei\x85\x0b", "", "drei\r", '"vier', "fünf"]
    text = "\ufeff" + "\n".join(line + "\r" for line in given_lines)
    (tmp_path / "out.de").write_bytes(text.encode())
    done("score", "--predictions", tmp_path / "out.de", "--suite", pair, "--out", tmp_path / "run")
    assert list(answers(tmp_path / "run").values()) == given_lines
    assert list(answers(tmp_path / "run")) == records(pair)["id"].to_list()


def test_a_pattern_names_the_cells_files(several: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    texts = {"translation.en-deu_Latn": 3, "translation.fr-deu_Latn": 2, "translation.en-zh": 2}
    for name, count in texts.items():
        (tmp_path / "out" / f"{name}.txt").write_text(f"{name}\n" * count)
    pattern = tmp_path / "out" / "{task}.{source_language}-{language}.txt"
    told(pattern, several, tmp_path, "no file for 1 of the suite's 4 cells: qa de.*leave it out")
    translations = suite(
        tmp_path, *words(3), *words(2, source_language="fr"), *words(2, language="zh-Hans"),
        name="mt",
    )  # fmt: skip
    done("score", "--predictions", pattern, "--suite", translations, "--out", tmp_path / "run")
    found = records(translations).with_columns(
        pl.Series("answer", [answers(tmp_path / "run")[one] for one in records(translations)["id"]])
    )
    assert set(found.select("source_language", "language", "answer").rows()) == {
        ("en", "de", "translation.en-deu_Latn"),
        ("fr", "de", "translation.fr-deu_Latn"),
        ("en", "zh-Hans", "translation.en-zh"),
    }
    assert read_json(tmp_path / "run" / "run.json")["system"] == "out"
    (tmp_path / "out" / "translation.en-de.txt").write_text("x\n" * 3)
    told(pattern, translations, tmp_path / "x", "both '.*' and '.*' could be for translation en")
    told(tmp_path / "out" / "{lang}.txt", translations, tmp_path / "x", "unknown placeholder")


def test_a_folder_has_a_file_for_each_cell(several: Path, tmp_path: Path) -> None:
    out = tmp_path / "theirs"
    (out / "qa").mkdir(parents=True)
    for name, count in {"en-de": 3, "fr-de": 2, "zh_Hans": 2, "qa/de": 2}.items():
        (out / f"{name}.txt").write_text(f"{name}\n" * count)
    (out / "nl.txt").write_text("x")
    result = score(out, several, tmp_path / "run")
    assert result.exit_code == 0, result.stderr
    assert "1 files are for no cell of the suite: 'nl.txt'" in result.stderr
    assert sorted(answers(tmp_path / "run").values()) == sorted(
        ["en-de"] * 3 + ["fr-de"] * 2 + ["zh_Hans"] * 2 + ["qa/de"] * 2
    )
    assert read_json(tmp_path / "run" / "run.json")["system"] == "theirs"
    assert "is up to date" in score(out, several, tmp_path / "run").stderr
    (out / "en-de.txt").write_text("anew\n" * 3)
    assert score(out, several, tmp_path / "run").exit_code == 0
    assert "anew" in answers(tmp_path / "run").values(), "another file is another run"
    (out / "fr-de.txt").unlink()
    told(out, several, tmp_path / "x", r"no file for 1 of .* 4 cells: translation fr → de")
    (tmp_path / "empty").mkdir()
    told(tmp_path / "empty", several, tmp_path / "x", r"no file for 4 of the suite's 4 cells")


def test_what_goes_by_place_is_for_one_cell(several: Path, tmp_path: Path) -> None:
    (tmp_path / "de.txt").write_text("x\n" * 9)
    told(
        tmp_path / "de.txt", several, tmp_path, r"is for 4 cells of the suite.*\{source_language\}"
    )
    (tmp_path / "zh-Hans.txt").write_text("x\n" * 2)
    told(tmp_path / "{language}.txt", several, tmp_path, r"de\.txt: .*is for 3 cells of the suite")


def test_ids_may_be_the_data_sets_own_language_by_language(tmp_path: Path) -> None:
    """XTREME gives a file of ids and answers for each language, and the ids are in all of them."""
    rows = [
        {"task": "qa", "language": language, "source_language": None, "input": f"{n} {language}",
         "output": "x", "source_id": f"xquad.{language}.json#q{n}"}
        for language in ("de", "zh-Hans") for n in range(3)
    ]  # fmt: skip
    plain = dict.fromkeys(("instruction", "source", "template", "licence", "split"), "")
    rows = [{**plain, "references": ["x"], "tests": None, "tags": [], "id": "",
             "instruction_language": "en", **row} for row in rows]  # fmt: skip
    asked = with_ids(conform(pl.DataFrame(rows), where="test"))
    for end in ("de", "zh"):
        (tmp_path / f"test-{end}.json").write_text(json.dumps({f"q{n}": end for n in range(3)}))
    found = read_outputs(tmp_path / "test-{language}.json", asked)
    assert found["id"].to_list() == asked["id"].to_list()
    assert found["prediction"].to_list() == ["de"] * 3 + ["zh"] * 3
    with pytest.raises(IsoglossError, match="'q0' is that of several records"):
        read_outputs(tmp_path / "test-de.json", asked)
    (tmp_path / "test-zh.json").write_text('{"q0": "", "q9": ""}')
    with pytest.raises(IsoglossError, match="1 ids are not in the suite: 'q9'"):
        read_outputs(tmp_path / "test-{language}.json", asked)


def test_a_run_is_scored_as_outputs_if_nobody_touched_it(pair: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    done("score", "copy", "--suite", pair, "--out", first, "--name", "Copied")
    done("score", "--predictions", first, "--suite", pair, "--out", tmp_path / "second")
    assert answers(first) == answers(tmp_path / "second")
    assert read_json(tmp_path / "second" / "run.json")["system"] == "Copied"
    wrong(score(first, pair, first), "would be written over the outputs that it scores")
    assert (first / "run.json").exists()
    part = next((first / "predictions").iterdir())
    pl.read_parquet(part).with_columns(prediction=pl.lit("better")).write_parquet(part)
    told(first, pair, tmp_path, "is not the file that run.json was written for")


def test_several_answers_to_a_record(pair: Path, tmp_path: Path) -> None:
    asked = records(pair)["id"].to_list()
    lines = [f"{name},{sample},{name}/{sample}" for sample in (7, 2) for name in reversed(asked)]
    (tmp_path / "o.csv").write_text("\n".join(["id,sample,prediction", *lines[:-1]]) + "\n")
    found = read_outputs(tmp_path / "o.csv", records(pair))
    assert found.select("id", "sample", "prediction").rows() == [
        (name, number, f"{name}/{sample}")
        for name in asked
        for number, sample in enumerate([7] if name == asked[0] else [2, 7])
    ]
    result = score(tmp_path / "o.csv", pair, tmp_path / "run")
    assert "records have 1 to 2 answers each" in result.stderr
    table = pl.read_parquet(tmp_path / "run" / "predictions" / "*.parquet")
    assert table.height == 9
    assert pl.read_parquet(tmp_path / "run" / "scores.parquet")["n"].max() == 5


def test_names_after_files(tmp_path: Path) -> None:
    assert name_of(tmp_path / "theirs.v2.jsonl") == "theirs.v2"
    assert name_of(tmp_path / "out" / "{language}.txt") == "out"
    assert name_of(tmp_path / "sys.{source_language}-{language}.txt") == "sys"
    assert name_of(tmp_path / "{task}" / "{language}") == tmp_path.name
    assert name_of(tmp_path) == tmp_path.name


LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=20)


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(LINE, min_size=1, max_size=6), last=st.booleans())
def test_any_lines_come_back(
    texts: list[str], last: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    asked = records(suite(folder, *words(len(texts))))
    # A byte order mark belongs to the file, and a last \r to the line's end.
    text = "\ufeff" + "\n".join(line + "\r" for line in texts) + ("\n" if last else "")
    (folder / "o.txt").write_bytes(text.encode())
    assert read_outputs(folder / "o.txt", asked)["prediction"].to_list() == texts
    assert list(fingerprint(folder / "o.txt", asked)) == [str(folder / "o.txt")]


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").split("\n")[:-1]


@pytest.mark.parametrize(
    ("pair", "language", "system", "names", "metrics"),
    [
        ("de-fr", "fr", "LT22", ["A"], ("bleu", "chrf")),
        # Of references that fit alike chrF counts the first: B, as was published.
        ("en-zh", "zh-Hans", "LanguageX", ["B", "A"], ("bleu", "chrf")),
    ],
)
def test_wmt22s_outputs_have_their_published_scores(
    pair: str,
    language: str,
    system: str,
    names: list[str],
    metrics: tuple[str, ...],
    shared_data: Path,
    tmp_path: Path,
) -> None:
    folder = shared_data / "wmt22" / pair
    source, end = pair.split("-")
    sources = lines(folder / f"{pair}.src.{source}")
    references = zip(*(lines(folder / f"{pair}.ref.{name}.{end}") for name in names), strict=True)
    spec = suite(
        tmp_path,
        *(
            {"input": text, "output": accepted[0], "references": list(accepted),
             "language": language, "source_language": source}
            for text, accepted in zip(sources, references, strict=True)
        ),
    )  # fmt: skip
    theirs = folder / f"{pair}.hyp.{system}.{end}"
    options = [word for metric in metrics for word in ("--metric", metric)]
    done("score", "--predictions", theirs, "--suite", spec, "--out", tmp_path / "run",
         "--resamples", "5", *options)  # fmt: skip
    published = pl.read_csv(
        shared_data / "wmt22" / "automatic-scores.tsv", separator="\t", infer_schema_length=None
    )
    kind = "all" if len(names) > 1 else names[0]
    found = pl.read_parquet(tmp_path / "run" / "scores.parquet").filter(language=language)
    for metric in metrics:
        row = published.filter(pair=pair, system=system, metric=f"{metric}-{kind}")
        ours = found.filter(pl.col("source_language").is_null(), metric=metric)["score"].item()
        assert ours == pytest.approx(float(row["score"].item()), abs=1e-6)
    shortened = tmp_path / theirs.name
    shortened.write_text("\n".join(lines(theirs)[1:]) + "\n", encoding="utf-8")
    told(
        shortened, spec, tmp_path / "x", f"has {len(sources) - 1:,} lines.*has {len(sources):,} rec"
    )
