"""What `hub_server` answers to those who write: logins, new repositories, LFS uploads and commits."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from support.hub_server import HubServer

_WRITE = re.compile(r"/api/datasets/(?P<repo>[^/]+/[^/]+)/(?P<what>preupload|commit)/main")
_BATCH = re.compile(r"/datasets/(?P<repo>[^/]+/[^/]+)\.git/info/lfs/objects/batch")
_OBJECT = re.compile(r"/lfs/(?P<oid>[0-9a-f]{64})(?P<verify>/verify)?")


class Uploads:
    """Part of the server's handler; the hub's own client says what it wants to read."""

    server_of: HubServer
    command: str
    headers: Any

    # What the handler brings.
    _send_json: Callable[[Any], None]
    _fail: Callable[..., None]

    def _user(self) -> str | None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        return self.server_of.users.get(token)

    def _hidden(self, repo: str) -> bool:
        """Tell whether a repository is a private one of somebody else."""
        return repo in self.server_of.private and self._user() != repo.split("/")[0]

    def _answer_writer(self, path: str, body: bytes) -> bool:
        """Answer, if this is a question of somebody who writes."""
        write, batch, stored = (one.fullmatch(path) for one in (_WRITE, _BATCH, _OBJECT))
        if path == "/api/whoami-v2":
            self._whoami()
        elif path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            self._validate(json.loads(body)["content"])
        elif stored:
            self._object(stored["oid"], body, verify=bool(stored["verify"]))
        elif found := write or batch:
            if self._may_write(found["repo"]):
                if batch:
                    self._batch(json.loads(body))
                elif found["what"] == "preupload":
                    self._preupload(found["repo"], json.loads(body))
                else:
                    self._commit(found["repo"], [json.loads(line) for line in body.splitlines()])
        else:
            return False
        return True

    def _may_write(self, repo: str) -> bool:
        hub = self.server_of
        if not hub.folder("datasets", repo).is_dir() or self._hidden(repo):
            self._fail(404, "RepoNotFound")
        elif self._user() != repo.split("/")[0]:
            self._fail(403, "Forbidden: you must have write access to this repository")
        else:
            return True
        return False

    def _whoami(self) -> None:
        user = self._user()
        if user is None:
            self._fail(401, "Invalid username or password.")
            return
        role = "read" if user in self.server_of.readers else "write"
        token = {"displayName": "test", "role": role}
        self._send_json({"type": "user", "name": user, "auth": {"accessToken": token}})

    def _create(self, asked: dict[str, Any]) -> None:
        hub = self.server_of
        repo = f"{asked['organization']}/{asked['name']}"
        if asked["organization"] != self._user():
            self._fail(403, f"You have no rights to the namespace {asked['organization']}")
        elif hub.folder("datasets", repo).is_dir():
            self._fail(409, "You already created this dataset repo")
        else:
            hub.folder("datasets", repo).mkdir(parents=True)
            (hub.folder("datasets", repo) / ".gitattributes").write_text("*.parquet filter=lfs\n")
            if asked["visibility"] == "private":
                hub.private.add(repo)
            self._send_json({"url": f"{hub.url}/datasets/{repo}"})

    def _validate(self, card: str) -> None:
        head = re.match(r"---\n(.*?)\n---", card, re.S)
        assert head is not None and isinstance(yaml.safe_load(head[1]), dict), "a card has a head"
        self._send_json({"errors": [], "warnings": []})

    def _preupload(self, repo: str, asked: dict[str, Any]) -> None:
        ignored = self.server_of.ignored
        modes = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(".parquet") else "regular",
                "shouldIgnore": any(PurePosixPath(file["path"]).match(one) for one in ignored),
            }
            for file in asked["files"]
        ]
        self._send_json({"files": modes})

    def _batch(self, asked: dict[str, Any]) -> None:
        hub = self.server_of
        answers = []
        for wanted in asked["objects"]:
            answer = {**wanted, "authenticated": True}
            if wanted["oid"] not in hub.objects:
                place = f"{hub.url}/lfs/{wanted['oid']}"
                answer["actions"] = {
                    "upload": {"href": place},
                    "verify": {"href": f"{place}/verify"},
                }
            answers.append(answer)
        self._send_json({"transfer": "basic", "objects": answers})

    def _object(self, oid: str, body: bytes, *, verify: bool) -> None:
        hub = self.server_of
        if verify:
            there = len(hub.objects.get(oid, b"")) == json.loads(body)["size"]
            if there:
                self._send_json({})
            else:
                self._fail(422, "Not as announced")
            return
        with hub.lock:
            full = hub.uploads_left == 0
            if hub.uploads_left:
                hub.uploads_left -= 1
        if full:
            self._fail(507, "Insufficient storage")
        elif hashlib.sha256(body).hexdigest() != oid:
            self._fail(400, "Not the bytes of that name")
        else:
            hub.objects[oid] = body
            self._send_json({})

    def _commit(self, repo: str, lines: list[dict[str, Any]]) -> None:
        """Make a commit: all of it or nothing."""
        hub, folder = self.server_of, self.server_of.folder("datasets", repo)
        if hub.before_commit is not None:
            hub.before_commit()
        parent = lines[0]["value"].get("parentCommit")
        if parent not in (None, hub.commit("datasets", repo)):
            self._fail(412, "A commit has happened since")
            return
        added: dict[str, bytes] = {}
        deleted: list[str] = []
        large: set[str] = set()
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                added[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                if value["oid"] not in hub.objects:
                    self._fail(400, f"The object {value['oid']} was not uploaded")
                    return
                added[value["path"]] = hub.objects[value["oid"]]
                large.add(value["path"])
            else:
                assert line["key"] == "deletedFile"
                deleted.append(value["path"])
        for name in deleted:
            (folder / name).unlink()
        for name, data in added.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        hub.large |= {(repo, name) for name in large}
        commit = hub.commit("datasets", repo)
        hub.commits.append(lines)
        url = f"{hub.url}/datasets/{repo}/commit/{commit}"
        self._send_json({"success": True, "commitOid": commit, "commitUrl": url})
