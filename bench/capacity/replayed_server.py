"""A model server that keeps a real one's times: vLLM 0.20 on one H200, as far as it was measured.

One thread is the GPU: it reads pictures and prompts one after the other, and between them draws a
token for every reply that is under way. Measured were one reply (291 tokens a second) and eight
(2047 in all); between and beyond, a draw's time grows in a straight line.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from subprocess import PIPE, Popen
from typing import Any

ENCODE = 0.082  # seconds for a 1080p screenshot; at 1280x800 it is less
PREFILL = 0.047  # for 4,096 tokens
FIRST = ENCODE + PREFILL
ONE, EIGHT = 1 / 291, 8 / 2047  # seconds for a draw
TOKENS = 300  # a thought, a summary and the code
STEPS = 10  # of a task
NAME = "replayed"


def DECODE(replies: int) -> float:  # noqa: N802 - a constant of the number
    """Seconds for a token of each of so many replies."""
    return ONE + (replies - 1) * (EIGHT - ONE) / 7


class Gpu(threading.Thread):
    """Draws tokens for the replies that `ask` adds; each takes `first` seconds until its first."""

    def __init__(self, first: float) -> None:
        super().__init__(name="gpu", daemon=True)
        self._first = first
        self._asked: queue.SimpleQueue[queue.SimpleQueue[int]] = queue.SimpleQueue()

    def ask(self) -> queue.SimpleQueue[int]:
        """A reply's tokens, by their numbers; 0 is its end."""
        reply: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._asked.put(reply)
        return reply

    def run(self) -> None:
        under_way: dict[int, tuple[queue.SimpleQueue[int], int]] = {}
        clock = time.monotonic()
        while True:
            if not under_way or not self._asked.empty():
                reply = self._asked.get()
                clock = max(clock, time.monotonic()) if not under_way else clock
                clock += self._first
                under_way[id(reply)] = (reply, 0)
            else:
                clock += DECODE(len(under_way))
            time.sleep(max(0.0, clock - time.monotonic()))
            for key, (reply, number) in list(under_way.items()):
                reply.put(number + 1)
                under_way[key] = (reply, number + 1)
                if number + 1 == TOKENS:
                    reply.put(0)
                    del under_way[key]


def _answer(number: int) -> str:
    """What the thought ends in: ten different acts, then the end of a task, and so on."""
    step = number % (STEPS + 1)
    if step:
        act, code = "type a word", f"pyautogui.write('word {step}')"
    else:
        act, code = "done", "computer.terminate(status='success')"
    return f"## Action:\n{act}\n## Code:\n```python\n{code}\n```"


class Handler(BaseHTTPRequestHandler):
    gpu: Gpu
    asked = itertools.count(1)
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        models = {"object": "list", "data": [{"id": NAME, "object": "model", "owned_by": "vllm"}]}
        data = json.dumps(models if self.path.endswith("/models") else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        reply, last = self.gpu.ask(), _answer(next(self.asked))
        while number := reply.get():
            self._event(**({"content": last} if number == TOKENS else {"reasoning": " word"}))
        self._event(finish="stop")
        self._send(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, *, finish: str | None = None, **delta: Any) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        event = {"id": "1", "object": "chat.completion.chunk", "choices": [choice]}
        self._send(b"data: " + json.dumps(event).encode() + b"\n\n")

    def _send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))


@contextmanager
def serve(first: float = FIRST) -> Generator[str]:
    """The server in a process of its own; its URL."""
    command = [sys.executable, os.path.abspath(__file__), str(first)]
    with Popen(command, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def main() -> None:
    Handler.gpu = Gpu(float(sys.argv[1]))
    Handler.gpu.start()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
