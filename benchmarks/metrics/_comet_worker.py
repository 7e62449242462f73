"""COMET in an interpreter of its own: requests come in and scores go out, a line of JSON each.

It is run as a text, by whichever Python has unbabel-comet: it imports nothing of this project and
keeps to Python 3.8.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    """Say which version this is, load the model of the first request, then score the others.

    The first is ``{"checkpoint": PATH}``, answered with ``{"references": BOOL}``: whether the model
    wants references. Each after it is ``{"samples": [...], "batch_size": N}``, answered with
    ``{"scores": [...]}``. What goes wrong is answered with ``{"error": TEXT}``.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries print to what was standard output

    def write(**fields: Any) -> None:
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    try:
        from importlib.metadata import version

        import torch
        from comet import load_from_checkpoint  # type: ignore[import-not-found]

        write(version=version("unbabel-comet"))
        # Everything was fetched before; nothing is fetched from the hub here.
        model = load_from_checkpoint(
            json.loads(sys.stdin.readline())["checkpoint"], local_files_only=True
        )
        write(references=bool(model.requires_references()))
        gpus = 1 if torch.cuda.is_available() else 0
        for line in sys.stdin:
            batch = json.loads(line)
            found = model.predict(
                batch["samples"], batch_size=batch["batch_size"], gpus=gpus, progress_bar=False
            )
            write(scores=[float(score) for score in found.scores])
    except Exception as error:  # whatever it is, the other side should say it
        first = (str(error).strip().splitlines() or [""])[0]
        write(error=f"{type(error).__name__}: {first}")


if __name__ == "__main__":
    main()
