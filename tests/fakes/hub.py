"""A Hugging Face hub on the loopback: one repository, its API, its files, and faults on demand."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "c" * 40
_LFS_ENDINGS = (".safetensors", ".model")


@dataclass
class FakeHub:
    """What the hub has and how it misbehaves.

    `cut_after` is after how many bytes of a file the connection is cut; `cuts` how many times, and
    every later request for that file is answered 503 when `down_after_cuts`. `altered` files are
    served with one wrong byte, `status` answers everything so, `file_status` every file. With
    `token` the right one is required. `served` counts the bytes of each file, `asked` the requests.
    """

    files: dict[str, bytes]
    repo: str = "moonshotai/Kimi-VL-A3B-Thinking-2506"
    url: str = ""
    cut_after: dict[str, int] = field(default_factory=dict)
    cuts: dict[str, int] = field(default_factory=dict)
    down_after_cuts: bool = False
    altered: set[str] = field(default_factory=set)
    ranges: bool = True
    status: int | None = None
    error_code: str = ""
    file_status: int | None = None
    token: str | None = None
    served: Counter[str] = field(default_factory=Counter)
    asked: list[str] = field(default_factory=list)

    def digest(self, name: str) -> str:
        data = self.files[name]
        if name.endswith(_LFS_ENDINGS):
            return hashlib.sha256(data).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

    def listing(self) -> dict[str, object]:
        siblings: list[dict[str, object]] = []
        for name, data in self.files.items():
            about: dict[str, object] = {
                "rfilename": name,
                "size": len(data),
                "blobId": hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest(),
            }
            if name.endswith(_LFS_ENDINGS):
                sha256 = hashlib.sha256(data).hexdigest()
                about["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 134}
            siblings.append(about)
        return {"id": self.repo, "modelId": self.repo, "sha": COMMIT, "siblings": siblings}


@contextmanager
def serve(files: dict[str, bytes], **how: object) -> Iterator[FakeHub]:
    """A running hub with these files."""
    hub = FakeHub(files, **how)

    class Handler(_Handler):
        fake = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="fake hub")
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def folder_files(folder: Path) -> dict[str, bytes]:
    """A checkpoint's folder as the files of a repository."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


class _Handler(BaseHTTPRequestHandler):
    fake: FakeHub

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def _answer(self, *, with_body: bool) -> None:
        hub = self.fake
        path = unquote(urlsplit(self.path).path)
        hub.asked.append(f"{self.command} {path}")
        if hub.status is not None:
            self._refuse(hub.status, hub.error_code)
        elif hub.token and self.headers["Authorization"] != f"Bearer {hub.token}":
            self._refuse(401, "GatedRepo")
        elif path.startswith("/api/models/"):
            self._answer_api(path.removeprefix("/api/models/"))
        else:
            self._answer_file(path, with_body=with_body)

    def _answer_api(self, path: str) -> None:
        hub = self.fake
        repo, _, revision = path.partition("/revision/")
        if repo != hub.repo:
            self._refuse(404, "RepoNotFound")
        elif revision not in ("", "main", "v1", COMMIT):
            self._refuse(404, "RevisionNotFound")
        else:
            body = json.dumps(hub.listing()).encode()
            self._send(200, {"Content-Type": "application/json"}, body)

    def _answer_file(self, path: str, *, with_body: bool) -> None:
        hub = self.fake
        name = path.removeprefix(f"/{hub.repo}/resolve/{COMMIT}/")
        data = hub.files.get(name)
        if data is None:
            self._refuse(404, "EntryNotFound")
            return
        if with_body and hub.file_status is not None:
            self._refuse(hub.file_status, "")
            return
        headers = {"ETag": f'"{hub.digest(name)}"', "X-Repo-Commit": COMMIT}
        if name.endswith(_LFS_ENDINGS):
            headers |= {"X-Linked-ETag": headers["ETag"], "X-Linked-Size": str(len(data))}
        if not with_body:
            self._send(200, headers, data, with_body=False)
            return
        if name in hub.altered:
            data = bytes([data[0] ^ 1]) + data[1:]
        asked = self.headers["Range"]
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and hub.ranges else 0
        status = 206 if asked and hub.ranges else 200
        self._send_file(name, status, headers, data[start:])

    def _send_file(self, name: str, status: int, headers: dict[str, str], body: bytes) -> None:
        hub = self.fake
        limit = hub.cut_after.get(name)
        if limit is not None and hub.cuts.get(name, 1) > 0:
            hub.cuts[name] = hub.cuts.get(name, 1) - 1
            hub.served[name] += len(body[:limit])
            self._send(status, headers, body, cut_after=limit)
        elif limit is not None and hub.down_after_cuts:
            self._refuse(503, "")
        else:
            hub.served[name] += len(body)
            self._send(status, headers, body)

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, {"X-Error-Code": code} if code else {}, b"")

    def _send(
        self,
        status: int,
        headers: dict[str, str],
        body: bytes,
        *,
        with_body: bool = True,
        cut_after: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body[:cut_after])
