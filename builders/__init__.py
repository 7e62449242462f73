"""Builders: from a recipe to a corpus folder, and from there to trainers and the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.lazy import lazily

if TYPE_CHECKING:
    from builders.corpus.diff import diff as diff
    from builders.corpus.export import export as export
    from builders.corpus.push import check_repository as check_repository
    from builders.corpus.push import push as push
    from builders.pipeline.build import build as build
    from builders.pipeline.clean import clean as clean
    from builders.recipe import load_recipe as load_recipe
    from builders.recipes.shipped import copy_recipe as copy_recipe
    from builders.recipes.shipped import list_recipes as list_recipes
    from builders.templates.check import check_templates as check_templates
    from builders.templates.loading import list_templates as list_templates

# No module is called as what it gives: the import would put the module in its place.
_HOMES = {
    "build": "builders.pipeline.build",
    "check_repository": "builders.corpus.push",
    "check_templates": "builders.templates.check",
    "clean": "builders.pipeline.clean",
    "copy_recipe": "builders.recipes.shipped",
    "diff": "builders.corpus.diff",
    "export": "builders.corpus.export",
    "list_recipes": "builders.recipes.shipped",
    "list_templates": "builders.templates.loading",
    "load_recipe": "builders.recipe",
    "push": "builders.corpus.push",
}

__all__ = [
    "build",
    "check_repository",
    "check_templates",
    "clean",
    "copy_recipe",
    "diff",
    "export",
    "list_recipes",
    "list_templates",
    "load_recipe",
    "push",
]

__getattr__ = lazily(__name__, _HOMES)
