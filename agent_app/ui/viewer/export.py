"""Writing the open episode in another format, as a card over the viewer."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QWidget,
)

from agent_app.codegen.formats import FORMATS, export_episode
from agent_app.episode.reader import open_episode
from agent_app.errors import KnownError, RunEnded
from agent_app.ui.cards import ErrorCard, PlainText
from agent_app.ui.sheet import Sheet

# Formats whose files end otherwise than in their names.
_SUFFIXES = {
    "junit": ".xml",
    "playwright-trace": ".zip",
    "ui-tars": ".html",
    "midscene": ".html",
}
_BAR_STEPS = 1000
_TELL_STEPS = 200  # a bar moves no finer


class ExportJob(QObject):
    """Writes one episode in a thread of its own.

    **Signals:**

    - `progressed` (float): how much is written, from 0 to 1
    - `written` (tuple of str): it is done; what the format could not hold
    - `stopped`: it was cancelled
    - `failed` (KnownError), `crashed` (str): it was not written; a report to copy
    """

    progressed = Signal(float)
    written = Signal(object)
    stopped = Signal()
    failed = Signal(object)
    crashed = Signal(str)
    _ended = Signal(object)
    _told = Signal(float)

    def __init__(self, folder: Path, name: str, output: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._folder, self._name, self._output = folder, name, output
        self._stop = threading.Event()
        self._closed = False
        self._at = -1
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)
        self._told.connect(self.progressed, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name="agent-app export", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Ask it to end."""
        self._stop.set()

    def close(self) -> None:
        """End it, and wait for that; nothing is told any more."""
        self._closed = True
        self._stop.set()
        self._thread.join()

    @Slot(object)
    def _on_ended(self, tell: Callable[[], None]) -> None:
        self._thread.join()
        if not self._closed:
            tell()

    def _run(self) -> None:
        try:
            # the viewer's own is read by another thread
            episode = open_episode(self._folder)
            lost = export_episode(episode, self._name, self._output, progress=self._tell)
            said = (*(f"damaged: {problem}" for problem in episode.problems), *lost)
            self._ended.emit(partial(self.written.emit, said))
        except RunEnded:
            self._ended.emit(self.stopped.emit)
        except KnownError as error:
            self._ended.emit(partial(self.failed.emit, error))
        except Exception:
            self._ended.emit(partial(self.crashed.emit, traceback.format_exc()))
            raise  # the thread's hook prints it

    def _tell(self, what: str, done: int, total: int) -> None:  # noqa: ARG002 - `Progress` has it
        if self._stop.is_set():
            raise RunEnded("stopped")
        at = _TELL_STEPS * done // max(1, total)
        if at != self._at:
            self._at = at
            self._told.emit(at / _TELL_STEPS)


class _About(QLabel):
    """What a format is; a click on it chooses the format."""

    def __init__(self, text: str, button: QRadioButton) -> None:
        super().__init__(text, button.parentWidget())
        self.setProperty("role", "muted")
        self._button = button

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self._button.click()
        event.accept()


