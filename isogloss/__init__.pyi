from benchmarks import load_suite
from isogloss.command.corpus import build, clean
from leaderboard import publish
from runners import compare_runs as compare
from runners import score, tune

__version__: str

__all__ = ["__version__", "build", "clean", "compare", "load_suite", "publish", "score", "tune"]
