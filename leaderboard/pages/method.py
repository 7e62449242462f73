"""How everything was measured: the suite, the metrics with their signatures, the intervals."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from benchmarks import list_metrics, list_tasks
from leaderboard.site import Page, Site


def pages(site: Site) -> Iterator[Page]:
    """Yield the page."""
    used = pl.concat([run.scores.select("metric", "signature") for run in site.runs])
    signatures = used.filter(~pl.col("signature").str.contains("mean-of-languages")).unique()
    by_metric = {
        name: sorted(signatures.filter(metric=name)["signature"].to_list())
        for name in sorted(signatures["metric"].unique().to_list())
    }
    values = {
        "heading": "How this was measured",
        "suite": site.runs[0].facts["suite"],
        "resamples": site.resamples,
        "seed": site.seed,
        "tasks": [list_tasks()[task] for task in site.tasks],
        "metrics": [(list_metrics()[name], found) for name, found in by_metric.items()],
    }
    yield Page("method.html", "method.html.j2", values)
