"""The command: ``isogloss build | tune | score | compare | inspect | publish | run | export | list``.

Only this module knows the rooms, and it imports each when it is used.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

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


F = TypeVar("F", bound=Callable[..., Any])


def _guarded(command: F) -> F:
    """Tell an error as one line and leave with its status: 2, or 130 for an interruption."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except IsoglossError as error:
            raise _leave(str(error), error.exit_code) from error
        except KeyboardInterrupt as error:
            text = "interrupted; the same command goes on where this one stopped"
            raise _leave(text, 130) from error
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            text = "the disk is full. Free some space and run the same command again"
            raise _leave(text, 2) from error

    return cast(F, run)


def _leave(message: str, status: int) -> typer.Exit:
    print(f"isogloss: error: {message}", file=sys.stderr)
    return typer.Exit(status)


@app.command(**_example("isogloss build builders/recipes/starter.toml --out corpus"))
@_guarded
def build(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a TOML file.")],
    out: Out = Path("corpus"),
    force: Annotated[bool, typer.Option(help="Build anew even if nothing changed.")] = False,
) -> None:
    """Build the corpus of a recipe."""
    import builders

    print(builders.build(recipe, out, force=force))


@app.command(**_example("isogloss export corpus train.jsonl --layout messages"))
@_guarded
def export(
    corpus: Annotated[Path, typer.Argument(help="A corpus folder.")],
    out: Annotated[Path, typer.Argument(help="The JSONL file to write.")],
    layout: Annotated[
        str, typer.Option(help="messages, prompt-completion or input-output.")
    ] = "messages",
    split: Annotated[str, typer.Option(help="The split to export.")] = "train",
) -> None:
    """Write a corpus's split as JSON Lines for other trainers."""
    import builders

    builders.export(corpus, out, layout=cast(Any, layout), split=split)
    print(out)


def main() -> None:
    """Run the command; leave with 0, 2 for bad input, 130 for an interruption."""
    app()


if __name__ == "__main__":
    main()
