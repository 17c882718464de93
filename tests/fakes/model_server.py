"""An OpenAI-compatible server on the loopback that says, word for word, what a test tells it to."""

from __future__ import annotations

import json
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Chat"], None]


@dataclass
class ModelServer:
    """What the server has, says, and was asked.

    Each chat takes the next of `answers`, and `usual` when none is left. `drops` gets an entry for
    each request that was closed by the one who made it while `Chat.hang` waited.
    """

    models: list[dict[str, Any]] = field(default_factory=lambda: [model()])
    models_status: int = 200
    metrics: str = ""
    key: str = ""
    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    usual: Answer = lambda chat: chat.say("fine")
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    drops: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)

    @property
    def host(self) -> str:
        return self.url.split("/")[2]


def model(name: str = "made-model", owner: str = "somebody", **more: Any) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1, "owned_by": owner, **more}


VLLM = model("moonshotai/Kimi-VL-A3B-Thinking-2506", "vllm")


class Chat:
    """One request, and what is said to it."""

    def __init__(self, handler: BaseHTTPRequestHandler, server: ModelServer, body: Any) -> None:
        self.body = body
        self._handler = handler
        self._server = server

    def status(self, code: int, body: Any = None, **headers: str) -> None:
        """An answer that is no stream; `body` is sent as JSON, bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "text/html" if isinstance(body, bytes) else "application/json"
        self._handler.send_response(code)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(data)),
            **headers,
        }.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()
        self._handler.wfile.write(data)

    def begin(self, *, chunked: bool = True) -> None:
        """The head of a stream."""
        self._handler.protocol_version = "HTTP/1.1"
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", "text/event-stream")
        self._chunked = chunked
        if chunked:
            self._handler.send_header("Transfer-Encoding", "chunked")
        self._handler.end_headers()

    def raw(self, data: bytes) -> None:
        """Bytes of the stream."""
        size = b"%x\r\n" % len(data) if self._chunked else b""
        self._handler.wfile.write(size + data + (b"\r\n" if self._chunked else b""))

    def chunk(self, finish: str | None = None, **delta: Any) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self.event({"id": "1", "object": "chat.completion.chunk", "choices": [choice]})

    def usage(self, prompt: int, completion: int) -> None:
        counts = {"prompt_tokens": prompt, "completion_tokens": completion}
        self.event({"id": "1", "choices": [], "usage": counts})

    def event(self, data: Any) -> None:
        self.raw(b"data: " + json.dumps(data).encode() + b"\n\n")

    def end(self) -> None:
        self.raw(b"data: [DONE]\n\n")
        self.close()

    def close(self) -> None:
        """The proper end of the stream's body."""
        if self._chunked:
            self._handler.wfile.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """End the connection in the middle."""
        with suppress(OSError):
            self._handler.connection.shutdown(socket.SHUT_RDWR)
        self._handler.close_connection = True

    def hang(self) -> None:
        """Say nothing more until the other side closes the connection, and note that it did."""
        connection = self._handler.connection
        with suppress(OSError):
            while connection.recv(4096):
                pass
        self._handler.close_connection = True
        self._server.drops.put(self._handler.path)

    def say(self, *pieces: str, finish: str = "stop") -> None:
        """A whole reply."""
        self.begin()
        self.chunk(role="assistant", content="")
        for piece in pieces:
            self.chunk(content=piece)
        self.chunk(finish)
        if self.body.get("stream_options", {}).get("include_usage"):
            self.usage(100, len(pieces))
        self.end()


class _Handler(BaseHTTPRequestHandler):
    fake: ModelServer
    protocol_version = "HTTP/1.1"
    timeout = 30  # a test that went wrong leaves no thread behind

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _lets_in(self) -> bool:
        self.fake.headers.append({name.lower(): value for name, value in self.headers.items()})
        if not self.fake.key or self.headers.get("Authorization") == f"Bearer {self.fake.key}":
            return True
        told = {"error": {"message": f"wrong key {self.headers.get('Authorization')}", "code": 401}}
        Chat(self, self.fake, {}).status(401, told)
        return False

    def do_GET(self) -> None:
        chat = Chat(self, self.fake, {})
        if self.path == "/metrics":
            chat.status(200 if self.fake.metrics else 404, self.fake.metrics.encode())
        elif self._lets_in():
            chat.status(self.fake.models_status, {"object": "list", "data": self.fake.models})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._lets_in():
            return
        self.fake.asked.append(body)
        answer = self.fake.answers.pop(0) if self.fake.answers else self.fake.usual
        with suppress(ConnectionError):
            answer(Chat(self, self.fake, body))


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.append(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """End the connections that are kept alive: their threads wait for more."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: object) -> None:
        """Nothing: connections break here on purpose."""


@contextmanager
def serve_model(context: ssl.SSLContext | None = None, **how: Any) -> Iterator[ModelServer]:
    """A running server."""
    fake = ModelServer(**how)

    class Handler(_Handler):
        pass

    Handler.fake = fake
    server = _Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if context is None else "https"
    fake.url = f"{scheme}://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="model server")
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()
