"""A D-Bus connection that asks many questions at once and never waits for long.

Only local sockets are ever opened.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Self

from jeepney import HeaderFields, Message, MessageType
from jeepney.io.blocking import open_dbus_connection

_BATCH = 1000  # questions under way at once: a bus refuses more than some thousands
_SILENCE_SECONDS = 0.4  # without a word from an application that still owes answers


class BusError(Exception):
    """The bus is not there, or went away."""


class Bus:
    """A connection to one bus, by its address. Raises BusError when it cannot be reached."""

    def __init__(self, address: str) -> None:
        try:
            self._connection = open_dbus_connection(address)
        except (OSError, RuntimeError, ValueError, StopIteration) as error:
            raise BusError(f"no bus at {address!r} ({error})") from error
        self._connection.sock.settimeout(1.0)
        self._deadline = 0.0
        self.silent: set[str] = set()
        self.late = False

    def begin(self, seconds: float, *, silent: set[str] | None = None) -> None:
        """Start the clock of a reading; who was `silent` last time gets little patience."""
        self._deadline = time.monotonic() + seconds
        self._suspects = set(silent or ())
        self.silent = set()
        self.late = False

    def ask(self, questions: Sequence[Message]) -> list[tuple[Any, ...] | None]:
        """The answers in order; None for an error, or for who did not answer in time.

        Raises BusError when the bus itself is gone.
        """
        answers: list[tuple[Any, ...] | None] = [None] * len(questions)
        for start in range(0, len(questions), _BATCH):
            try:
                self._ask_batch(questions[start : start + _BATCH], answers, start)
            except (OSError, ValueError) as error:
                raise BusError(f"the bus went away ({error})") from error
        return answers

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask_batch(
        self, questions: Sequence[Message], answers: list[tuple[Any, ...] | None], start: int
    ) -> None:
        awaited: dict[int, tuple[int, str]] = {}
        for index, question in enumerate(questions):
            owner = str(question.header.fields.get(HeaderFields.destination, ""))
            if owner in self.silent or self.late:
                continue
            serial = next(self._connection.outgoing_serial)
            self._connection.send(question, serial=serial)
            awaited[serial] = (start + index, owner)
        while awaited:
            owing = {owner for _, owner in awaited.values()}
            patience = 0.05 if owing <= self._suspects else _SILENCE_SECONDS
            left = self._deadline - time.monotonic()
            try:
                reply = self._connection.receive(timeout=max(0.0, min(patience, left)))
            except TimeoutError:
                self.late = left <= patience
                if not self.late:
                    self.silent |= owing
                return
            serial = reply.header.fields.get(HeaderFields.reply_serial, -1)
            if serial in awaited:
                index, owner = awaited.pop(serial)
                self._suspects.discard(owner)
                if reply.header.message_type is MessageType.method_return:
                    answers[index] = tuple(reply.body)
