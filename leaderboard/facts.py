"""What is told of a system beside its scores."""

from __future__ import annotations

from typing import Any

from leaderboard.collect import Run


def facts(run: Run) -> list[tuple[str, str]]:
    """Return what is told of a system, as labels and texts."""
    told = run.facts
    tuning = told.get("tuning") or {}
    hardware = told.get("hardware") or {}
    speed = told.get("tokens_per_second")
    seconds = told.get("seconds")
    pairs = [
        ("Kind", told.get("kind")),
        ("Base", told.get("base")),
        ("Model", told.get("model")),
        ("Revision", told.get("revision")),
        ("Family", told.get("family")),
        ("Parameters", f"{told['parameters']:,}" if told.get("parameters") else None),
        ("Licence", told.get("licence")),
        ("Tuning", _settings(tuning)),
        ("Generation", _settings(told.get("generation") or {})),
        ("Time", f"{seconds:,.0f} s" if seconds else None),
        ("Speed", f"{speed:,.0f} tokens/s" if speed else None),
        ("Hardware", ", ".join(f"{name} {value}" for name, value in sorted(hardware.items()))),
        (
            "Libraries",
            ", ".join(f"{k} {v}" for k, v in sorted((told.get("libraries") or {}).items())),
        ),
    ]
    return [(label, str(value)) for label, value in pairs if value]


def _settings(table: dict[str, Any]) -> str:
    shown = {
        name: value for name, value in sorted(table.items()) if value not in (None, [], {}, "")
    }
    told = {
        name: "; ".join(f"{key} {one}" for key, one in sorted(value.items()))
        if isinstance(value, dict)
        else " ".join(map(str, value))
        if isinstance(value, list)
        else value
        for name, value in shown.items()
    }
    return ", ".join(f"{name} = {value}" for name, value in told.items())
