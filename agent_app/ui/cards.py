"""Cards that speak to the person: a result, an error, what is loaded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from agent_app.errors import KnownError
from agent_app.events import RunFinished
from agent_app.ui.phrases import spoken
from agent_app.ui.timing import seconds_text

Tone = Literal["plain", "question", "good", "warn", "bad"]
_MOST_LINES = 7
_LEAST_LINES = 2  # where there is room for no more
_BAR_STEPS = 1000


class PlainText(QPlainTextEdit):
    """Text to read, select and copy; as high as its lines where it has room, else it scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setProperty("role", "plain")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return self._size_of(_MOST_LINES)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return self._size_of(_LEAST_LINES)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._fit()

    def _size_of(self, most: int) -> QSize:
        lines = max(1, min(most, self._lines()))
        line = math.ceil(QFontMetricsF(self.font()).lineSpacing())  # as it is laid out
        return QSize(200, lines * line + 4)

    def _lines(self) -> int:
        return round(self.document().size().height())  # this document counts lines, not pixels

    def _fit(self) -> None:
        fits = self._lines() <= _MOST_LINES and self.height() >= self.sizeHint().height()
        bar = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(bar.ScrollBarAlwaysOff if fits else bar.ScrollBarAsNeeded)
        self.updateGeometry()


class Card(QFrame):
    """A frame with a title and a text. Hidden until it has something to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.title = QLabel(self)
        self.title.setProperty("role", "title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.text = PlainText(self)
        self.text.setAccessibleName(self.tr("Message"))
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(14, 12, 14, 12)
        self.rows.setSpacing(8)
        self.rows.addWidget(self.title)
        self.rows.addWidget(self.text)
        self.hide()

    def say(self, title: str, text: str, tone: Tone) -> None:
        """Show this; both are plain text."""
        self.title.setText(title)
        self.text.setPlainText(text)
        self.text.setVisible(bool(text))
        self.text.setAccessibleName(title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        for widget in (self, self.title):
            widget.setProperty("tone", tone)
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self.show()


class LoadingCard(Card):
    """How far the model's loading has come."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, _BAR_STEPS)
        self.bar.setAccessibleName(self.tr("Loading"))
        self.rows.addWidget(self.bar)

    def show_progress(self, what: str, done: float, total: float) -> None:
        """Say what is loaded, and how much of it; in bytes."""
        amount = self.tr("{done} of {total} GB").format(
            done=f"{done / 1e9:.1f}", total=f"{total / 1e9:.1f}"
        )
        what, _, plan = what.partition(" (")
        told = [amount, *([spoken(plan.removesuffix(")"))] if plan else [])]
        self.say(sentence(spoken(what)), "\n".join(told), "plain")
        self.bar.setValue(round(_BAR_STEPS * done / total) if total else 0)


class ResultCard(Card):
    """How a run ended, and the way to watch it again.

    **Signals:**

    - `replay_requested`: show the run's episode
    """

    replay_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.replay = QPushButton(self.tr("&Replay"), self)
        self.replay.setToolTip(self.tr("Watch the recorded run"))
        self.replay.clicked.connect(self.replay_requested)
        self.replay.hide()
        self.rows.addWidget(self.replay, 0, Qt.AlignmentFlag.AlignLeft)

    def show_result(self, finished: RunFinished) -> None:
        """Say what came of it."""
        titles: dict[str, tuple[str, Tone]] = {
            "success": (self.tr("Done"), "good"),
            "failure": (self.tr("Not done"), "bad"),
            "stopped": (self.tr("Stopped"), "plain"),
            "limit": (self.tr("A limit was reached"), "warn"),
            "error": (self.tr("Ended by an error"), "bad"),
        }
        title, tone = titles[finished.outcome]
        count = finished.steps
        steps = self.tr("1 step") if count == 1 else self.tr("{n} steps").format(n=count)
        facts = self.tr("{steps} · {time} · {tokens} tokens").format(
            steps=steps, time=seconds_text(finished.seconds), tokens=finished.tokens
        )
        reason = spoken(finished.words or finished.reason)
        reason = "" if finished.reason == finished.outcome else sentence(reason)
        said = [part for part in (finished.answer, reason) if part]
        self.say(title, "\n".join([*dict.fromkeys(said), facts]), tone)


