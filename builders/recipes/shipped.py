"""The shipped recipes by name: what there is, where its file lies, and a copy of it to edit."""

from __future__ import annotations

from pathlib import Path

from isogloss.errors import IsoglossError
from isogloss.files import write_text
from isogloss.settings import read_toml, unknown

_FOLDER = Path(__file__).resolve().parent


def list_recipes() -> dict[str, str]:
    """Return the shipped recipes' names and descriptions."""
    return {name: read_toml(path)["description"] for name, path in _files().items()}


def recipe_file(recipe: Path | str) -> Path:
    """Return the file of a recipe.

    Args:
        recipe: A path, or, as a text, the name of a shipped recipe. A file of yours that bears such a
            name is meant by ``./name``.

    Raises:
        IsoglossError: A text is neither.
    """
    if isinstance(recipe, Path):
        return recipe
    shipped = _files()
    if recipe in shipped:
        return shipped[recipe]
    path = Path(recipe)
    # A bare word that is no file was meant as a name.
    if not path.exists() and not path.suffix and path.name == recipe:
        raise unknown("recipe", recipe, [*shipped, "FILE.toml"], where="recipe")
    return path


def copy_recipe(name: str, out: Path | str) -> Path:
    """Write a shipped recipe to a file, to be edited.

    Args:
        name: The recipe's name.
        out: The file to write.

    Returns:
        The file.

    Raises:
        IsoglossError: There is no such recipe; the file is there already, or cannot be written.
    """
    shipped, out = _files(), Path(out)
    if name not in shipped:
        raise unknown("recipe", name, list(shipped), where="recipe")
    if out.exists():
        raise IsoglossError("is there already", where=out, remedy="Name another file")
    write_text(out, shipped[name].read_text(encoding="utf-8"))
    return out


def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(_FOLDER.glob("*.toml"))}
