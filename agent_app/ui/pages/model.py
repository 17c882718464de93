"""The model page: which one decides, what it needs, and whether it is loaded."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from agent_app.errors import KnownError
from agent_app.model_runtime import Progress
from agent_app.office import Office
from agent_app.runtimes.kimi_vl.hub import DEFAULT_REPO, pull
from agent_app.runtimes.kimi_vl.survey import Survey, survey
from agent_app.settings import SettingsFile, setting_of
from agent_app.settings.kinds import Value
from agent_app.ui.cards import ErrorCard, sentence
from agent_app.ui.errand import Errand
from agent_app.ui.labels import homely
from agent_app.ui.pages.choice import KIMI, ModelChoice
from agent_app.ui.pages.needs import NeedsTable, gigabytes
from agent_app.ui.pages.page import Page, Section, set_tone, text_label
from agent_app.ui.phrases import spoken

_STEPS = 1000


class ModelPage(Page):
    """Chooses a model, fetches one, loads it and gives its memory back.

    What is chosen is kept in the settings. While a run goes on, its model is left alone.

    **Signals:**

    - `surveyed`: what the chosen model needs is shown
    - `worked`: a download, a loading or an unloading has ended
    """

    surveyed = Signal()
    worked = Signal()

    def __init__(
        self,
        office: Office,
        file: SettingsFile,
        environment: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._office = office
        self._file = file
        self._environment = environment
        self._running = False
        self._survey: Survey | KnownError | None = None  # of what is named below
        self._surveyed_name = ""
        self.look = Errand(self)
        self.work = Errand(self)
        self.introduce(
            self.tr("Model"),
            self.tr("What looks at the screen and decides. It can be changed between two runs."),
        )
        self.error = ErrorCard(self)
        self.body.addWidget(self.error)
        self.choice = ModelChoice(self)
        self.choice.chosen.connect(self._on_chosen)
        self.choice.named.connect(self._on_named)
        self.choice.refused.connect(self.error.show_known)
        self.body.addWidget(self.choice)
        self.body.addWidget(self._make_progress())
        self.body.addWidget(self._make_needs())
        self.body.addWidget(self._make_loaded())
        self.body.addStretch(1)
        self.look.done.connect(self._on_surveyed)
        self.look.failed.connect(self._on_survey_failed)
        self.look.crashed.connect(self.error.show_report)
        self.look.ended.connect(self._on_look_ended)
        self.work.progressed.connect(self._on_progressed)
        self.work.failed.connect(self.error.show_known)
        self.work.crashed.connect(self.error.show_report)
        self.work.ended.connect(self._on_worked)
        self._update()

    def set_running(self, running: bool) -> None:
        """Leave the model alone while a run goes on."""
        self._running = running
        self._update()

    @Slot()
    def refresh(self) -> None:
        """Show what is set and what is loaded now."""
        try:
            settings = self._file.settings(self._environment)
            chosen = self._office.chosen.model
        except KnownError as error:
            self.error.show_known(error)
            return
        if isinstance(self._survey, KnownError):  # its cause may be mended by now
            self._survey = None
        self.choice.show_choice(settings.model, settings.model_name, chosen)
        self._update()
        self._survey_chosen()

    # What it is made of

    def _make_needs(self) -> QWidget:
        self.needs = Section(self.tr("What it needs"), self)
        self.contents = text_label("", self.needs, role="muted")
        self.lacking = text_label("", self.needs)
        set_tone(self.lacking, "warn")
        self.table = NeedsTable(self.needs)
        self.download = QPushButton(self.tr("&Download"), self.needs)
        self.download.clicked.connect(self._on_download)
        row = QHBoxLayout()
        row.addWidget(self.download)
        row.addStretch(1)
        for part in (self.contents, self.lacking, self.table):
            self.needs.rows.addWidget(part)
        self.needs.rows.addLayout(row)
        self.needs.hide()
        return self.needs

    def _make_progress(self) -> QWidget:
        """What is done now, and how far it is."""
        card = self.progress = Section("", self)
        self.doing = text_label("", card)
        self.bar = QProgressBar(card)
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.cancel = QPushButton(self.tr("&Cancel"), card)
        self.cancel.clicked.connect(self._on_cancel)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        card.rows.addWidget(self.doing)
        card.rows.addLayout(row)
        return card

    def _make_loaded(self) -> QWidget:
        card = Section(self.tr("In memory"), self)
        self.loaded = text_label("", card)
        self.leaves = text_label("", card)
        self.load = QPushButton(self.tr("&Load"), card)
        self.load.setProperty("role", "primary")
        self.load.clicked.connect(self._on_load)
        self.unload = QPushButton(self.tr("&Unload"), card)
        self.unload.clicked.connect(self._on_unload)
        row = QHBoxLayout()
        for button in (self.load, self.unload):
            row.addWidget(button)
        row.addStretch(1)
        below = QVBoxLayout()
        for part in (self.loaded, self.leaves):
            below.addWidget(part)
        card.rows.addLayout(below)
        card.rows.addLayout(row)
        return card

    # What is chosen

    @Slot(object)
    def _on_chosen(self, name: str | None) -> None:
        self._change("model.name", name)
        self._update()
        self._survey_chosen()

    @Slot(object)
    def _on_named(self, name: str | None) -> None:
        self._change("model.served_as", name)

    def _change(self, key: str, value: Value | None) -> None:
        setting = setting_of(key)
        try:
            if self._file.read().get(setting) != value:
                self._file.change({setting: value})
            self.error.hide()
        except KnownError as error:
            self.error.show_known(error)

    # What it needs

    def _survey_chosen(self) -> None:
        """Look at the checkpoint that is chosen, unless that is done already."""
        if self.choice.choice != "kimi":
            self.needs.hide()
            return
        name = self.choice.checkpoint_name
        if self.look.busy:
            return
        if self._survey is not None and name == self._surveyed_name:
            if isinstance(self._survey, KnownError):
                self.error.show_known(self._survey)
            else:
                self.needs.show()
            return
        try:
            loading = self._office.chosen.loading
        except KnownError as error:
            self.error.show_known(error)
            return
        self._survey, self._surveyed_name = None, name
        self.contents.setText(self.tr("Looking at it and at this machine…"))
        for part in (self.lacking, self.table, self.download):
            part.hide()
        self.needs.show()
        self.look.begin(lambda _progress, _show: survey(name, loading))

    @Slot(object)
    def _on_surveyed(self, found: Survey) -> None:
        self._survey = found
        if found.folder is not None:
            self.contents.setText(f"{spoken(found.contents)}\n{homely(found.folder)}")
        else:
            assert found.absent is not None
            size, room = gigabytes(found.download), gigabytes(found.room)
            self.contents.setText(
                sentence(spoken(found.absent.message))
                + "\n"
                + self.tr("It takes {size}; the disk has room for {room}.").format(
                    size=size, room=room
                )
            )
        lacking = found.lacking
        self.lacking.setVisible(lacking is not None)
        if lacking is not None:
            self.lacking.setText(f"{sentence(spoken(lacking.message))}: {spoken(lacking.remedy)}")
        self.table.show_survey(found)
        self.table.show()
        self._update()

    @Slot(object)
    def _on_survey_failed(self, error: KnownError) -> None:
        self._survey = error
        self.needs.hide()
        self.error.show_known(error)

    @Slot()
    def _on_look_ended(self) -> None:
        self.surveyed.emit()
        if self.choice.choice == "kimi" and self.choice.checkpoint_name != self._surveyed_name:
            self._survey_chosen()  # another one was written meanwhile

    # What is done

    @Slot()
    def _on_download(self) -> None:
        name = self.choice.checkpoint_name
        repo, _, revision = (DEFAULT_REPO if name == KIMI else name).partition("@")
        self._begin(self.tr("Downloading {name}").format(name=repo))

        def fetch(progress: Progress, _show: object) -> None:
            pull(repo, revision=revision or None, progress=progress)

        self.work.begin(fetch)
        self._update()

    @Slot()
    def _on_load(self) -> None:
        self._begin(self.tr("Getting ready"))
        self.work.begin(lambda progress, _show: self._office.load(progress))
        self._update()

    @Slot()
    def _on_unload(self) -> None:
        self._begin(self.tr("Unloading"))
        self.work.begin(lambda _progress, _show: self._office.unload())
        self._update()

    def _begin(self, what: str) -> None:
        self.error.hide()
        self.doing.setText(what)
        self.bar.setRange(0, 0)

    @Slot()
    def _on_cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.work.cancel()

    @Slot(str, float, float)
    def _on_progressed(self, what: str, done: float, total: float) -> None:
        self.bar.setRange(0, _STEPS if total else 0)
        self.bar.setValue(round(_STEPS * done / total) if total else 0)
        amount = f"  ·  {gigabytes(done)} / {gigabytes(total)}" if total else ""
        self.doing.setText(sentence(spoken(what)) + amount)

    @Slot()
    def _on_worked(self) -> None:
        self._survey = None  # it may be here now, and memory is free or taken
        self._update()
        self._survey_chosen()
        self.worked.emit()

    def _update(self) -> None:
        busy = self.work.busy
        model = self._office.model
        if model is None:
            self.loaded.setText(
                self.tr("No model. A run loads the one it needs; loaded now, a run starts at once.")
            )
            self.leaves.hide()
        else:
            self.loaded.setText(f"{model.name}: {spoken(model.detail)}")
            nowhere = self.tr("Nothing leaves this computer")
            goes = self.tr("Screenshots go to {host}").format(host=model.sends_to)
            self.leaves.setText(goes if model.sends_to else nowhere)
            set_tone(self.leaves, "warn" if model.sends_to else "muted")
            self.leaves.show()
        free = not busy and not self._running
        self.load.setEnabled(free and model is None)
        self.unload.setEnabled(free and model is not None)
        self.progress.setVisible(busy)
        self.cancel.setEnabled(busy)
        found = self._survey if isinstance(self._survey, Survey) else None
        self.download.setVisible(found is not None and found.folder is None)
        self.download.setEnabled(not busy)
        if found is not None:
            size = gigabytes(found.download)
            self.download.setText(self.tr("&Download, {size}").format(size=size))

    def close_down(self) -> None:
        """End what goes on: the window closes."""
        for errand in (self.look, self.work):
            errand.cancel()
