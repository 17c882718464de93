"""Ctrl+C and its like, brought into Qt's event loop."""

from __future__ import annotations

import signal
import socket
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot


class SignalWatch(QObject):
    """Turns SIGINT and SIGTERM into a Qt signal until it is closed.

    Python runs its handlers only between bytecodes, and Qt's event loop executes none: the signal
    is written to a socket that wakes the loop up.

    **Signals:**

    - `received` (int): the signal's number
    """

    received = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        self._before_fd = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        self._before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_woken)

    def close(self) -> None:
        """Put everything back as it was."""
        self._notifier.setEnabled(False)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._before_fd)
        self._reading.close()
        self._writing.close()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Nothing: it runs in the middle of whatever this thread does, which may hold a lock."""

    @Slot()
    def _on_woken(self) -> None:
        for number in self._reading.recv(4096):
            if number in self._before:
                self.received.emit(number)
