"""The command, or any code, in a process of its own whose environment is its own from the start.

What most commands import takes longer than what tests ask of them, so such processes are forked
from one that has imported it all (`PRELOADED`): nothing that reads the environment when it is
imported, as ``huggingface_hub`` does, and nothing that has threads at work.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PRELOADED = [
    "support.processes", "isogloss.command.cli", "numpy", "polars", "pandas", "pyarrow.parquet",
    "pydantic", "requests", "rich.console", "rich.progress", "scipy.stats", "numba", "yaml",
]  # fmt: skip

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(PRELOADED)


def run_forked(
    arguments: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path | None = None,
    code: str | None = None, timeout: float = 180,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """Run the command, or ``code``, with these arguments; as `subprocess.run` with captured text."""
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder, name) for name in ("stdout", "stderr")]
        process = _context.Process(
            target=_run, args=(list(map(str, arguments)), dict(env), cwd or Path.cwd(), code, said)
        )
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(str(arguments), timeout)
        stdout, stderr = (path.read_text(encoding="utf-8") for path in said)
    return subprocess.CompletedProcess(list(arguments), process.exitcode, stdout, stderr)


def _run(
    arguments: list[str], env: dict[str, str], cwd: Path, code: str | None, said: list[Path]
) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for number, path in enumerate(said, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8", buffering=1)
    sys.argv = ["-c", *arguments]
    if code is None:
        from isogloss.command.cli import main

        main()
    else:
        exec(compile(code, "<code>", "exec"), {"__name__": "__main__"})
