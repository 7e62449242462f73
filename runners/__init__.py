"""Runners: from a model and a corpus or a suite to a checkpoint or a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.lazy import lazily

if TYPE_CHECKING:
    from isogloss.runs import system_of as system_of
    from runners.batch import score_outputs as score_outputs
    from runners.comparing import compare_runs as compare_runs
    from runners.comparing import rank_runs as rank_runs
    from runners.comparing import summarize_run as summarize_run
    from runners.comparing import transfer_runs as transfer_runs
    from runners.inspection import inspect as inspect
    from runners.models._base import GenerationSettings as GenerationSettings
    from runners.outputs import name_of as name_of
    from runners.plan import execute as execute
    from runners.plan import load_plan as load_plan
    from runners.rescoring import rescore as rescore
    from runners.scoring import score as score
    from runners.scoring import score_predictions as score_predictions
    from runners.settings import ScoreSettings as ScoreSettings
    from runners.settings import TuneSettings as TuneSettings
    from runners.tuning import tune as tune

_HOMES = {
    "GenerationSettings": "runners.models._base",
    "ScoreSettings": "runners.settings",
    "TuneSettings": "runners.settings",
    "compare_runs": "runners.comparing",
    "execute": "runners.plan",
    "inspect": "runners.inspection",
    "load_plan": "runners.plan",
    "name_of": "runners.outputs",
    "rank_runs": "runners.comparing",
    "rescore": "runners.rescoring",
    "score": "runners.scoring",
    "score_outputs": "runners.batch",
    "score_predictions": "runners.scoring",
    "summarize_run": "runners.comparing",
    "system_of": "isogloss.runs",
    "transfer_runs": "runners.comparing",
    "tune": "runners.tuning",
}

__all__ = [
    "GenerationSettings",
    "ScoreSettings",
    "TuneSettings",
    "compare_runs",
    "execute",
    "inspect",
    "load_plan",
    "name_of",
    "rank_runs",
    "rescore",
    "score",
    "score_outputs",
    "score_predictions",
    "summarize_run",
    "system_of",
    "transfer_runs",
    "tune",
]

__getattr__ = lazily(__name__, _HOMES)
