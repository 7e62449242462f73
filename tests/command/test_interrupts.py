"""Ctrl-C, as a terminal sends it to every process at once, at awkward moments."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.recipes import little_recipe

ENGLISH = "The old house number {} stands at the end of the street beside the church"
GERMAN = "Das alte Haus Nummer {} steht ganz am Ende der Straße neben der Kirche"
TOLD = "isogloss: error: interrupted; the same command goes on where this one stopped"
PROGRESS = re.compile(r"(source ours|duplicates|filter language|mixture|writing)(:| …).*")


def slow_recipe(folder: Path, rows: int) -> None:
    """Write a recipe whose language filter takes its time."""
    pairs = ((ENGLISH.format(n), GERMAN.format(n), "de") for n in range(rows))
    langdetect = '[[filters]]\nname = "language"\nbackend = "langdetect"\n'
    little_recipe(folder, pairs, langdetect, languages=["de", "en"])


# The last is minutes of work, which is waited for in one piece.
@pytest.mark.parametrize(
    ("delay", "rows"),
    [
        *((delay, 2500) for delay in (0.0, 0.6)),
        *(pytest.param(delay, 2500, marks=pytest.mark.slow) for delay in (0.3, 0.9, 1.4, 2.0)),
        (1.5, 20_000),
        pytest.param(4.0, 60_000, marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_in_the_language_filter_is_one_line(delay: float, rows: int, tmp_path: Path) -> None:
    slow_recipe(tmp_path, rows)
    end_in_the_language_filter(tmp_path, delay, signal.SIGINT)


def test_sigterm_in_the_language_filter_is_one_line(tmp_path: Path) -> None:
    slow_recipe(tmp_path, 20_000)
    end_in_the_language_filter(tmp_path, 1.0, signal.SIGTERM)


def end_in_the_language_filter(folder: Path, delay: float, number: signal.Signals) -> None:
    """Send a signal some seconds after the filter began: Ctrl-C to all processes, others to one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "isogloss.command.cli", "build", "recipe.toml", "--out", "out"],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    before = []
    for line in process.stderr:
        before.append(line)
        if line.startswith("filter language"):
            break
    time.sleep(delay)
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    out, rest = process.communicate(timeout=60)
    assert process.returncode == 128 + number, rest
    assert out == ""
    said = [line for line in (*before, *rest.splitlines()) if not PROGRESS.match(line)]
    told = TOLD if number == signal.SIGINT else TOLD.replace("interrupted", "terminated")
    assert said == [told], rest


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


LOADING = """
import json, signal
from langdetect import detector_factory
load, calls = detector_factory.json.load, []
def interrupted(file):
    calls.append(file)
    if len(calls) == 20:
        signal.raise_signal(signal.SIGINT)
    return load(file)
detector_factory.json.load = interrupted
from isogloss.identifiers.langdetect import languages, rankings
try:
    languages()
except KeyboardInterrupt:
    print("interrupted", len(calls))
print(len(languages()), rankings(["Das Haus steht am Ende der Straße."])[0][0][0])
"""


def test_langdetect_is_loaded_whole_and_the_interruption_told_after() -> None:
    done = python(LOADING)
    assert done.stdout.splitlines() == ["interrupted 55", "54 de"], done.stderr


THREAD = """
import signal, threading
from isogloss.identifiers.langdetect import languages
thread = threading.Thread(target=lambda: print(len(languages())))
thread.start(); thread.join()
signal.signal(signal.SIGINT, signal.SIG_IGN)
from isogloss.interrupts import held_back
with held_back():
    signal.raise_signal(signal.SIGINT)
print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)
"""


def test_other_threads_load_too_and_an_ignored_signal_stays_ignored() -> None:
    assert python(THREAD).stdout.split() == ["54", "True"]


HELD = """
import signal
from isogloss.interrupts import Terminated, held_back, termination_raised
try:
    with termination_raised():
        with held_back():
            signal.raise_signal(signal.SIGTERM)
            print("whole")
except Terminated:
    print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with termination_raised(), held_back():
    signal.raise_signal(signal.SIGTERM)
print("ignored")
"""


