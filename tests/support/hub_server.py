"""A Hugging Face hub of our own on the loopback interface, for tests: what is under a folder, served.

It can be written to as well, as the client's uploads by LFS do. Lay out ``ROOT/datasets/ORG/NAME/files`` and ``ROOT/models/ORG/NAME/files``; a README.md with a YAML
head is the card. ``huggingface_hub`` reads ``HF_ENDPOINT`` when it is imported, so use it in another
process, with `HubServer.environment`:

    with HubServer(tmp_path / "hub") as hub:
        subprocess.run([sys.executable, "-c", code], env=hub.environment(tmp_path / "home"))
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml
from support.hub_uploads import Uploads
from support.loopback import Loopback

_API = re.compile(
    r"/api/(?P<kind>datasets|models)/(?P<repo>[^/]+/[^/]+)"
    r"(?:/(?P<what>revision|tree|paths-info|refs)(?:/(?P<revision>[^/]+)(?:/(?P<path>.+))?)?)?"
)
_FILE = re.compile(
    r"/(?:(?P<kind>datasets)/)?(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)"
)
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class HubServer(Loopback):
    """Serve repositories while the context lasts.

    Attributes:
        url: The endpoint.
        requests: What was asked, as ``METHOD /path``.
        down: Answer everything with 503.
        gated: Repositories that nobody may open.
        pinned: Repositories whose commit is a given one, whatever their files.
        branches: Repositories with another branch than main.
        users: Who is logged in, by token.
        readers: Users whose tokens may only read.
        private: Repositories that only their owner sees.
        ignored: Patterns of files that a repository's .gitignore names.
        objects: What was uploaded, by SHA-256.
        large: Files that LFS holds, as repository and path.
        commits: The lines of each commit.
        before_commit: Called before the next commit is looked at.
        uploads_left: After so many uploads no more are taken; None for as many as you like.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.requests: list[str] = []
        self.down = False
        self.gated: set[str] = set()
        self.pinned: dict[str, str] = {}
        self.branches: dict[str, str] = {}
        self.users: dict[str, str] = {}
        self.readers: set[str] = set()
        self.private: set[str] = set()
        self.ignored: list[str] = []
        self.objects: dict[str, bytes] = {}
        self.large: set[tuple[str, str]] = set()
        self.commits: list[list[dict[str, Any]]] = []
        self.before_commit: Callable[[], object] | None = None
        self.uploads_left: int | None = None
        self.lock = threading.Lock()
        super().__init__(_handler(self))
        self.url = self.address

    def environment(self, home: Path, **more: str) -> dict[str, str]:
        """Return the environment of a process that is to use this hub, with its cache in ``home``."""
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.upper().startswith(("HF_", "HUGGINGFACE_", "ISOGLOSS_"))
            and not name.lower().endswith("_proxy")
        }
        return ours | {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",  # this hub stores by LFS
            "ISOGLOSS_CACHE": str(home / "isogloss"),
            **more,
        }

    def folder(self, kind: str, repo: str) -> Path:
        """Return the folder of a repository; ``kind`` is ``datasets`` or ``models``."""
        return self.root / kind / repo

    def files(self, kind: str, repo: str) -> dict[str, Path]:
        """Return the files of a repository, by path."""
        folder = self.folder(kind, repo)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path for path in paths}

    def commit(self, kind: str, repo: str) -> str:
        """Return the commit of a repository: it changes with the files."""
        if repo in self.pinned:
            return self.pinned[repo]
        digest = hashlib.sha1()
        for name, path in self.files(kind, repo).items():
            digest.update(f"{name}\0{_oid(path)}\n".encode())
        return digest.hexdigest()


