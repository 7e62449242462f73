"""Leaderboard: from run folders to tables, charts and static pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.lazy import lazily

if TYPE_CHECKING:
    from leaderboard.publishing import PublishSettings as PublishSettings
    from leaderboard.publishing import publish as publish

_HOMES = {"PublishSettings": "leaderboard.publishing", "publish": "leaderboard.publishing"}

__all__ = ["PublishSettings", "publish"]

__getattr__ = lazily(__name__, _HOMES)
