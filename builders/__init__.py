"""Builders: from a recipe to a corpus folder, and from there to trainers and the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.lazy import lazily

if TYPE_CHECKING:
    from builders.cleaning import clean as clean
    from builders.finished.differences import diff as diff
    from builders.finished.exports import export as export
    from builders.finished.pushing import check_repository as check_repository
    from builders.finished.pushing import push as push
    from builders.phrasing.check import check_templates as check_templates
    from builders.pipeline import build as build
    from builders.recipe import load_recipe as load_recipe
    from builders.templating import list_templates as list_templates

# No module is called as what it gives: the import would put the module in its place.
_HOMES = {
    "build": "builders.pipeline",
    "check_repository": "builders.finished.pushing",
    "check_templates": "builders.phrasing.check",
    "clean": "builders.cleaning",
    "diff": "builders.finished.differences",
    "export": "builders.finished.exports",
    "list_templates": "builders.templating",
    "load_recipe": "builders.recipe",
    "push": "builders.finished.pushing",
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
