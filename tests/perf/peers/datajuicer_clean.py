"""Clean a folder of pairs with data-juicer; run by bench_cleaning.py with data-juicer's own Python.

Its operators see one column. Length and language are run on each side, with the statistics of the first
dropped in between (they are named by the operator alone, and would be taken for those of the second);
MinHash sees both sides as one text and finds exact duplicates too. It has no length ratio of two columns
and no script share, so those steps are not done. Its language filter looks for lid.176.bin; a link of that
name to the file of ``--model`` stands in DATA_JUICER_MODELS_CACHE.

``--shingles word`` is MinHash as it comes: five words. ``char`` is five characters, as isogloss has.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shingles", choices=("word", "char"), default="word")
    options = parser.parse_args()
    out = options.out.resolve()
    models = out / "models"
    models.mkdir(parents=True, exist_ok=True)
    (models / "lid.176.bin").symlink_to(options.model.resolve())
    # Both are read when the packages are imported.
    os.environ["DATA_JUICER_MODELS_CACHE"] = str(models)
    os.environ["HF_DATASETS_CACHE"] = str(out / "cache")
    clean(options, out)


def clean(options: argparse.Namespace, out: Path) -> None:
    from data_juicer.core.data import NestedDataset
    from data_juicer.ops.deduplicator.document_minhash_deduplicator import (
        DocumentMinhashDeduplicator,
    )
    from data_juicer.ops.filter.language_id_score_filter import LanguageIDScoreFilter
    from data_juicer.ops.filter.text_length_filter import TextLengthFilter
    from data_juicer.utils.constant import Fields
    from datasets import load_dataset

    files = sorted(str(path) for path in (options.data / "parquet").glob("*.parquet"))
    dataset = NestedDataset(load_dataset("parquet", data_files=files, split="train"))
    given = {"num_proc": options.workers}
    for side, language in (("src", "en"), ("tgt", "de")):
        dataset = dataset.process(
            [
                TextLengthFilter(min_len=1, max_len=2000, text_key=side, **given),
                LanguageIDScoreFilter(lang=language, min_score=0.5, text_key=side, **given),
            ],
            open_monitor=False,
        )
        dataset = NestedDataset(dataset.remove_columns(Fields.stats))
    joined = dataset.map(
        lambda rows: {
            "text": [f"{src}\n{tgt}" for src, tgt in zip(rows["src"], rows["tgt"], strict=True)]
        },
        batched=True,
        num_proc=options.workers,
    )
    dataset = NestedDataset(joined).process(
        [
            DocumentMinhashDeduplicator(
                tokenization="character" if options.shingles == "char" else "space",
                window_size=5,
                num_permutations=112,
                num_bands=14,
                num_rows_per_band=8,
                **given,
            )
        ],
        open_monitor=False,
    )
    dataset.remove_columns("text").to_parquet(str(out / "clean.parquet"))
    print(json.dumps({"kept": len(dataset)}))


if __name__ == "__main__":
    main()