def _oid(path: Path) -> str:
    data = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _handler(hub: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        server_of = hub

    return Handler


class _Handler(Uploads, BaseHTTPRequestHandler):
    server_of: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        hub, path = self.server_of, urlsplit(self.path).path
        hub.requests.append(f"{self.command} {unquote(path)}")
        if hub.down:
            self._fail(503, "ServiceUnavailable")
            return
        if self._answer_writer(path, body):
            return
        api, file = _API.fullmatch(path), _FILE.fullmatch(path)
        match = api or file
        if match is None:
            self._fail(404, "NotFound")
            return
        # A branch's name may hold a slash, which is then quoted.
        told = {name: part and unquote(part) for name, part in match.groupdict().items()}
        kind, repo = told["kind"] or "models", str(told["repo"])
        known = (None, "main", hub.branches.get(repo), hub.commit(kind, repo))
        if not hub.folder(kind, repo).is_dir() or self._hidden(repo):
            self._fail(401, "RepoNotFound")
        elif repo in hub.gated and (file or told["what"] != "revision"):
            self._fail(403, "GatedRepo")
        elif told["revision"] not in known:
            self._fail(404, "RevisionNotFound")
        elif file:
            self._send_file(kind, repo, str(told["path"]))
        elif told["what"] in (None, "revision"):
            self._send_json(self._info(kind, repo))
        elif told["what"] == "tree":
            recursive = "recursive=true" in self.path.lower()
            self._send_tree(kind, repo, (told["path"] or "").strip("/"), recursive=recursive)
        elif told["what"] == "refs":
            main = {"name": "main", "ref": "refs/heads/main"}
            main["targetCommit"] = hub.commit(kind, repo)
            self._send_json({"branches": [main], "tags": [], "converts": []})
        else:
            self._send_json(self._entries(kind, repo, _paths(body, self.headers)))

    def _info(self, kind: str, repo: str) -> dict[str, Any]:
        hub = self.server_of
        files = hub.files(kind, repo)
        card = files.get("README.md")
        head = (
            re.match(r"---\n(.*?)\n---", card.read_text(encoding="utf-8"), re.S) if card else None
        )
        return {
            "_id": "0" * 24,
            "id": repo,
            "author": repo.split("/")[0],
            "sha": hub.commit(kind, repo),
            "private": repo in hub.private,
            "gated": "auto" if repo in hub.gated else False,
            "disabled": False,
            "lastModified": "2026-01-01T00:00:00.000Z",
            "createdAt": "2026-01-01T00:00:00.000Z",
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "cardData": yaml.safe_load(head[1]) if head else {},
            "siblings": [{"rfilename": name} for name in files],
            **({"modelId": repo} if kind == "models" else {}),
        }

    def _entries(self, kind: str, repo: str, paths: list[str]) -> list[dict[str, Any]]:
        files = self.server_of.files(kind, repo)
        found = []
        for path in paths:
            if path in files:
                file = files[path]
                size = file.stat().st_size
                entry = {"type": "file", "path": path, "oid": _oid(file), "size": size}
                if (repo, path) in self.server_of.large:
                    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
                    entry["lfs"] = {"oid": sha256, "size": size, "pointerSize": 130}
                found.append(entry)
            elif any(name.startswith(f"{path}/") for name in files):
                found.append({"type": "directory", "path": path, "oid": "0" * 40, "size": 0})
        return found

    def _send_tree(self, kind: str, repo: str, path: str, *, recursive: bool) -> None:
        prefix = f"{path}/" if path else ""
        names = [n for n in self.server_of.files(kind, repo) if n.startswith(prefix)]
        if path and not names:
            self._fail(404, "EntryNotFound")
            return
        folders: set[str] = set()
        for name in names:
            parts = name[len(prefix) :].split("/")[:-1]
            folders |= {prefix + "/".join(parts[: n + 1]) for n in range(len(parts))}
        shown = sorted(folders) + names
        if not recursive:
            shown = [name for name in shown if "/" not in name[len(prefix) :]]
        self._send_json(self._entries(kind, repo, shown))

    def _send_file(self, kind: str, repo: str, name: str) -> None:
        hub = self.server_of
        path = hub.files(kind, repo).get(name)
        if path is None:
            self._fail(404, "EntryNotFound", commit=hub.commit(kind, repo))
            return
        data = path.read_bytes()
        headers = {
            "ETag": f'"{_oid(path)}"',
            "X-Repo-Commit": hub.commit(kind, repo),
            "Accept-Ranges": "bytes",
            "Content-Type": "application/octet-stream",
        }
        wanted = _RANGE.fullmatch(self.headers.get("Range") or "")
        if wanted is None:
            self._send(200, data, headers)
            return
        start, end = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
        if start >= len(data):
            self._send(416, b"", headers | {"Content-Range": f"bytes */{len(data)}"})
            return
        headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
        self._send(206, data[start : end + 1], headers)

    def _send_json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _fail(self, status: int, code: str, commit: str | None = None) -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": code}
        if commit:
            headers["X-Repo-Commit"] = commit
        self._send(status, json.dumps({"error": code}).encode(), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _paths(body: bytes, headers: Any) -> list[str]:
    if "json" in (headers.get("Content-Type") or ""):
        return list(json.loads(body)["paths"])
    return parse_qs(body.decode()).get("paths", [])
