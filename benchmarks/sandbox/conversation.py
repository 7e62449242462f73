"""Listening to a sandbox."""

from __future__ import annotations

import json
import os
import selectors
import socket
import time

from benchmarks.sandbox.limits import Limits

#: Bytes of a line that comes back.
_LINE = 4096
_BLOCK = 1 << 16


class Stopped(Exception):
    """A program has used more than it may."""


class Conversation:
    """Lines to and from a sandbox, while its output is counted and the time is kept.

    Everything that comes back is hostile: lines are short, and nothing is waited for without end.
    """

    def __init__(self, control: socket.socket, output: int, limits: Limits) -> None:
        self.heard = b""
        self._control, self._output = control, output
        self._room = limits.output_kib << 10
        self._limits = limits
        self._lines = b""
        self._deadline = self._seconds = 0.0
        self._selector = selectors.DefaultSelector()
        for file in (control.fileno(), output):
            self._selector.register(file, selectors.EVENT_READ)

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def expect(self, seconds: float) -> None:
        """Let everything from now on take so long."""
        self._seconds, self._deadline = seconds, time.monotonic() + seconds

    def send(self, value: object) -> None:
        """Send a value as JSON. One who has left hears nothing, and will not answer."""
        self._control.settimeout(self._left())
        try:
            self._control.sendall(json.dumps(value).encode() + b"\n")
        except TimeoutError as error:
            raise self._late() from error
        except OSError:
            pass

    def line(self) -> bytes:
        """Return the next line without its end; what there was where none came any more."""
        while b"\n" not in self._lines and len(self._lines) < _LINE and self._open():
            self._listen()
        line, _, self._lines = self._lines.partition(b"\n")
        return line

    def to_the_end(self) -> None:
        """Wait until every process of the sandbox has ended."""
        while self._selector.get_map():
            self._listen()

    def _open(self) -> bool:
        return self._control.fileno() in self._selector.get_map()

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._late()
        return left

    def _late(self) -> Stopped:
        return Stopped(f"took longer than {self._seconds:g} s")

    def _listen(self) -> None:
        for key, _ in self._selector.select(self._left()):
            try:
                read = os.read(key.fd, _BLOCK)
            except ConnectionResetError:
                read = b""
            if not read:
                self._selector.unregister(key.fd)
            elif key.fd == self._output:
                self._count(read)
            elif len(self._lines) < _LINE:  # nothing more is expected of one who says so much
                self._lines += read

    def _count(self, read: bytes) -> None:
        self.heard = (self.heard + read)[:_LINE]
        self._room -= len(read)
        if self._room < 0:
            raise Stopped(f"wrote more than {self._limits.output_kib} KiB")
