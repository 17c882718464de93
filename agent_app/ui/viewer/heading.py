"""The top of the viewer: what the run was for, how it ended, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from agent_app.episode.wording import outcome_of, task_text
from agent_app.ui.icons import sign
from agent_app.ui.labels import LineLabel
from agent_app.ui.phrases import spoken
from agent_app.ui.story import shown_line
from agent_app.ui.theme import Theme
from agent_app.ui.timing import seconds_text
from agent_app.ui.viewer.reel import Reel


class Heading(QWidget):
    """The task, the facts, and the buttons.

    **Signals:**

    - `pressed` (str): one of "library", "export", "reveal", "theme", "keys"
    """

    pressed = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.task = LineLabel(self)
        self.task.setProperty("role", "headline")
        self.outcome = QLabel(self)
        self.outcome.setProperty("role", "chip")
        self.outcome.setAccessibleName(self.tr("Outcome"))
        self.facts = LineLabel(self)
        self.facts.setProperty("role", "muted")
        self.ending = LineLabel(self)
        second = QHBoxLayout()
        second.setSpacing(10)
        second.addWidget(self.outcome)
        second.addWidget(self.facts, 1)
        texts = QVBoxLayout()
        texts.setSpacing(3)
        texts.addWidget(self.task)
        texts.addLayout(second)
        texts.addWidget(self.ending)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.buttons: dict[str, QPushButton] = {}
        for name, text, about in (
            ("library", "", self.tr("All episodes (Ctrl+O)")),
            ("export", self.tr("Export…"), self.tr("Write it in another format (Ctrl+E)")),
            ("reveal", self.tr("Reveal folder"), self.tr("Show its folder (Ctrl+R)")),
            ("theme", "", self.tr("Light or dark (T)")),
            ("keys", "?", self.tr("All keys (?)")),
        ):
            button = QPushButton(text, self)
            button.setProperty("role", "" if len(text) > 1 else "icon")
            button.setToolTip(about)
            button.setAccessibleName(text if len(text) > 1 else about)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, name=name: self.pressed.emit(name))
            self.buttons[name] = button
        row.addWidget(self.buttons["library"], 0, Qt.AlignmentFlag.AlignTop)
        row.addSpacing(4)
        row.addLayout(texts, 1)
        for name in ("export", "reveal", "theme", "keys"):
            row.addWidget(self.buttons[name], 0, Qt.AlignmentFlag.AlignTop)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self.buttons["library"].setIcon(sign("left", theme.text))
        self.buttons["theme"].setIcon(sign("theme", theme.text))

    def show_nothing(self, title: str) -> None:
        """No episode is open; say what goes on instead."""
        self.task.set_line(title)
        self.outcome.hide()
        self.facts.set_line("")
        self.ending.hide()
        for name in ("export", "reveal"):
            self.buttons[name].setEnabled(False)

    def show_reel(self, reel: Reel) -> None:
        """Say what this episode is."""
        episode = reel.episode
        self.task.set_line(spoken(task_text(episode)))
        word, tone = outcome_of(episode)
        self.outcome.setText(spoken(word))
        self.outcome.setProperty("tone", tone)
        self.outcome.style().unpolish(self.outcome)
        self.outcome.style().polish(self.outcome)
        self.outcome.show()
        count = len(reel.shots)
        facts = (
            shown_line(episode.run.model, 80) if episode.run is not None else "",
            self.tr("1 step") if count == 1 else self.tr("{n} steps").format(n=count),
            "" if reel.untimed or not count else seconds_text(reel.seconds),
            self.tr("no times were recorded") if reel.untimed else "",
            f"{episode.header.created:%Y-%m-%d %H:%M}",
            f"agent-app {shown_line(episode.header.app, 40)}",
        )
        self.facts.set_line("  ·  ".join(fact for fact in facts if fact))
        end = episode.end
        ending = "" if end is None else _joined(end.answer, spoken(end.reason.strip()))
        self.ending.set_line(ending)
        self.ending.setVisible(bool(ending))
        for name in ("export", "reveal"):
            self.buttons[name].setEnabled(True)

    def say_revealed(self, text: str) -> None:
        """Say what came of revealing the folder."""
        self.ending.set_line(text)
        self.ending.show()


def _joined(answer: str, reason: str) -> str:
    return "  ·  ".join(part for part in (answer.strip(), reason) if part)
