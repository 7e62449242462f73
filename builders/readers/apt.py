"""Fetching Debian's translated descriptions with apt, into a folder of our own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from isogloss.console import say
from isogloss.environment import cache_folder, offline
from isogloss.errors import Unavailable
from isogloss.files import read_json, write_json
from isogloss.locks import scratch

_FILE = re.compile(r"_(main|contrib|non-free[^_]*)_i18n_Translation-")
_SUITE = re.compile(r"_dists_([^_]+(?:_[^_]+)?)_main_i18n_")
_TIMEOUT_S = 300


def fetch(codes: list[str], *, where: str) -> tuple[list[Path], str]:
    """Return the ``Translation-xx`` files of Debian's main section, and their suites' names.

    Args:
        codes: The locale codes to ask for; those that do not exist are left out.
        where: The place to name in an error.

    The system's own package lists are neither read nor changed. What was fetched once is kept.

    Raises:
        Unavailable: There is no apt-get, no network, or no Debian among apt's sources.
    """
    key = "-".join(codes)
    folder = cache_folder() / "apt"
    state = folder / "fetched.json"
    if state.exists():
        known = read_json(state)
        if set(codes) <= set(known["codes"]):
            return _files(folder / "lists"), known["version"]
    if shutil.which("apt-get") is None:
        raise Unavailable(
            "there is no apt-get on this machine",
            where=where,
            remedy='Give a folder of Translation-xx files with path = "…"',
        )
    if offline():
        raise Unavailable(
            "Debian's descriptions are not in the cache, and the network is forbidden (--offline)",
            where=where,
            remedy="Run once without --offline",
        )
    say(f"fetching Debian's package descriptions with apt ({key}) …")
    with scratch(folder) as beside:
        problem = _update(beside, codes)
        found = _files(beside / "lists")
        if not any(path.name.split("Translation-")[1].startswith("en") for path in found):
            raise Unavailable(
                f"apt-get fetched no descriptions ({problem or 'no Debian among its sources'})",
                where=where,
                remedy="Check the network and apt's sources",
            )
        shutil.rmtree(folder / "lists", ignore_errors=True)
        (folder / "lists").mkdir()
        for path in found:
            path.replace(folder / "lists" / path.name)
    kept = _files(folder / "lists")
    suites = {match[1] for path in kept if (match := _SUITE.search(path.name))}
    version = "+".join(sorted(suites))
    write_json(state, {"codes": sorted(codes), "version": version})
    return kept, version


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*Translation-*") if _FILE.search(path.name))


def _update(scratch: Path, codes: list[str]) -> str:
    """Run ``apt-get update`` on private folders, for descriptions only; return what it said."""
    for name in ("lists/partial", "cache/archives/partial", "state"):
        (scratch / name).mkdir(parents=True)
    # apt drops its rights to a user of its own, who must be let in.
    scratch.chmod(0o755)
    options = {
        "Dir::State": f"{scratch}/state",
        "Dir::State::lists": f"{scratch}/lists",
        "Dir::Cache": f"{scratch}/cache",
        "Acquire::Languages": ",".join(codes),
        "Acquire::IndexTargets::deb::Packages::DefaultEnabled": "false",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "Acquire::Retries": "3",
        "Acquire::http::Timeout": "30",
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
        "APT::Update::Post-Invoke-Success": "",
        "APT::Update::Post-Invoke": "",
    }
    command = ["apt-get", "update", "--quiet"]
    for key, value in options.items():
        command += ["-o", f"{key}={value}"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return f"no answer within {_TIMEOUT_S} s"
    said = [line for line in result.stderr.splitlines() if line.startswith(("E:", "W:"))]
    return said[-1] if said else ""
