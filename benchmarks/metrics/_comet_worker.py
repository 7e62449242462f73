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

    def tell(**told: Any) -> None:
        answers.write(json.dumps(told) + "\n")
        answers.flush()

    try:
        from importlib.metadata import version

        import torch
        from comet import load_from_checkpoint  # type: ignore[import-not-found]

        tell(version=version("unbabel-comet"))
        # Everything was fetched before; nothing is asked of the hub here.
        model = load_from_checkpoint(
            json.loads(sys.stdin.readline())["checkpoint"], local_files_only=True
        )
        tell(references=bool(model.requires_references()))
        gpus = 1 if torch.cuda.is_available() else 0
        for line in sys.stdin:
            asked = json.loads(line)
            found = model.predict(
                asked["samples"], batch_size=asked["batch_size"], gpus=gpus, progress_bar=False
            )
            tell(scores=[float(score) for score in found.scores])
    except Exception as error:  # whatever it is, the other side should tell it
        first = (str(error).strip().splitlines() or [""])[0]
        tell(error=f"{type(error).__name__}: {first}")


if __name__ == "__main__":
    main()
