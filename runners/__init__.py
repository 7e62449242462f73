"""Runners: from a model and a corpus or a suite to a checkpoint or a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.lazy import lazily

if TYPE_CHECKING:
    from runners.inspection import inspect as inspect
    from runners.models._base import GenerationSettings as GenerationSettings
    from runners.plan import execute as execute
    from runners.plan import load_plan as load_plan
    from runners.scoring import compare_runs as compare_runs
    from runners.scoring import score as score
    from runners.scoring import score_predictions as score_predictions
    from runners.settings import ScoreSettings as ScoreSettings
    from runners.settings import TuneSettings as TuneSettings
    from runners.tuning import tune as tune

_HOMES = {
    "GenerationSettings": "runners.models._base",
    "ScoreSettings": "runners.settings",
    "TuneSettings": "runners.settings",
    "compare_runs": "runners.scoring",
    "execute": "runners.plan",
    "inspect": "runners.inspection",
    "load_plan": "runners.plan",
    "score": "runners.scoring",
    "score_predictions": "runners.scoring",
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
    "score",
    "score_predictions",
    "tune",
]

__getattr__ = lazily(__name__, _HOMES)
