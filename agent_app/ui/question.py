"""The card of a question: choices, a field for another answer, and how long it is waited for."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QWidget

from agent_app.events import QuestionAsked
from agent_app.ui.cards import Card, sentence
from agent_app.ui.phrases import spoken
from agent_app.wording import Words


class QuestionCard(Card):
    """The run asks; a choice, a typed answer or nobody answers.

    **Signals:**

    - `answered` (str | None): what to tell the run; None says that nobody will answer
    """

    answered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asked: QuestionAsked | None = None
        self._said: dict[str, str] = {}  # what is on a button, and the choice that it is
        self._choices = QGridLayout()
        self._choices.setSpacing(6)
        self.rows.addLayout(self._choices)
        row = QHBoxLayout()
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(self.tr("Type an answer"))
        self.field.setAccessibleName(self.tr("Answer"))
        self.field.returnPressed.connect(self._on_sent)
        self.send = QPushButton(self.tr("&Answer"), self)
        self.send.setProperty("role", "primary")
        self.send.clicked.connect(self._on_sent)
        self.skip = QPushButton(self.tr("S&kip"), self)
        self.skip.setToolTip(self.tr("Go on without an answer"))
        self.skip.clicked.connect(self._on_skipped)
        for widget in (self.field, self.send, self.skip):
            row.addWidget(widget)
        self.rows.addLayout(row)
        self.buttons: list[QPushButton] = []

    def show_question(self, asked: QuestionAsked | None, *, leave: bool = False) -> None:
        """Ask this; None takes the question away.

        Where it asks for leave to act, no stray key press is to give it.
        """
        if asked is self._asked:
            return
        self._asked = asked
        if asked is None:
            self.hide()
            return
        self.field.clear()
        self._offer(asked.choices, ours=asked.words is not None)
        self.say(self._title(), spoken(asked.words or asked.question), "question")
        if leave:
            self.skip.setFocus()
        else:
            (self.buttons[0] if self.buttons else self.field).setFocus()

    def count_down(self) -> None:
        """Say how much time is left for an answer."""
        if self._asked is not None and self._asked.seconds is not None:
            self.title.setText(self._title())

    def _title(self) -> str:
        if self._asked is None or self._asked.seconds is None:
            return self.tr("The agent asks")
        left = max(0, round(self._asked.at + self._asked.seconds - time.monotonic()))
        minutes, seconds = divmod(left, 60)
        said = self.tr("The agent asks  ·  {time} left")
        return said.format(time=f"{minutes}:{seconds:02d}")

    def _offer(self, choices: Sequence[str], *, ours: bool) -> None:
        for button in self.buttons:
            self._choices.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        self._said = {}
        for number, choice in enumerate(choices, start=1):
            said = sentence(spoken(Words(choice))) if ours else choice
            self._said[said.casefold()] = choice
            plain = said.replace("&", "&&")
            button = QPushButton(f"&{number}  {plain}" if number < 10 else plain, self)
            button.setAccessibleName(said)
            button.setStyleSheet("text-align: left;")
            button.clicked.connect(lambda _checked=False, answer=choice: self.give(answer))
            self.buttons.append(button)
        self._arrange()

    def _arrange(self) -> None:
        """As many choices beside each other as have room: all of them, half of them, or one."""
        count = len(self.buttons)
        gap = self._choices.spacing()
        widest = max((button.sizeHint().width() for button in self.buttons), default=0)
        margins = self.rows.contentsMargins()
        fit = (self.width() - margins.left() - margins.right() + gap) // (widest + gap)
        columns = next((each for each in (count, -(-count // 2)) if each <= fit), 1)
        for at, button in enumerate(self.buttons):
            self._choices.addWidget(button, *divmod(at, columns))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._arrange()

    @Slot()
    def _on_sent(self) -> None:
        if text := self.field.text().strip():
            self.give(text)

    @Slot()
    def _on_skipped(self) -> None:
        self.give(None)

    def give(self, answer: str | None) -> None:
        """Answer the question, also with what is on a button, and take it away."""
        self.hide()
        self.answered.emit(answer and self._said.get(answer.casefold(), answer))
