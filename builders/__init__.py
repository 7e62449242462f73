"""Builders: from a recipe to a corpus folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.lazy import lazily

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

__getattr__ = lazily(__name__, _HOMES)
