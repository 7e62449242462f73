"""What is known of a system beside its scores."""

from __future__ import annotations

from typing import Any

from leaderboard.collect import Run


def facts(run: Run) -> list[tuple[str, str]]:
    """Return what is known of a system, as labels and texts."""
    known = run.facts
    tuning = known.get("tuning") or {}
    hardware = known.get("hardware") or {}
    speed = known.get("tokens_per_second")
    seconds = known.get("seconds")
    pairs = [
        ("Kind", known.get("kind")),
        ("Base", known.get("base")),
        ("Model", known.get("model")),
        ("Revision", known.get("revision")),
        ("Family", known.get("family")),
        ("Parameters", f"{known['parameters']:,}" if known.get("parameters") else None),
        ("Licence", known.get("licence")),
        ("Tuning", _settings(tuning)),
        ("Generation", _settings(known.get("generation") or {})),
        ("Time", f"{seconds:,.0f} s" if seconds else None),
        ("Speed", f"{speed:,.0f} tokens/s" if speed else None),
        ("Hardware", ", ".join(f"{name} {value}" for name, value in sorted(hardware.items()))),
        (
            "Libraries",
            ", ".join(f"{k} {v}" for k, v in sorted((known.get("libraries") or {}).items())),
        ),
    ]
    return [(label, str(value)) for label, value in pairs if value]


def _settings(table: dict[str, Any]) -> str:
    shown = {
        name: value for name, value in sorted(table.items()) if value not in (None, [], {}, "")
    }
    texts = {
        name: "; ".join(f"{key} {one}" for key, one in sorted(value.items()))
        if isinstance(value, dict)
        else " ".join(map(str, value))
        if isinstance(value, list)
        else value
        for name, value in shown.items()
    }
    return ", ".join(f"{name} = {value}" for name, value in texts.items())
