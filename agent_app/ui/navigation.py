"""The window's pages by their names, in a row above them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedLayout, QWidget


class Navigation(QWidget):
    """Shows one of several pages; Ctrl+1 and on go to them.

    **Signals:**

    - `changed` (str): this page is shown now, by its key
    """

    changed = Signal(str)

    def __init__(self, pages: QStackedLayout, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages = pages
        self._made: dict[str, QWidget] = {}
        self._makers: dict[str, Callable[[], QWidget]] = {}
        self.tabs: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self._row.addStretch(1)

    def add(self, key: str, name: str, make: Callable[[], QWidget]) -> QPushButton:
        """One more page; it is made when it is first shown."""
        tab = QPushButton(name, self)
        tab.setProperty("role", "tab")
        tab.setCheckable(True)
        tab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        tab.setAccessibleName(name.replace("&", ""))
        tab.clicked.connect(lambda: self.show_page(key))
        self._group.addButton(tab)
        self._row.insertWidget(len(self.tabs), tab)
        self.tabs[key] = tab
        self._makers[key] = make
        number = len(self.tabs)
        shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), self.window())
        shortcut.activated.connect(lambda: self.show_page(key))
        tab.setToolTip(f"Ctrl+{number}")
        return tab

    def page(self, key: str) -> QWidget:
        """A page by its key."""
        if key not in self._made:
            self._made[key] = self._makers[key]()
            self._pages.addWidget(self._made[key])
        return self._made[key]

    def made(self) -> tuple[QWidget, ...]:
        """The pages that have been shown."""
        return tuple(self._made.values())

    @property
    def current(self) -> str:
        """The key of the page that is shown."""
        return next(key for key, tab in self.tabs.items() if tab.isChecked())

    def show_page(self, key: str) -> None:
        """Go to this page."""
        page = self.page(key)
        self.tabs[key].setChecked(True)
        self.tabs[key].setFocus()  # else the next best part of the page would take what is typed
        self._pages.setCurrentWidget(page)
        self.changed.emit(key)
