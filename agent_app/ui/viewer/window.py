"""A window of episodes alone, for `agent-app replay`."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from agent_app.ui.snapshot import save_picture
from agent_app.ui.theme import Theme
from agent_app.ui.viewer.episodes import EpisodesView


class ViewerWindow(QWidget):
    """Shows the episode in a folder; without one, the library.

    **Signals:**

    - `closed`: the window is closed
    - `theme_requested`: the person wants it dark, or light again
    """

    closed = Signal()
    theme_requested = Signal()

    def __init__(self, folder: Path | None, theme: Theme, *, library: Path | None = None) -> None:
        super().__init__()
        self.setWindowTitle("agent-app")
        self.setMinimumSize(960, 600)
        self.resize(1360, 860)
        self.episodes = EpisodesView(theme, self, library=library)
        self.episodes.theme_requested.connect(self.theme_requested)
        self.episodes.viewer.opened.connect(self._on_opened)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(14, 12, 14, 8)
        rows.addWidget(self.episodes)
        if folder is None:
            self.episodes.show_library()
        else:
            self.episodes.open(folder)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self.episodes.set_theme(theme)

    def save_picture(self, path: Path) -> None:
        """Write the window as it looks now as a PNG."""
        save_picture(self, path)

    def show_report(self, report: str) -> None:
        """Show a fault of ours."""
        self.episodes.viewer.error.show_report(report)

    def without_secrets(self, text: str) -> str:
        """The same: nothing is typed here."""
        return text

    def give_up(self) -> None:
        """Close now."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        self.episodes.close_down()
        event.accept()
        self.closed.emit()

    def _on_opened(self) -> None:
        title = self.episodes.viewer.heading.task.text()[:120]
        self.setWindowTitle(f"{title} · agent-app")
