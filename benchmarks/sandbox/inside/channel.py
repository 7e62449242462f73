"""Messages between two processes of the sandbox: JSON behind its length."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

#: Bytes of a message; more is not listened to.
_MOST = 1 << 29
NONSENSE = "ended before its tests did: what it sends is no answer"


class Broken(BaseException):
    """The other side has gone, or sends what is no message."""


class Beyond(BaseException):
    """The tests hand over something that cannot leave their process."""


class Channel:
    """Messages through a stream socket."""

    def __init__(self, socket: Any, waiting: Callable[[], None] = lambda: None) -> None:
        self._send, self._receive, self._waiting = socket.sendall, socket.recv, waiting
        # Taken now: the program may put others in their place.
        self._encode = json.JSONEncoder(separators=(",", ":")).encode
        self._decode = json.JSONDecoder().decode
        self._most, self._allow = sys.get_int_max_str_digits, sys.set_int_max_str_digits

    def send(self, message: Any) -> None:
        """Send what JSON can say."""
        data = self._freely(self._encode, message).encode()
        try:
            self._send(len(data).to_bytes(8, "little") + data)
        except OSError as error:
            raise Broken from error

    def receive(self) -> Any:
        """Wait for a message."""
        self._waiting()
        size = int.from_bytes(self._exactly(8), "little")
        if size > _MOST:
            raise Broken(NONSENSE)
        try:
            return self._freely(self._decode, self._exactly(size).decode())
        except (ValueError, RecursionError) as error:
            raise Broken(NONSENSE) from error

    def _freely(self, convert: Callable[[Any], Any], value: Any) -> Any:
        """Convert with integers of any length, whatever this process allows itself."""
        most = self._most()
        self._allow(0)
        try:
            return convert(value)
        finally:
            self._allow(most)

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            try:
                part = self._receive(min(size, 1 << 20))
            except OSError as error:
                raise Broken from error
            if not part:
                raise Broken
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
