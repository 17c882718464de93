"""One window at a time: a second start shows the first one, and hands over what it was given."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLockFile, QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from agent_app.errors import KnownError

_WAIT_MILLISECONDS = 5000
_LONGEST_BYTES = 1_000_000
_ANSWER = b"shown\n"


class Door(QObject):
    """Where another start of the same person on the same display knocks.

    The socket and its lock lie in a folder of the person's own, so nobody else can answer for it.

    **Signals:**

    - `knocked` (str): another start was made, with this task, which may be empty
    """

    knocked = Signal(str)

    def __init__(self, folder: Path, display: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        name = re.sub(r"[^\w.-]", "_", display) or "window"
        self._folder = folder
        self._path = folder / f"{name}.socket"
        self._lock = QLockFile(str(folder / f"{name}.lock"))
        self._lock.setStaleLockTime(0)  # only a process that is gone has left it behind
        self._server: QLocalServer | None = None

    def open(self) -> bool:
        """Whether this is the only one; then it answers from now on.

        Where no socket can be made, such as below a very long path, each start has a window.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            return True
        if not self._lock.tryLock(0):
            return self._lock.error() != QLockFile.LockError.LockFailedError
        server = self._server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        QLocalServer.removeServer(str(self._path))  # left by one that was killed
        server.newConnection.connect(self._on_connected)
        server.listen(str(self._path))
        return True

    def knock(self, task: str) -> None:
        """Have the other one show itself with this task. Raises KnownError when it does not."""
        socket = QLocalSocket()
        socket.connectToServer(str(self._path))
        said = b""
        if socket.waitForConnected(_WAIT_MILLISECONDS):
            socket.write(json.dumps({"task": task}).encode() + b"\n")
            socket.flush()
            while not said.endswith(b"\n") and socket.waitForReadyRead(_WAIT_MILLISECONDS):
                said += bytes(socket.readAll().data())
        socket.abort()
        if said != _ANSWER:
            raise KnownError(
                "another window of agent-app is open and does not answer",
                remedy="wait a moment and try again, or end it",
            )

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._lock.unlock()

    @Slot()
    def _on_connected(self) -> None:
        assert self._server is not None
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            socket.disconnected.connect(socket.deleteLater)
            self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if socket.bytesAvailable() > _LONGEST_BYTES:
            socket.abort()
        elif socket.canReadLine():
            try:
                said: Any = json.loads(bytes(socket.readLine().data()))
                task = said["task"]
            except (ValueError, KeyError, TypeError):
                task = None
            if not isinstance(task, str):
                socket.abort()
                return
            self.knocked.emit(task)
            socket.write(_ANSWER)
            socket.disconnectFromServer()


def display_of(environment: Mapping[str, str]) -> str:
    """The display that a window is shown on, as far as a name tells."""
    where = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY") or ""
    return os.path.basename(where)
