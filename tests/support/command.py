"""Running the command within the test's process, and checking how it told what was wrong."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from isogloss.command.cli import app


def command(*arguments: str | Path) -> Result:
    """Run ``isogloss`` with arguments."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def done(*arguments: str | Path) -> Result:
    """Run a command that must succeed."""
    result = command(*arguments)
    assert result.exit_code == 0, (result.stderr, result.exception)
    return result


def wrong(result: Result, told: str) -> str:
    """Check that a command failed with status 2 and one line that tells it; return the line."""
    assert result.exit_code == 2, (result.stdout, result.stderr, result.exception)
    assert isinstance(result.exception, SystemExit), "an error is told, not raised"
    assert result.stdout == ""
    errors = [line for line in result.stderr.split("\n") if "error" in line or "Error" in line]
    assert len(errors) == 1, result.stderr
    assert result.stderr.rstrip("\n").split("\n")[-1] == errors[0], result.stderr
    assert errors[0].startswith("isogloss: error: ")
    assert re.search(told, errors[0]), errors[0]
    assert all(one.isprintable() for one in errors[0]), repr(errors[0])
    return errors[0]