class ErrorCard(Card):
    """A fault: the world's with its remedy, or ours with a report to copy."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.report = ""
        self.about = QLabel(self)
        self.about.setText(
            self.tr("What was recorded is kept. The report says what happened; it can be copied.")
        )
        self.about.setWordWrap(True)
        self.rows.insertWidget(1, self.about)
        row = QHBoxLayout()
        self.copy = QPushButton(self.tr("&Copy report"), self)
        self.copy.clicked.connect(self._on_copied)
        self.dismiss = QPushButton(self.tr("&Dismiss"), self)
        self.dismiss.clicked.connect(self.hide)
        row.addWidget(self.copy)
        row.addWidget(self.dismiss)
        row.addStretch(1)
        self.rows.addLayout(row)

    def show_known(self, error: KnownError) -> None:
        """Say what is wrong and what to do about it."""
        self.report = ""
        self.copy.hide()
        self.about.hide()
        self._set_fixed(fixed=False)
        message, remedy = (sentence(spoken(told)) for told in error.told)
        self.say(message, remedy, "warn")

    def show_report(self, report: str, title: str = "") -> None:
        """Say that we failed, or what else is in the title; the report can be copied."""
        self.report = report
        self.copy.show()
        self.about.show()
        self._set_fixed(fixed=True)
        self.copy.setText(self.tr("&Copy report"))
        title = title or self.tr("Something went wrong in agent-app itself")
        self.say(title, report.strip(), "bad")
        bar = self.text.verticalScrollBar()
        QTimer.singleShot(0, bar, lambda: bar.setValue(bar.maximum()))  # the last line says most

    def _set_fixed(self, *, fixed: bool) -> None:
        """Take letters of one width, in which a report keeps its columns."""
        self.text.setProperty("fixed", fixed)
        self.text.style().unpolish(self.text)
        self.text.style().polish(self.text)

    @Slot()
    def _on_copied(self) -> None:
        QGuiApplication.clipboard().setText(self.report)
        self.copy.setText(self.tr("Copied"))


class ProblemsCard(Card):
    """What is wrong with an episode: in one line, or all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._problems: tuple[str, ...] = ()
        self.rows.setContentsMargins(14, 6, 8, 6)
        self.rows.removeWidget(self.title)
        self.title.setProperty("role", "")
        self.title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.more = QPushButton(self)
        self.more.setProperty("role", "tab")
        self.more.setCheckable(True)
        self.more.setAccessibleName(self.tr("All problems of this episode"))
        self.more.toggled.connect(self._show)
        row = QHBoxLayout()
        row.addWidget(self.title, 1)
        row.addWidget(self.more)
        self.rows.insertLayout(0, row)

    @Slot(object)
    def show_problems(self, problems: Sequence[str]) -> None:
        """Say what is wrong; with nothing, nothing is shown."""
        self._problems = tuple(problems)
        if problems:
            self._show()
        else:
            self.hide()

    @Slot()
    def _show(self) -> None:
        count = len(self._problems)
        if not count:
            return
        first = sentence(spoken(self._problems[0]))
        damaged = self.tr("This episode is damaged: {first}").format(first=first)
        more = self.tr("{count} problems").format(count=count)
        opened = count > 1 and self.more.isChecked()
        title = f"{damaged}  ({more})" if count > 1 and not opened else damaged
        all_of_them = "\n".join(sentence(spoken(each)) for each in self._problems)
        self.say(title, all_of_them if opened else "", "warn")
        self.more.setText(self.tr("Show less") if opened else self.tr("Show all"))
        self.more.setVisible(count > 1)


def sentence(text: str) -> str:
    """The text beginning with a capital; error texts begin small, for the command line."""
    return text[:1].upper() + text[1:]