def test_sigterm_is_held_back_too_and_an_ignored_one_stays_ignored() -> None:
    assert python(HELD).stdout.split() == ["whole", "True", "ignored"]


LATE = """
import signal, sys
from isogloss.command.errors import leave_quietly
leave_quietly()
print("done")
signal.raise_signal(getattr(signal, sys.argv[1]))
"""


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_after_the_work_is_one_line(name: str, status: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LATE, name], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (status, "done\n")
    (said,) = done.stderr.splitlines()
    assert said.startswith("isogloss: error: ")


SHORT = """
import resource, sys
from isogloss.command.cli import main
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, resource.RLIM_INFINITY))
sys.argv = ["isogloss", "list", "suites"]
main()
"""


def test_too_few_addresses_are_told() -> None:
    done = python(SHORT)
    assert done.returncode == 2
    (said,) = done.stderr.splitlines()
    assert said.startswith("isogloss: error: the address space is limited to 3072 MiB")


@pytest.mark.parametrize(
    "error",
    [
        "MemoryError()",
        'RuntimeError("can\'t start new thread")',
        'RuntimeError("DefaultCPUAllocator: can\'t allocate memory: you tried")',
        "ImportError('libtorch.so: failed to map segment from shared object')",
        "OSError(12, 'Cannot allocate memory')",
        "pl.exceptions.PanicException('called `Result::unwrap()`: ThreadPoolBuildError')",
        "pl.exceptions.ComputeError('Cannot allocate memory (os error 12)')",
    ],
)
def test_want_of_memory_is_one_line(error: str) -> None:
    code = f"import polars as pl\nfrom isogloss.command.errors import guarded\ndef fail(): raise {error}\n"
    done = python(code + "try: guarded(fail)()\nexcept Exception as left: print(left.exit_code)")
    assert done.stdout == "2\n"
    (said,) = done.stderr.splitlines()
    assert "there is not enough memory" in said


THREADS = """
import threading
from isogloss.identifiers.langdetect import languages
found, together = [], threading.Barrier(8)
def ask():
    together.wait()
    found.append(len(languages.__wrapped__()))
threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*found)
"""


def test_threads_that_load_langdetect_at_once_all_have_all_of_it() -> None:
    assert python(THREADS).stdout.split() == ["54"] * 8


COMPILING = """
import signal, threading
from isogloss.native import event, native
class Hasty(event.Listener):
    def on_start(self, _):
        signal.raise_signal(signal.SIGINT)
    def on_end(self, _):
        pass
@native
def double(x):
    return 2 * x
@native
def fourfold(x):
    return double(double(x))
thread = threading.Thread(target=double, args=[1.0])
thread.start(); thread.join()
with event.install_listener("numba:compile", Hasty()):
    try:
        fourfold(1)
    except KeyboardInterrupt:
        print("interrupted", len(fourfold.signatures), len(double.signatures))
print(fourfold(1), signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def test_a_function_is_compiled_whole_and_the_interruption_told_after(tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(COMPILING)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.splitlines() == ["interrupted 1 2", "4 True"], done.stderr
    assert done.stderr == ""


ORPHANS = """
import os, signal, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from isogloss.interrupts import kept_from_children, serve_parent
pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=serve_parent)
with kept_from_children():
    asked = pool.submit(os.getpid)
print(asked.result(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_workers_leave_with_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    body = "".join(f"    {line}\n" for line in ORPHANS.strip().splitlines())
    script.write_text(f"if __name__ == '__main__':\n{body}")
    with (tmp_path / "said").open("w+") as said:
        # A worker that stays would hold a pipe open, and the wait for its end would hide that.
        subprocess.run([sys.executable, str(script)], stdout=said, timeout=60, check=False)
        said.seek(0)
        worker = int(said.read())
    end = time.monotonic() + 10
    while running(worker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not running(worker)


def running(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for yet does not."""
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")
