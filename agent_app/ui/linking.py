"""Ties what a thought says of the screen to its place on the screenshot, both ways."""

from __future__ import annotations

import math
from collections.abc import Iterator

from PySide6.QtCore import QObject, QPointF, Signal, Slot

from agent_app.geometry import FramePoint, Size
from agent_app.model_runtime import ImageLimits, model_size
from agent_app.runtimes.reader.matching.likeness import likeness
from agent_app.screen.frame import Pixels
from agent_app.ui.marks import Mark
from agent_app.ui.mentions import Mention, find_mentions, on_frame, written_place
from agent_app.ui.reading import FrameTexts, Texts, box_of, text_at
from agent_app.ui.story import Step
from agent_app.ui.thought import ThoughtView

_NEAR = 28.0  # pixels of the frame between a click and a place that is meant by it


class Links(QObject):
    """Which place a mention means, and which mention a place; of the step that is shown.

    What the reply writes down counts first, then where the step acts on what its sentence names
    first, then what is read on the screenshot, which takes a moment.

    **Signals:**

    - `changed`: other marks are to be shown
    """

    changed = Signal()

    def __init__(self, thought: ThoughtView, parent: QObject) -> None:
        super().__init__(parent)
        self.texts = FrameTexts(self)
        self.texts.read.connect(self._on_read)
        self.limits: ImageLimits | None = None
        self._thought = thought
        self._step: Step | None = None
        self._pixels: Pixels | None = None
        self._chosen: tuple[int, Mention] | None = None
        self._mark: Mark | None = None
        self._followed: Mention | None = None  # as far as the growing thought has been looked at
        self._wanted: tuple[int, Mention] | FramePoint | None = None
        thought.mention_chosen.connect(self.choose)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What the thought is about, or what the person asked for."""
        return () if self._mark is None else (self._mark,)

    def show_step(self, step: Step | None, pixels: Pixels | None) -> None:
        """Another step is shown, or the same one with its frame (height, width, 3)."""
        if step is not self._step:
            self._chosen = self._wanted = self._mark = self._followed = None
        self._step, self._pixels = step, pixels

    def follow(self) -> None:
        """Mark the place that the thought has come to; it is still growing."""
        last = len(self._thought.pieces) - 1
        mentions = self._thought.mentions(last)
        if not mentions or mentions[-1] == self._followed:
            return
        self._followed = mentions[-1]
        found: Mark | None = None
        for mention in reversed(mentions):
            if mention.at is not None and (point := self._place(last, mention)) is not None:
                found = _spoken(point, "")
                break
        if self._chosen is None and found is not None and found != self._mark:
            self._mark = found
            self.changed.emit()

    def let_go(self) -> None:
        """Mark nothing any more but what the person asked for."""
        self._followed = None
        if self._chosen is None:
            self._mark = None

    @Slot(int, object)
    def choose(self, piece: int, mention: Mention) -> None:
        """Show where the thing is that is mentioned."""
        self._chosen = (piece, mention)
        self._wanted = None
        self._thought.show_found(piece, mention.start, mention.end - mention.start)
        point = self._place(piece, mention)
        if point is None and mention.label and self._ask((piece, mention)):
            return
        self._show(point, mention)

    @Slot(QPointF)
    def point_at(self, place: QPointF) -> None:
        """Show what the thought says of this place, in pixels of the frame."""
        at = FramePoint(place.x(), place.y())
        near = [
            (math.hypot(point.x - at.x, point.y - at.y), piece, mention)
            for piece, mention in self._all()
            if (point := self._place(piece, mention)) is not None
        ]
        best = min(near, key=lambda each: each[0], default=None)
        if best is not None and best[0] <= _NEAR:
            self.choose(best[1], best[2])
        elif not self._ask(at):
            self._say_of_text(at)

    @Slot(str)
    def _on_read(self, sha1: str) -> None:
        if self._step is None or self._step.frame is None or self._step.frame.sha1 != sha1:
            return
        wanted, self._wanted = self._wanted, None
        match wanted:
            case FramePoint():
                self._say_of_text(wanted)
            case (piece, mention):
                self._show(self._place(piece, mention), mention)
            case None:
                pass

    def _say_of_text(self, at: FramePoint) -> None:
        """Show what the thought says of the text that is read at this place."""
        text = text_at(at, self._read_texts() or ())
        for piece, mention in self._all():
            if text and mention.label and likeness(mention.label, text) is not None:
                self.choose(piece, mention)
                return
        self._chosen = self._mark = None
        self._thought.show_found(-1, 0, 0)
        self.changed.emit()

    def _show(self, point: FramePoint | None, mention: Mention) -> None:
        if point is not None:
            self._mark = _spoken(point, mention.label)
        else:
            missing = self.tr("“{label}” is not read on this screen")
            self._mark = _said(missing.format(label=mention.label))
        self.changed.emit()

    def _ask(self, wanted: tuple[int, Mention] | FramePoint) -> bool:
        """Have the screenshot read for this; False when it has been read, or is not there."""
        step = self._step
        if step is None or step.frame is None or self._pixels is None:
            return False
        if self._read_texts() is not None:
            return False
        self._wanted = wanted
        self._mark = _said(self.tr("Reading the screenshot…"))
        self.changed.emit()
        self.texts.ask(step.frame.sha1, self._pixels, step.frame.transform)
        return True

    def _read_texts(self) -> Texts | None:
        step = self._step
        return None if step is None or step.frame is None else self.texts.get(step.frame.sha1)

    def _all(self) -> Iterator[tuple[int, Mention]]:
        for piece in range(len(self._thought.pieces)):
            for mention in self._thought.mentions(piece):
                yield piece, mention

    def _place(self, piece: int, mention: Mention) -> FramePoint | None:
        """The place that is meant, as far as is known now."""
        step = self._step
        if step is None or step.frame is None:
            return None
        frame = step.frame.transform.size
        seen = frame if self.limits is None else model_size(frame, self.limits)
        text = self._thought.pieces[piece][1]
        written = written_place(text, self._thought.mentions(piece), mention)
        if written is not None:
            return on_frame(written, frame, seen)
        acted = _acted_on(step, mention.label, frame)
        if acted is not None:
            return acted
        texts = self._read_texts()
        box = None if texts is None else box_of(mention.label, texts)
        return None if box is None else box.center


def _acted_on(step: Step, label: str, frame: Size) -> FramePoint | None:
    """Where the step acts on this label: the one that the words of an action quote first."""
    assert step.frame is not None
    for deed in step.deeds:
        named = next((m for m in find_mentions(deed.intent) if m.label), None)
        if named is not None and named.label == label and deed.points:
            place = step.frame.transform.screen_to_frame(deed.points[-1])
            if 0 <= place.x <= frame.width and 0 <= place.y <= frame.height:
                return place
    return None


def _spoken(point: FramePoint, label: str) -> Mark:
    return Mark("ring", (QPointF(point.x, point.y),), label, False, standing="spoken")


def _said(text: str) -> Mark:
    """A mark without a place: what is to be said instead."""
    return Mark("none", (), text, False, standing="spoken")
