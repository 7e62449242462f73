"""An OpenAI-compatible server of our own on the loopback interface, for tests: it says texts back.

with ChatServer() as server:
    ChatClient(server.url)("m", ["Hi"])   # ["<Hi>"]
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from support.loopback import Loopback


class ChatServer(Loopback):
    """Answer chat completions while the context lasts.

    Attributes:
        url: The endpoint, up to ``/v1``.
        asked: The bodies of the requests, in the order they came.
        headers: Their headers.
        faults: What to answer the next requests with instead: a status, with headers.
        answer: Makes the answer of a prompt.
        finish: The reason why an answer ended.
        raw: The body of every answer, where it is to be no completion.
        at_most: After so many answers the server is out of order; None for as many as you like.
        at_once: The most requests that were under way at one time.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.faults: list[tuple[int, dict[str, str]]] = []
        self.answer: Callable[[str], str] = "<{}>".format
        self.finish = "stop"
        self.raw: bytes | None = None
        self.at_most: int | None = None
        self.at_once = self.under_way = 0
        self.lock = threading.Lock()
        super().__init__(_handler(self))
        self.url = f"{self.address}/v1"

    @property
    def prompts(self) -> list[str]:
        """The last turn of each request."""
        return [body["messages"][-1]["content"] for body in self.asked]


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        server_of = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    server_of: ChatServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        server = self.server_of
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with server.lock:
            server.under_way += 1
            server.at_once = max(server.at_once, server.under_way)
            fault = server.faults.pop(0) if server.faults else None
            if fault is None:
                server.asked.append(body)
                server.headers.append(dict(self.headers))
        if self.path != "/v1/chat/completions":
            fault = (404, {})
        elif fault is None and server.at_most is not None and len(server.asked) > server.at_most:
            fault = (400, {})
        if fault is not None:
            self._send(fault[0], b'{"error":\n "no, not now"}', fault[1])
        else:
            self._send(200, server.raw or self._completion(body), {})
        with server.lock:
            server.under_way -= 1

    def _completion(self, body: dict[str, Any]) -> bytes:
        server = self.server_of
        message = {"role": "assistant", "content": server.answer(body["messages"][-1]["content"])}
        choice = {"index": 0, "message": message, "finish_reason": server.finish}
        told = {"id": "x", "object": "chat.completion", "model": body["model"], "choices": [choice]}
        return json.dumps(told).encode()

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
