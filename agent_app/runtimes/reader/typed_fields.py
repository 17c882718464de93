"""What stands in the field that has the keyboard, as its application tells it (AT-SPI)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from agent_app.input.input_method import active_input_method
from agent_app.runtimes.reader.seeing.accessibility import (
    FIELDS,
    AccessibilityTree,
    AccessibleNode,
)
from agent_app.screen.windows import WindowList, WindowsUnknown, without_own
from agent_app.typed import FieldText

_SECONDS = 0.4  # for all questions to an application, before and after each text
_LONGEST = 20_000  # characters of a field that is read


class LiveFields:
    """The `Fields` of one desktop; nothing is opened before it is asked for."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        bus = environment.get("DBUS_SESSION_BUS_ADDRESS", "")
        self._environment = environment
        self._tree = AccessibilityTree(bus, seconds=_SECONDS) if bus else None
        self._windows: WindowList | None = None

    def field(self) -> FieldText | None:
        if self._tree is None or not (processes := self._active()):
            return None
        focused = self._focused(self._tree, processes)
        if not focused or self._tree.passwords(focused):
            return None
        node = min(focused, key=lambda each: each.region.width * each.region.height)
        return None if node.reference is None else self._told(node.reference)

    def _focused(self, tree: AccessibilityTree, processes: set[int]) -> list[AccessibleNode]:
        """The fields with the focus; one that is slow to tell of it is asked twice."""
        nodes, notes = tree.read(processes)
        if notes and not any(node.focused for node in nodes):
            nodes, _ = tree.read(processes)
        return [node for node in nodes if node.focused and node.role in FIELDS]

    def again(self, field: FieldText) -> FieldText | None:
        return self._told(field.name)

    def input_method(self) -> str:
        return active_input_method(self._environment)

    def close(self) -> None:
        """Let go of the bus and the display."""
        if self._tree is not None:
            self._tree.close()
        if self._windows is not None:
            self._windows.close()
            self._windows = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _told(self, name: tuple[str, str]) -> FieldText | None:
        assert self._tree is not None
        content = self._tree.content(name, longest=_LONGEST)
        return None if content is None else FieldText(name, *content)

    def _active(self) -> set[int]:
        """The process whose window has the keyboard."""
        try:
            if self._windows is None:
                self._windows = WindowList(self._environment.get("DISPLAY", ""))
            found = without_own(self._windows.read())
        except WindowsUnknown:
            self._windows = None
            return set()
        return {each.process for each in found if each.active and each.process}
