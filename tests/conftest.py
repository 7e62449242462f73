"""What all tests share: a cache of their own, no network, and real data where it is lent."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no finding: how long an example takes is not tested.
settings.register_profile("isogloss", deadline=None)
settings.load_profile("isogloss")

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Where every core has a worker, more threads of OpenMP (torch) only wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders for caches; making thousands of pytest's own takes it seconds."""
    folder = tmp_path_factory.mktemp("caches")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def private_cache(caches: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what a test fetches or converts out of the user's cache."""
    cache = next(caches)
    cache.mkdir()
    monkeypatch.setenv("ISOGLOSS_CACHE", str(cache))
    return cache


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that some tests measure with; they skip where it is missing."""
    beside = Path(__file__).parent.parent.parent / "shared" / "data"
    folder = Path(os.environ.get("ISOGLOSS_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"SKIPPED LOUDLY: no real data at {folder} (set ISOGLOSS_SHARED_DATA)")
    return folder
