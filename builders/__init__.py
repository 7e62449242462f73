"""Builders: from a recipe to a corpus folder, and from there to trainers and the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.lazy import lazily

if TYPE_CHECKING:
    from builders.cleaning import clean as clean
    from builders.differences import diff as diff
    from builders.exports import export as export
    from builders.pipeline import build as build
    from builders.pushing import check_repository as check_repository
    from builders.pushing import push as push
    from builders.recipe import load_recipe as load_recipe
    from builders.templatecheck import check_templates as check_templates
    from builders.templating import list_templates as list_templates

# No module is called as what it gives: the import would put the module in its place.
_HOMES = {
    "build": "builders.pipeline",
    "check_repository": "builders.pushing",
    "check_templates": "builders.templatecheck",
    "clean": "builders.cleaning",
    "diff": "builders.differences",
    "export": "builders.exports",
    "list_templates": "builders.templating",
    "load_recipe": "builders.recipe",
    "push": "builders.pushing",
}

__all__ = [
    "build",
    "check_repository",
    "check_templates",
    "clean",
    "diff",
    "export",
    "list_templates",
    "load_recipe",
    "push",
]

__getattr__ = lazily(__name__, _HOMES)