class ExportSheet(Sheet):
    """Asks for a format and a place, writes, and says what was lost.

    **Signals:**

    - `finished`: nothing is written any more, whatever came of it
    """

    finished = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent.tr("Export"), parent)
        self._folder: Path | None = None
        self._job: ExportJob | None = None
        self._written: Path | None = None
        self.card.setFixedWidth(620)
        self._formats = QButtonGroup(self)
        self.formats: dict[str, QRadioButton] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(1, 1)
        for row, (name, form) in enumerate(FORMATS.items()):
            button = QRadioButton(name, self.card)
            about = QCoreApplication.translate("Formats", form.about)
            button.setAccessibleDescription(about)
            button.toggled.connect(self._on_format_chosen)
            self._formats.addButton(button)
            grid.addWidget(button, row, 0)
            grid.addWidget(_About(about, button), row, 1)
            self.formats[name] = button
        self.rows.addLayout(grid)
        self.path = QLineEdit(self.card)
        self.path.setAccessibleName(self.tr("Where to write it"))
        self.path.textChanged.connect(self._on_path_changed)
        self.choose = QPushButton(self.tr("C&hoose…"), self.card)
        self.choose.clicked.connect(self._on_choose)
        place = QHBoxLayout()
        place.addWidget(self.path, 1)
        place.addWidget(self.choose)
        self.rows.addSpacing(4)
        self.rows.addLayout(place)
        self.said = QLabel(self.card)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.rows.addWidget(self.said)
        self.lost = PlainText(self.card)
        self.lost.setAccessibleName(self.tr("What was lost"))
        self.rows.addWidget(self.lost)
        self.error = ErrorCard(self.card)
        self.rows.addWidget(self.error)
        self.bar = QProgressBar(self.card)
        self.bar.setRange(0, _BAR_STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.rows.addWidget(self.bar)
        self.show_folder = QPushButton(self.tr("Show in &folder"), self.card)
        self.show_folder.clicked.connect(self._on_show_folder)
        self.done = QPushButton(self.tr("&Close"), self.card)
        self.done.clicked.connect(self.close_sheet)
        self.write = QPushButton(self.tr("&Export"), self.card)
        self.write.setProperty("role", "primary")
        self.write.clicked.connect(self.start)
        buttons = QHBoxLayout()
        buttons.addWidget(self.show_folder)
        buttons.addStretch(1)
        buttons.addWidget(self.done)
        buttons.addWidget(self.write)
        self.rows.addLayout(buttons)

    def ask(self, folder: Path) -> None:
        """Offer to export the episode in this folder."""
        self._folder = folder
        self._written = None
        self._say("", ())
        self.bar.hide()
        if self._formats.checkedButton() is None:
            self.formats["html"].setChecked(True)
        else:
            self._suggest()
        self._show_working(working=False)
        self.open(self._formats.checkedButton())

    @Slot()
    def start(self) -> None:
        """Write it."""
        if self._folder is None or self._job is not None or not self.path.text().strip():
            return
        self._written = Path(self.path.text().strip()).expanduser()
        self._say("", ())
        self.bar.setValue(0)
        job = self._job = ExportJob(self._folder, self.name, self._written, self)
        job.progressed.connect(self._on_progressed)
        job.written.connect(self._on_written)
        job.stopped.connect(self._on_stopped)
        job.failed.connect(self._on_failed)
        job.crashed.connect(self._on_crashed)
        self._show_working(working=True)

    @property
    def name(self) -> str:
        """The format that is chosen."""
        return next(name for name, button in self.formats.items() if button.isChecked())

    def close_sheet(self) -> None:
        """Cancel what is being written; with nothing being written, go."""
        if self._job is not None:
            self._job.cancel()
        else:
            super().close_sheet()

    def close_down(self) -> None:
        """End at once, for a window that closes."""
        if self._job is not None:
            self._job.close()
            self._end()
        super().close_sheet()

    # What is chosen

    @Slot(bool)
    def _on_format_chosen(self, chosen: bool) -> None:
        if chosen:
            self._suggest()

    def _suggest(self) -> None:
        """The place of last time, or the home folder, under the episode's name."""
        before = self.path.text().strip()
        parent = Path(before).parent if before else Path.home()
        if self._folder is not None:
            self.path.setText(str(parent / file_name(self._folder.resolve().name, self.name)))

    @Slot()
    def _on_path_changed(self) -> None:
        there = Path(self.path.text().strip() or "/").expanduser()
        replaces = there.is_file() and there != self._written
        self._say(self.tr("This file is there already and will be replaced.") * replaces, ())
        self.write.setEnabled(bool(self.path.text().strip()))

    @Slot()
    def _on_choose(self) -> None:
        title = self.tr("Where to write it")
        options = QFileDialog.Option.DontConfirmOverwrite  # it is said here
        path, _ = QFileDialog.getSaveFileName(self, title, self.path.text(), options=options)
        if path:
            self.path.setText(path)

    # What comes of it

    @Slot(float)
    def _on_progressed(self, share: float) -> None:
        self.bar.setValue(round(share * _BAR_STEPS))

    @Slot(object)
    def _on_written(self, lost: Sequence[str]) -> None:
        self._end()
        said = self.tr("Written. What this format cannot hold:") if lost else self.tr("Written.")
        self._say(said, lost)
        self.show_folder.show()

    @Slot()
    def _on_stopped(self) -> None:
        self._end()
        self._say(self.tr("Cancelled. Nothing is missing in the episode."), ())

    @Slot(object)
    def _on_failed(self, error: KnownError) -> None:
        self._end()
        self.error.show_known(error)

    @Slot(str)
    def _on_crashed(self, report: str) -> None:
        self._end()
        self.error.show_report(report)

    @Slot()
    def _on_show_folder(self) -> None:
        if self._written is not None:
            reveal(self._written.parent)

    def _end(self) -> None:
        assert self._job is not None
        self._job.deleteLater()
        self._job = None
        self._show_working(working=False)
        self.done.setFocus()
        self.finished.emit()

    def _say(self, text: str, lost: Sequence[str]) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))
        self.lost.setPlainText("\n".join(lost))
        self.lost.setVisible(bool(lost))
        self.error.hide()
        self.show_folder.hide()

    def _show_working(self, *, working: bool) -> None:
        for widget in (*self.formats.values(), self.path, self.choose, self.write):
            widget.setEnabled(not working)
        self.bar.setVisible(working)
        self.done.setText(self.tr("&Cancel") if working else self.tr("&Close"))
        if working:
            self.done.setFocus()


def file_name(episode: str, name: str) -> str:
    """What an export of this episode in the format of this name is called."""
    if FORMATS[name].is_folder:
        return f"{episode}-{name}"
    suffix = _SUFFIXES.get(name)
    return f"{episode}.{name}" if suffix is None else f"{episode}-{name}{suffix}"


def reveal(folder: Path) -> bool:
    """Show a folder in the desktop's file manager; whether there is one."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder.absolute())))
