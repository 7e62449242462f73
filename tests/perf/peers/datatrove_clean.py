"""Clean a folder of pairs with datatrove; run by bench_cleaning.py with datatrove's own Python.

datatrove knows single documents, not pairs: length, ratio and script are ``LambdaFilter`` over both sides,
written as its users write them; its ``LanguageFilter`` sees one side after the other; MinHash sees both
sides as one text, and finds exact duplicates too, so that no other step looks for them. Its language filter
names lid.176.bin on the web; it is given the file of ``--model`` in place of it.

``--shingles word`` is MinHash as it comes: five words. ``char`` is five characters, as isogloss has.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from pathlib import Path

import regex
from datatrove.data import DocumentsPipeline
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import LambdaFilter, LanguageFilter
from datatrove.pipeline.readers import JsonlReader, ParquetReader
from datatrove.pipeline.writers import JsonlWriter, ParquetWriter
from datatrove.utils.lid import FT176LID
from datatrove.utils.text import TextNormConfig
from datatrove.utils.word_tokenizers import WordTokenizer

_LETTER = regex.compile(r"\p{Alphabetic}")
_LATIN = regex.compile(r"[\p{Alphabetic}&&\p{Script=Latin}]", regex.V1)


def pair(self, data: dict, path: str, id_in_file: int | str) -> dict:
    """Make a document of a row: the English, with the German beside."""
    return {"text": data["src"], "id": f"{path}/{id_in_file}", "metadata": {"tgt": data["tgt"]}}


def written(self, document) -> dict:
    src, _, tgt = document.text.partition("\n")
    return {"src": src, "tgt": tgt}


def long_enough(doc) -> bool:
    return 1 <= len(doc.text) <= 2000 and 1 <= len(doc.metadata["tgt"]) <= 2000


def even(doc) -> bool:
    left, right = len(doc.text), len(doc.metadata["tgt"])
    return max(left, right) / min(left, right) < 3


def latin(doc) -> bool:
    return all(
        len(_LATIN.findall(text)) >= 0.4 * len(_LETTER.findall(text))
        for text in (doc.text, doc.metadata["tgt"])
    )


class Turn(PipelineStep):
    """Put the other side where filters look."""

    name = "turn"

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1):
        for doc in data:
            doc.text, doc.metadata["tgt"] = doc.metadata["tgt"], doc.text
            yield doc


class Join(PipelineStep):
    """Make one text of the two sides: the target stands where filters look, the source beside."""

    name = "join"

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1):
        for doc in data:
            doc.text = f"{doc.metadata['tgt']}\n{doc.text}"
            doc.metadata = {}
            yield doc


class Characters(WordTokenizer):
    """Every character is a word."""

    def word_tokenize(self, text: str) -> list[str]:
        return list(text)

    def sent_tokenize(self, text: str) -> list[str]:
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shingles", choices=("word", "char"), default="word")
    options = parser.parse_args()
    out, tasks = options.out.resolve(), options.workers
    os.environ["HF_ASSETS_CACHE"] = str(out / "assets")
    FT176LID.MODEL_URL = str(options.model.resolve())
    config = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)
    tokenizer = "eng"
    if options.shingles == "char":
        tokenizer = Characters()
        config.norm_config = TextNormConfig(remove_punctuation=False, norm_numbers=False)

    numbers = itertools.count()

    def run(steps: list, tasks: int, depends: LocalPipelineExecutor | None = None):
        return LocalPipelineExecutor(
            steps,
            tasks=tasks,
            workers=options.workers,
            depends=depends,
            start_method="fork",
            logging_dir=f"{out}/logs/{next(numbers)}",  # or it is the working folder
        )

    def again():
        return JsonlReader(f"{out}/filtered")

    filtered = run(
        [
            ParquetReader(str(options.data / "parquet"), adapter=pair, text_key="src"),
            LambdaFilter(long_enough),
            LambdaFilter(even),
            LambdaFilter(latin),
            LanguageFilter(["en"], language_threshold=0.5),
            Turn(),
            LanguageFilter(["de"], language_threshold=0.5),
            Join(),
            JsonlWriter(f"{out}/filtered", compression=None),
        ],
        tasks,
    )
    signed = run(
        [again(), MinhashDedupSignature(f"{out}/sigs", config, tokenizer)], tasks, filtered
    )
    bucketed = run(
        [MinhashDedupBuckets(f"{out}/sigs", f"{out}/buckets", config=config)],
        config.num_buckets,
        signed,
    )
    clustered = run([MinhashDedupCluster(f"{out}/buckets", f"{out}/remove", config)], 1, bucketed)
    deduplicated = run(
        [
            again(),
            MinhashDedupFilter(f"{out}/remove"),
            ParquetWriter(f"{out}/clean", adapter=written),
        ],
        tasks,
        clustered,
    )
    deduplicated.run()

    import pyarrow.parquet as pq

    kept = sum(pq.read_metadata(path).num_rows for path in (out / "clean").glob("*.parquet"))
    print(json.dumps({"kept": kept}))


if __name__ == "__main__":
    main()
