"""Which model decides: the part of the model page where one is chosen."""

from __future__ import annotations

from functools import partial
from typing import Literal

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QRadioButton, QWidget

from agent_app.errors import KnownError
from agent_app.model_runtime import is_served
from agent_app.runtimes.kimi_vl.hub import DEFAULT_REPO
from agent_app.ui.pages.page import Section, set_tone, text_label

Choice = Literal["auto", "reader", "kimi", "server"]
KIMI = "kimi-vl"
_NAME_WIDTH = 130


class ModelChoice(Section):
    """Lets one of four kinds of models be chosen, and named.

    **Signals:**

    - `chosen` (str | None): this model is to decide, by its name; None is whichever can
    - `named` (str | None): what a server calls it; None is that it is asked
    - `refused` (KnownError): what was written names no model
    """

    chosen = Signal(object)
    named = Signal(object)
    refused = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.rows.addWidget(text_label(self.tr("Choose a model"), self, role="title"))
        self._group = QButtonGroup(self)
        self.buttons: dict[Choice, QRadioButton] = {}
        self.checkpoint = self._line(self.tr("Checkpoint"))
        self.checkpoint.setPlaceholderText(
            self.tr("{repo}; or a folder, or ORG/NAME").format(repo=DEFAULT_REPO)
        )
        self.address = self._line(self.tr("Address of the server"))
        self.address.setPlaceholderText("http://HOST:PORT/v1")
        self.served_as = self._line(self.tr("What the server calls the model"))
        self.served_as.setPlaceholderText(self.tr("the model's name there; it is asked if empty"))
        self._add(
            "auto",
            self.tr("&Automatic"),
            self.tr("Kimi-VL if its weights and a GPU are here, otherwise the reader"),
        )
        self._add(
            "reader",
            self.tr("&Reader"),
            self.tr("Built in. Follows written steps; needs no GPU and no download"),
        )
        self._add(
            "kimi",
            self.tr("&Kimi-VL"),
            self.tr("Plans by itself from a free task. Needs its weights and a GPU"),
            self.checkpoint,
        )
        self._add(
            "server",
            self.tr("A ser&ver"),
            self.tr("Any OpenAI-compatible server. Screenshots are sent to it"),
            self.address,
            self.served_as,
        )
        self.buttons["auto"].setChecked(True)
        self.flag = text_label("", self)
        set_tone(self.flag, "warn")
        self.rows.addWidget(self.flag)

    @property
    def choice(self) -> Choice:
        """Which kind is chosen."""
        return next(key for key, button in self.buttons.items() if button.isChecked())

    @property
    def checkpoint_name(self) -> str:
        """The name of the checkpoint that is meant with Kimi-VL."""
        return self.checkpoint.text().strip() or KIMI

    def show_choice(self, name: str | None, served_as: str | None, flag: str | None) -> None:
        """Show what is set, and `flag`, which comes before it in this window."""
        choice = _choice_of(name)
        self.buttons[choice].setChecked(True)
        if choice == "kimi":
            self.checkpoint.setText("" if name == KIMI else name or "")
        if choice == "server":
            self.address.setText(name or "")
        self.served_as.setText(served_as or "")
        self.flag.setVisible(flag != name)
        self.flag.setText(
            self.tr("This window was started with --model {name}, which comes first.").format(
                name=flag
            )
        )

    def _line(self, name: str) -> QLineEdit:
        line = QLineEdit(self)
        line.setAccessibleName(name)
        line.editingFinished.connect(self._on_written)
        return line

    def _add(self, key: Choice, name: str, about: str, *lines: QLineEdit) -> None:
        button = QRadioButton(name, self)
        button.setAccessibleDescription(about)
        button.clicked.connect(partial(self._on_chosen, key))
        button.setFixedWidth(_NAME_WIDTH)
        self._group.addButton(button)
        self.buttons[key] = button
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(button)
        row.addWidget(text_label(about, self, role="muted"), 1)
        self.rows.addLayout(row)
        if lines:
            holder = QWidget(self)
            below = QHBoxLayout(holder)
            below.setContentsMargins(_NAME_WIDTH + 16, 0, 0, 4)
            for line in lines:
                below.addWidget(line, 1)
            self.rows.addWidget(holder)
            holder.hide()
            button.toggled.connect(holder.setVisible)  # what is written there is for this one

    def _on_chosen(self, choice: Choice) -> None:
        match choice:
            case "auto":
                self.chosen.emit(None)
            case "reader":
                self.chosen.emit("reader")
            case "kimi":
                self.checkpoint.setFocus()
                self.chosen.emit(self.checkpoint_name)
            case "server":
                self.address.setFocus()
                if self.address.text().strip():
                    self._on_address_written()

    @Slot()
    def _on_written(self) -> None:
        """A line has been left: what stands in it holds when its model is the chosen one."""
        line = self.sender()
        if line is self.served_as:
            self.named.emit(self.served_as.text().strip() or None)
        elif line is self.checkpoint and self.choice == "kimi":
            self.chosen.emit(self.checkpoint_name)
        elif line is self.address and self.choice == "server" and self.address.text().strip():
            self._on_address_written()

    def _on_address_written(self) -> None:
        address = self.address.text().strip()
        if is_served(address):
            self.chosen.emit(address)
            return
        what = self.tr("“{address}” is no address").format(address=address)
        remedy = self.tr("Begin with http:// or https://, such as http://127.0.0.1:8000/v1")
        self.refused.emit(KnownError(what, remedy=remedy))


def _choice_of(name: str | None) -> Choice:
    if name is None:
        return "auto"
    if name == "reader":
        return "reader"
    return "server" if is_served(name) else "kimi"
