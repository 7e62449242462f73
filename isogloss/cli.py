"""The command: ``isogloss build | tune | score | compare | inspect | publish | run | export | list``.

Only this module knows the rooms, and it imports each when it is used.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from isogloss import __version__
from isogloss.errors import IsoglossError

app = typer.Typer(
    name="isogloss",
    help="Multilingual instruction corpora: build them, tune on them, score any model, publish.",
    epilog="Example: isogloss run builders/recipes/starter.toml --out demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]
Resamples = Annotated[int, typer.Option(help="Bootstrap resamples.", min=1)]
Seed = Annotated[int, typer.Option(help="Seed of the bootstrap.")]


def _example(text: str) -> dict[str, Any]:
    return {"epilog": f"Example: {text}"}


def _version(asked: bool) -> None:
    if asked:
        print(f"isogloss {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    offline: Annotated[bool, typer.Option("--offline", help="Never use the network.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if offline:
        os.environ["ISOGLOSS_OFFLINE"] = "1"
    if os.environ.get("ISOGLOSS_OFFLINE", "") not in ("", "0"):
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["HF_DATASETS_OFFLINE"] = "1"


@app.command(**_example("isogloss build builders/recipes/starter.toml --out corpus"))
def build(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a TOML file.")],
    out: Out = Path("corpus"),
    force: Annotated[bool, typer.Option(help="Build anew even if nothing changed.")] = False,
) -> None:
    """Build the corpus of a recipe."""
    import builders

    print(builders.build(recipe, out, force=force))


def main() -> None:
    """Run the command; leave with 0, 2 for bad input, 130 for an interruption."""
    sys.exit(guarded(lambda: app(standalone_mode=False)))


def guarded(run: Callable[[], Any]) -> int:
    """Run a command line and return its exit status, telling errors as one line each."""
    try:
        return int(run() or 0)
    except IsoglossError as error:
        _tell(str(error))
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _tell("interrupted; the same command goes on where this one stopped")
        return 130
    except typer.Exit as leave:
        return leave.exit_code
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _tell("the disk is full. Free some space and run the same command again")
        return 2


def _tell(message: str) -> None:
    print(f"isogloss: error: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
