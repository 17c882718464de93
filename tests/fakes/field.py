"""A field of an application, and the keyboard that types into it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from agent_app.typed import FieldText
from tests.fakes.input import RecordingInput

NAME = (":1.7", "/field/3")


def lost(text: str) -> str:
    """A text of which two characters did not arrive."""
    return text[:3] + text[5:]


class Field(RecordingInput):
    """An application's field, and what types into it; `arrives` makes of each text what comes."""

    def __init__(self, text: str = "", *arrives: Callable[[str], str], method: str = "") -> None:
        super().__init__()
        self.text = text
        self.start = self.end = len(text)
        self.written: list[str] = []
        self.sent: list[str] = []  # what stood there at each Enter
        self.told = True
        self._arrives = list(arrives)
        self._method = method

    def write(self, text: str, stop: threading.Event) -> None:  # noqa: ARG002 - comes at once
        self.written.append(text)
        arrives = self._arrives.pop(0) if self._arrives else str
        came = arrives(text)
        self.text = self.text[: self.start] + came + self.text[self.end :]
        self.start = self.end = self.start + len(came)
        self.on_event()

    def key_down(self, key: str) -> None:
        super().key_down(key)
        if key == "enter":
            self.sent.append(self.text)
        if key == "backspace":
            self.text = self.text[: self.start - 1] + self.text[self.start :]
            self.start = self.end = self.start - 1

    def field(self) -> FieldText | None:
        return FieldText(NAME, self.text, self.start, self.end) if self.told else None

    def again(self, field: FieldText) -> FieldText | None:
        assert field.name == NAME
        return self.field()

    def input_method(self) -> str:
        return self._method
