"""Where we run: the cache folder, the network, processors, versions of libraries."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import platformdirs


def cache_folder() -> Path:
    """Return the folder for fetched and converted files: ``$ISOGLOSS_CACHE`` or the user's cache."""
    folder = os.environ.get("ISOGLOSS_CACHE")
    return Path(folder) if folder else platformdirs.user_cache_path("isogloss")


def offline() -> bool:
    """Tell whether the user forbade the network (``--offline`` or ``ISOGLOSS_OFFLINE=1``)."""
    return os.environ.get("ISOGLOSS_OFFLINE", "") not in ("", "0")


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def library_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each distribution; those not installed are left out."""
    found = {}
    for name in sorted(names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def hardware() -> dict[str, Any]:
    """Return what a run was made on."""
    found: dict[str, Any] = {
        "machine": platform.machine(),
        "processors": processors(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
    # A system without weights has not loaded torch, and need not wait for it.
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        found["accelerator"] = torch.cuda.get_device_name(0)
    return found
