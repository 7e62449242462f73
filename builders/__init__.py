"""Builders: from a recipe to a corpus folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from builders.exports import export as export
    from builders.pipeline import build as build
    from builders.recipe import load_recipe as load_recipe
    from builders.templating import list_templates as list_templates

_HOMES = {
    "build": "builders.pipeline",
    "export": "builders.exports",
    "list_templates": "builders.templating",
    "load_recipe": "builders.recipe",
}

__all__ = ["build", "export", "list_templates", "load_recipe"]


def __getattr__(name: str) -> Any:
    """Import a function's module on first use, so that importing the room stays instant."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
