"""The middle of the window: one step's screen, what steers the run, and where time went."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from agent_app.geometry import FrameTransform
from agent_app.screen.frame import Pixels
from agent_app.ui.labels import LineLabel
from agent_app.ui.marks import Mark, Standing, mark_of
from agent_app.ui.phrases import deed_text
from agent_app.ui.pictures import FramePictures
from agent_app.ui.question import QuestionCard
from agent_app.ui.steer import SteerBar
from agent_app.ui.story import Deed, Step, Story
from agent_app.ui.theme import Theme
from agent_app.ui.time_card import TimeCard
from agent_app.ui.viewer.stage import Stage, View

_LOW = 640  # pixels


class StepPane(QWidget):
    """Shows a step, or the end of a run.

    **Signals:**

    - `live_requested`: the person wants to see what happens now
    - `view_chosen`: the person wants to see another screen of the step
    """

    live_requested = Signal()
    view_chosen = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view: View = "target"
        self._cards: list[QWidget] = []
        self.title = LineLabel(self)
        self.title.setProperty("role", "title")
        self.live = QPushButton(self)
        self.live.setAccessibleName(self.tr("Back to live"))
        self.live.clicked.connect(self.live_requested)
        self.title.setMinimumHeight(self.live.sizeHint().height())  # so that nothing moves
        self.live.hide()
        self.stage = Stage(theme, self)
        self.stage.view_chosen.connect(self.choose_view)
        self.screenshot = self.stage.screenshot
        self.steer = SteerBar(self)
        self.steer.counted.connect(self.screenshot.count_down)
        self.time = TimeCard(theme, self)
        self.timing = self.time.bar
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.live)
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setSpacing(8)
        self.rows.addLayout(head)
        self.rows.addWidget(self.stage, 1)
        self.rows.addWidget(self.steer)
        self.rows.addWidget(self.time)
        self.show_idle()

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self.stage.set_theme(theme)
        self.timing.set_theme(theme)

    @Slot(str)
    def choose_view(self, view: View) -> None:
        """Show the screen before, the target, the screen after, or both to compare."""
        self.view = view
        self.view_chosen.emit()

    def show_idle(self, hint: str = "") -> None:
        """Nothing has been seen yet."""
        self._set_title(self.tr("Screen"))
        said = hint or self.tr("The screen appears here as soon as the agent looks at it.")
        self.stage.show_view("target", compares=False)
        self.stage.show_screen(None, (), said)
        self.time.show_step(None)
        self._make_room()

    def show_step(
        self, step: Step, story: Story, pictures: FramePictures, *, more: tuple[Mark, ...] = ()
    ) -> None:
        """Show what this step saw, and where it acts or has acted; `more` is marked besides."""
        intent = " ".join(step.intent.split())
        number = self.tr("Step {number}").format(number=step.number)
        self._set_title(f"{number}  ·  {intent}" if intent else number)
        before, after = step.frame, story.frame_after(step)
        compares = (
            before is not None
            and after is not None
            and before.transform.size == after.transform.size
        )
        view = "target" if self.view == "compare" and not compares else self.view
        self.stage.show_view(view, compares=compares)
        shown = after if view == "after" else before
        marks: tuple[Mark, ...] = ()
        picture: Pixels | None = None
        hint = self.tr("Looking at the screen…")
        if view == "after":
            hint = self.tr("What comes of it is not known yet.")
        if shown is not None:
            picture = pictures.get(shown.sha1)
            hint = self.tr("The picture of this step is no longer kept.")
        if view == "target" and before is not None:
            marks = (*more, *_marks(step, before.transform))
        other = pictures.get(after.sha1) if view == "compare" and after is not None else None
        self.stage.show_screen(picture, marks, hint, other)
        self.time.show_step(step)
        self._make_room()

    def show_end(self, story: Story, pictures: FramePictures) -> None:
        """Show the screen as the run left it."""
        self._set_title(self.tr("The screen at the end"))
        frame = story.final_frame
        picture = None if frame is None else pictures.get(frame.sha1)
        self.stage.show_view("after", compares=False)
        self.stage.show_screen(picture, (), self.tr("The run left no picture."))
        self.time.show_step(story.step)
        self._make_room()

    def offer_live(self, words: str) -> None:
        """Offer a way back to what happens now; nothing is offered without words."""
        self.live.setText(words)
        self.live.setAccessibleName(words)
        self.live.setVisible(bool(words))

    def add_card(self, card: QWidget) -> None:
        """Put a card below the rest."""
        self.rows.addWidget(card)
        self._cards.append(card)
        card.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self._make_room()
        return super().eventFilter(watched, event)

    def _make_room(self) -> None:
        """Where time went gives way to a question, in a low window to every card.

        There is nothing to say of it before the first step.
        """
        cards = [card for card in self._cards if not card.isHidden()]
        asks = any(isinstance(card, QuestionCard) for card in cards)
        crowded = asks or (self.height() < _LOW and bool(cards))
        self.time.setVisible(self.time.has_any and not crowded)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._make_room()

    def _set_title(self, title: str) -> None:
        self.title.set_line(title)


def _marks(step: Step, transform: FrameTransform) -> Iterator[Mark]:
    """What the step did and does, and while it may be said no to all that is to come."""
    for deed in step.deeds:
        standing: Standing = "target"
        if deed.vetoed:
            standing = "vetoed"
        elif step.offer is not None and deed is step.deeds[-1]:
            standing = "ghost"
        yield mark_of(deed, transform, standing=standing)
    if step.offer is not None:
        for action, points in zip(step.offer.actions[1:], step.offer.points[1:], strict=True):
            coming = Deed(action, deed_text(action), points)
            yield mark_of(coming, transform, standing="ghost")
