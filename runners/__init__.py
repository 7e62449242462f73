"""Runners: from a model and a corpus or a suite to a checkpoint or a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.lazy import lazily

if TYPE_CHECKING:
    from isogloss.runs import system_of as system_of
    from runners.grid import execute as execute
    from runners.grid import load_plan as load_plan
    from runners.inspection import inspect as inspect
    from runners.outputs import name_of as name_of
    from runners.runs.batch import score_outputs as score_outputs
    from runners.runs.compare import compare_runs as compare_runs
    from runners.runs.compare import rank_runs as rank_runs
    from runners.runs.compare import summarize_run as summarize_run
    from runners.runs.compare import transfer_runs as transfer_runs
    from runners.runs.rescore import rescore as rescore
    from runners.runs.score import score as score
    from runners.runs.score import score_predictions as score_predictions
    from runners.settings import GenerationSettings as GenerationSettings
    from runners.settings import ScoreSettings as ScoreSettings
    from runners.settings import TuneSettings as TuneSettings
    from runners.systems import Facts as Facts
    from runners.systems import FamilyModule as FamilyModule
    from runners.systems import Generation as Generation
    from runners.systems import LoadOptions as LoadOptions
    from runners.systems import Model as Model
    from runners.systems import Prompt as Prompt
    from runners.tuning.loop import tune as tune

_HOMES = {
    "Facts": "runners.systems",
    "FamilyModule": "runners.systems",
    "Generation": "runners.systems",
    "GenerationSettings": "runners.settings",
    "LoadOptions": "runners.systems",
    "Model": "runners.systems",
    "Prompt": "runners.systems",
    "ScoreSettings": "runners.settings",
    "TuneSettings": "runners.settings",
    "compare_runs": "runners.runs.compare",
    "execute": "runners.grid",
    "inspect": "runners.inspection",
    "load_plan": "runners.grid",
    "name_of": "runners.outputs",
    "rank_runs": "runners.runs.compare",
    "rescore": "runners.runs.rescore",
    "score": "runners.runs.score",
    "score_outputs": "runners.runs.batch",
    "score_predictions": "runners.runs.score",
    "summarize_run": "runners.runs.compare",
    "system_of": "isogloss.runs",
    "transfer_runs": "runners.runs.compare",
    "tune": "runners.tuning.loop",
}

__all__ = [
    "Facts",
    "FamilyModule",
    "Generation",
    "GenerationSettings",
    "LoadOptions",
    "Model",
    "Prompt",
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
