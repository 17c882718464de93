"""The search: which words, where they were found, and which place is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from agent_app.ui.viewer.controls import SearchField
from agent_app.ui.viewer.finding import Find, find_all, first_at


class Finder(QObject):
    """Searches shots, or the like, for what is in the field, as `find` does.

    `index` is the one that is shown.

    **Signals:**

    - `found` (Find | None): show this place; None when there is none to show
    """

    found = Signal(object)

    def __init__(
        self,
        search: SearchField,
        parent: QObject,
        *,
        find: Callable[[Any, str], tuple[Find, ...]] = find_all,
    ) -> None:
        super().__init__(parent)
        self.index = 0
        self._search = search
        self._find = find
        self._shots: Sequence[object] = ()
        self._finds: tuple[Find, ...] = ()
        self._at = -1
        search.changed.connect(self._on_changed)
        search.next_requested.connect(self.go_on)

    @property
    def finds(self) -> tuple[Find, ...]:
        """Every place, in order."""
        return self._finds

    @property
    def steps(self) -> tuple[int, ...]:
        """The shots that hold a place, by their indices."""
        return tuple(dict.fromkeys(find.index for find in self._finds))

    def search_in(self, shots: Sequence[object]) -> None:
        """Search these from now on, for the words that are in the field."""
        self._shots = shots
        self._on_changed(self._search.field.text())

    @Slot(int)
    def go_on(self, by: int) -> None:
        """Show the next place, or the one before: of the place shown, else of the step shown."""
        if not self._finds:
            return
        if self._at >= 0 and self._finds[self._at].index == self.index:
            self._show((self._at + by) % len(self._finds))
        else:
            at = first_at(self._finds, self.index)
            self._show(at if by > 0 else (at - 1) % len(self._finds))

    @Slot(str)
    def _on_changed(self, words: str) -> None:
        self._finds = self._find(self._shots, words)
        self._at = -1
        if self._finds:
            self._show(first_at(self._finds, self.index))
        else:
            self._search.show_count(0 if words.strip() and self._shots else None, 0)
            self.found.emit(None)

    def _show(self, at: int) -> None:
        self._at = at
        self._search.show_count(at, len(self._finds))
        self.found.emit(self._finds[at])
