"""The library as a page: every episode, the newest first, to be found and opened."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from agent_app.ui.cards import ErrorCard
from agent_app.ui.icons import sign
from agent_app.ui.labels import homely
from agent_app.ui.theme import Theme
from agent_app.ui.viewer.entries import (
    LISTED_ROLE,
    EntryDelegate,
    EntryListModel,
    Listed,
    Lookup,
    megabytes,
)

_TYPING_MILLISECONDS = 150
_MOST_TAGS = 12


class LibraryPage(QWidget):
    """What is in a folder of episodes.

    **Signals:**

    - `chosen` (Path): open this episode
    - `theme_requested`: turn light or dark
    - `shown`: the list is up to date
    """

    chosen = Signal(object)
    theme_requested = Signal()
    shown = Signal()

    def __init__(self, folder: Path, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._rows: tuple[Listed, ...] = ()
        self.lookup = Lookup(folder, self)
        self.lookup.listed.connect(self._on_listed)
        title = QLabel(self.tr("Episodes"), self)
        title.setProperty("role", "headline")
        self.count = QLabel(self)
        self.count.setProperty("role", "muted")
        self.open_folder = QPushButton(self.tr("&Open a folder…"), self)
        self.open_folder.setToolTip(self.tr("An episode from elsewhere; dropping its folder works"))
        self.open_folder.clicked.connect(self._on_open_folder)
        self.turn = QPushButton(self)
        self.turn.setProperty("role", "icon")
        self.turn.setToolTip(self.tr("Light or dark"))
        self.turn.setAccessibleName(self.tr("Light or dark"))
        self.turn.clicked.connect(self.theme_requested)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(title)
        head.addWidget(self.count, 1)
        head.addWidget(self.open_folder)
        head.addWidget(self.turn)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search tasks, thoughts, actions and answers"))
        self.search.setAccessibleName(self.tr("Search all episodes"))
        self.search.setClearButtonEnabled(True)
        self.tags = QHBoxLayout()
        self.tags.setSpacing(6)
        self.tag_buttons: list[QPushButton] = []
        self.model = EntryListModel(self)
        self.list = QListView(self)
        self.list.setModel(self.model)
        self.list.setItemDelegate(EntryDelegate(theme, self.list))
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setMouseTracking(True)
        self.list.setAccessibleName(self.tr("Episodes"))
        self.list.activated.connect(self._on_activated)
        self.list.clicked.connect(self._on_activated)
        self.empty = QLabel(self)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setTextFormat(Qt.TextFormat.PlainText)
        self.error = ErrorCard(self)
        self.lookup.failed.connect(self.error.show_known)
        self.lookup.crashed.connect(self.error.show_report)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(10)
        rows.addLayout(head)
        rows.addWidget(self.search)
        rows.addLayout(self.tags)
        rows.addWidget(self.error)
        rows.addWidget(self.empty, 1)
        rows.addWidget(self.list, 1)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MILLISECONDS)
        self._typing.timeout.connect(self.refresh)
        self.search.textChanged.connect(self._typing.start)
        self.empty.hide()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        delegate = self.list.itemDelegate()
        assert isinstance(delegate, EntryDelegate)
        delegate.theme = theme
        self.list.viewport().update()
        self.turn.setIcon(sign("theme", theme.text))

    @Slot()
    def refresh(self) -> None:
        """Look at the folder again, for the words in the field."""
        self.error.hide()
        self.lookup.ask(self.search.text())

    def close_down(self) -> None:
        """End what goes on in the background."""
        self._typing.stop()
        self.lookup.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        down = event.key() == Qt.Key.Key_Down and self.search.hasFocus()
        find = event.matches(QKeySequence.StandardKey.Find)
        if down and self.model.rows:
            self.list.setFocus()
            self.list.setCurrentIndex(self.model.index(0))
        elif find or event.text() == "/":
            self.search.setFocus()
        else:
            super().keyPressEvent(event)

    @Slot(object)
    def _on_listed(self, rows: tuple[Listed, ...]) -> None:
        self._rows = rows
        self._offer_tags()
        self._show_rows()
        self.shown.emit()

    def _offer_tags(self) -> None:
        """A button for each tag in the list; those that are chosen stay chosen."""
        chosen = self._chosen_tags()
        found = sorted({tag for row in self._rows for tag in row.entry.tags} | chosen)
        for button in self.tag_buttons:
            self.tags.removeWidget(button)
            button.deleteLater()
        self.tag_buttons = []
        for at, tag in enumerate(found[:_MOST_TAGS]):
            button = QPushButton(tag.replace("&", "&&"), self)
            button.setProperty("role", "switch")
            button.setProperty("tag", tag)
            button.setCheckable(True)
            button.setChecked(tag in chosen)
            button.setAccessibleName(self.tr("Only episodes with the tag {tag}").format(tag=tag))
            button.toggled.connect(self._show_rows)
            self.tags.insertWidget(at, button)
            self.tag_buttons.append(button)
        if self.tags.count() == len(self.tag_buttons):
            self.tags.addStretch(1)

    def _chosen_tags(self) -> set[str]:
        return {str(each.property("tag")) for each in self.tag_buttons if each.isChecked()}

    @Slot()
    def _show_rows(self) -> None:
        chosen = self._chosen_tags()
        rows = tuple(row for row in self._rows if chosen <= set(row.entry.tags))
        self.model.show_rows(rows)
        size = megabytes(sum(row.entry.bytes for row in rows))
        said = self.tr("1 episode") if len(rows) == 1 else self.tr("{n} episodes")
        self.count.setText(f"{said.format(n=len(rows))}  ·  {size}" if rows else "")
        self.list.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        searching = bool(self.search.text().strip() or chosen)
        self.empty.setText(
            self.tr("No episode has this.")
            if searching
            else self.tr(
                "No episodes yet. Every run is recorded here, in {folder}.\n"
                "To watch one from elsewhere, drop its folder on this page."
            ).format(folder=homely(self._folder))
        )

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        row: Listed = index.data(LISTED_ROLE)
        self.chosen.emit(row.entry.folder)

    @Slot()
    def _on_open_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("The folder of an episode"))
        if folder:
            self.chosen.emit(Path(folder))
