"""Run a command and measure it: seconds, and the memory of all its processes together."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_EVERY = 0.1  # seconds between two looks at the memory


@dataclass(frozen=True)
class Measured:
    """What a command took.

    Attributes:
        seconds: By the clock, start and all.
        processor: Seconds of processors, of it and all that it started and waited for.
        others: Processors that others kept busy meanwhile, of the whole machine, on average.
        peak: Bytes of memory of its processes together, at most: pages that several share count
            once (PSS, where the system tells it). Looked at ten times a second.
        output: What it printed on standard output.
    """

    seconds: float
    processor: float
    others: float
    peak: int
    output: str


def measure(command: list[str], log: Path, env: dict[str, str] | None = None) -> Measured:
    """Run the command to its end.

    Args:
        command: The program and what it is given.
        log: A file for what it prints on standard error.
        env: Variables beside those of this process.

    Raises:
        RuntimeError: It ended with an error; the message has the end of what it printed.
    """
    before, busy = _processor(), _busy()
    began = time.perf_counter()
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env=os.environ | (env or {})
        )
        watcher = _Watcher(process.pid)
        watcher.start()
        try:
            output, _ = process.communicate()
        finally:
            seconds = time.perf_counter() - began
            watcher.stop()
            _end(process)
    if process.returncode:
        tail = log.read_text("utf-8", "replace").splitlines()[-15:]
        raise RuntimeError("\n".join([f"{command[0]} ended with {process.returncode}", *tail]))
    processor = _processor() - before
    others = max(0.0, _busy() - busy - processor) / seconds
    return Measured(seconds, processor, others, watcher.peak, output.decode("utf-8", "replace"))


class _Watcher(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self._ended = threading.Event()
        self.peak = 0

    def run(self) -> None:
        while not self._ended.wait(_EVERY):
            try:
                family = [self._root, *self._root.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            self.peak = max(self.peak, sum(map(_memory, family)))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what still runs, where this process is stopped before it."""
    if process.poll() is None:
        family = psutil.Process(process.pid)
        for one in [*family.children(recursive=True), family]:
            one.kill()
        process.wait()


def _memory(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(getattr(memory, "pss", 0) or memory.rss)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _busy() -> float:
    """Return the seconds that processors of the machine were not idle, but for those of the watcher."""
    times, own = psutil.cpu_times(), resource.getrusage(resource.RUSAGE_SELF)
    busy = times.user + times.system + getattr(times, "nice", 0.0)
    return float(busy - own.ru_utime - own.ru_stime)
