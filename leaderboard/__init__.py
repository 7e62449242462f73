"""Leaderboard: from run folders to tables, charts and static pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leaderboard.publishing import PublishSettings as PublishSettings
    from leaderboard.publishing import publish as publish

_HOMES = {"PublishSettings": "leaderboard.publishing", "publish": "leaderboard.publishing"}

__all__ = ["PublishSettings", "publish"]


def __getattr__(name: str) -> Any:
    """Import a function's module on first use, so that importing the room stays instant."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
