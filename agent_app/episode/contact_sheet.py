"""An episode as one picture: every step with its target marked, to be looked at and shared."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

from agent_app.actions import describe_action
from agent_app.episode.files import cannot_write, write_whole
from agent_app.episode.lettering import Color, Lettering
from agent_app.episode.marks import Place, draw_action
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeStep
from agent_app.episode.wording import (
    Tone,
    ending_text,
    outcome_of,
    result_of,
    seconds_text,
    task_text,
    total_seconds,
)
from agent_app.events import FrameRef
from agent_app.geometry import ScreenPoint

_PAGE: Color = (243, 244, 247)
_CARD: Color = (255, 255, 255)
_EDGE: Color = (222, 225, 231)
_INK: Color = (27, 31, 40)
_SOFT: Color = (105, 112, 126)
_BLUE: Color = (47, 92, 214)
_GREEN: Color = (26, 137, 84)
_AMBER: Color = (178, 108, 8)
_RED: Color = (200, 41, 53)

_WIDTH = 1960  # of the whole sheet, however many columns there are
_MARGIN = 40
_GAP = 24
_PAD = 14
_MOST_STEPS = 600  # a sheet of more is no picture that a viewer opens

_SHOWN_BY_MARKS = ("", "click", "drag", "move the pointer")

_TONES: dict[Tone, Color] = {
    "good": _GREEN,
    "bad": _RED,
    "warn": _AMBER,
    "info": _BLUE,
    "muted": _SOFT,
}


def draw_contact_sheet(episode: Episode, path: Path, *, columns: int | None = None) -> None:
    """Draw all steps of an episode, and the screen it ended on, into one PNG.

    Without `columns` there are as many as suit the number of steps. A frame that cannot be read
    leaves an empty place. Raises KnownError when the picture cannot be written.
    """
    data = io.BytesIO()
    _Sheet(episode, columns).draw().save(data, "PNG")
    try:
        write_whole(path, data.getvalue())
    except OSError as error:
        raise cannot_write(error, path) from error


class _Sheet:
    """The layout of one sheet, in pixels, and the drawing of its parts."""

    def __init__(self, episode: Episode, columns: int | None) -> None:
        self._episode = episode
        self._title = Lettering(34, bold=True)
        self._strong = Lettering(17, bold=True)
        self._plain = Lettering(16)
        self._steps = episode.steps[:_MOST_STEPS]
        self._final = self._steps[-1].frame_after if self._steps else None
        cards = len(self._steps) + (self._final is not None)
        self._columns = columns or _columns_for(cards)
        self._rows = math.ceil(cards / self._columns)
        card_width = (_WIDTH - 2 * _MARGIN + _GAP) // self._columns - _GAP
        self._thumbnail = (card_width - 2 * _PAD, round((card_width - 2 * _PAD) * self._aspect()))
        caption = 2 * self._strong.line_height + 8 + self._plain.line_height
        self._card = (card_width, self._thumbnail[1] + caption + 3 * _PAD)
        self._task = self._title.wrap(task_text(episode), _WIDTH - 2 * _MARGIN, lines=2)
        self._ending = self._plain.wrap(ending_text(episode), _WIDTH - 2 * _MARGIN, lines=2)
        self._top = (
            _MARGIN
            + len(self._task) * self._title.line_height
            + 14
            + self._strong.line_height
            + 14
            + len(self._ending) * self._plain.line_height
            + (_GAP if self._ending else 10)
        )

    def draw(self) -> Image.Image:
        height = self._top + self._rows * (self._card[1] + _GAP) + self._plain.line_height + _GAP
        sheet = Image.new("RGB", (_WIDTH, height), _PAGE)
        canvas = ImageDraw.Draw(sheet)
        self._draw_head(canvas)
        for index, step in enumerate(self._steps):
            self._draw_step(sheet, canvas, self._corner(index), step)
        if self._final is not None:
            self._draw_final(sheet, canvas, self._corner(len(self._steps)), self._final)
        self._draw_foot(canvas, height - self._plain.line_height - _GAP)
        return sheet

    def _corner(self, index: int) -> tuple[int, int]:
        row, column = divmod(index, self._columns)
        width, height = self._card
        return _MARGIN + column * (width + _GAP), self._top + row * (height + _GAP)

    def _aspect(self) -> float:
        """Height by width of the thumbnails: the first frame's, within reason."""
        if not self._episode.frames:
            return 0.625
        size = self._episode.frames[0].transform.size
        return min(max(size.height / size.width, 0.3), 1.5)

    def _draw_head(self, canvas: ImageDraw.ImageDraw) -> None:
        top = _MARGIN
        for line in self._task:
            self._title.draw(canvas, (_MARGIN, top), line, _INK)
            top += self._title.line_height
        top += 14
        word, tone = outcome_of(self._episode)
        right = _MARGIN + self._strong.width(word) + 28
        height = self._strong.line_height
        canvas.rounded_rectangle((_MARGIN, top - 3, right, top + height + 3), 15, fill=_TONES[tone])
        self._strong.draw(canvas, (_MARGIN + 14, top), word, _CARD)
        self._plain.draw(canvas, (right + 16, top), self._facts(), _SOFT)
        top += height + 14
        for line in self._ending:
            self._plain.draw(canvas, (_MARGIN, top), line, _INK)
            top += self._plain.line_height

    def _facts(self) -> str:
        count = len(self._episode.steps)
        facts = [
            self._episode.run.model if self._episode.run is not None else "",
            f"{count} step{'' if count == 1 else 's'}" if count else "no steps were recorded",
            seconds_text(total_seconds(self._episode)) if count else "",
            f"{self._episode.header.created:%Y-%m-%d %H:%M}",
        ]
        return "   ·   ".join(fact for fact in facts if fact)

    def _draw_foot(self, canvas: ImageDraw.ImageDraw, top: int) -> None:
        left_out = len(self._episode.steps) - len(self._steps)
        problems = len(self._episode.problems)
        notes = [
            f"{left_out} more steps are not drawn" if left_out else "",
            f"damaged: {problems} problem{'' if problems == 1 else 's'}" if problems else "",
            f"agent-app {self._episode.header.app}",
        ]
        text = self._plain.elide("   ·   ".join(note for note in notes if note), _WIDTH / 2)
        left = _WIDTH - _MARGIN - self._plain.width(text)
        self._plain.draw(canvas, (left, top), text, _SOFT)

    def _draw_step(
        self,
        sheet: Image.Image,
        canvas: ImageDraw.ImageDraw,
        corner: tuple[int, int],
        step: EpisodeStep,
    ) -> None:
        self._draw_card(canvas, corner)
        picture, low = self._picture(step)
        self._paste(sheet, canvas, corner, picture)
        doing = ", ".join(describe_action(action.action) for action in step.actions)
        if doing not in _SHOWN_BY_MARKS and step.frame_before is not None:
            self._draw_chip(canvas, corner, doing, at_top=low)
        result, tone = result_of(step)
        intents = dict.fromkeys(action.intent for action in step.actions if action.intent.strip())
        said = "; ".join(intents) or doing or step.summary or "No action"
        self._draw_caption(
            canvas, corner, str(step.number), said, result, _TONES[tone], step.seconds
        )

    def _draw_final(
        self,
        sheet: Image.Image,
        canvas: ImageDraw.ImageDraw,
        corner: tuple[int, int],
        frame: FrameRef,
    ) -> None:
        self._draw_card(canvas, corner)
        self._paste(sheet, canvas, corner, self._thumbnail_of(frame)[0])
        word, tone = outcome_of(self._episode)
        self._draw_caption(canvas, corner, "", "The screen at the end", word, _TONES[tone], None)

    def _draw_card(self, canvas: ImageDraw.ImageDraw, corner: tuple[int, int]) -> None:
        left, top = corner
        width, height = self._card
        box = (left, top, left + width - 1, top + height - 1)
        canvas.rounded_rectangle(box, 12, fill=_CARD, outline=_EDGE)

    def _paste(
        self,
        sheet: Image.Image,
        canvas: ImageDraw.ImageDraw,
        corner: tuple[int, int],
        picture: Image.Image,
    ) -> None:
        left, top = corner[0] + _PAD, corner[1] + _PAD
        sheet.paste(picture, (left, top))
        # a white application must not melt into the card
        edge = (left - 1, top - 1, left + picture.width, top + picture.height)
        canvas.rectangle(edge, outline=_EDGE)

    def _draw_caption(
        self,
        canvas: ImageDraw.ImageDraw,
        corner: tuple[int, int],
        number: str,
        said: str,
        result: str,
        color: Color,
        seconds: float | None,
    ) -> None:
        left, top = corner[0] + _PAD, corner[1] + _PAD + self._thumbnail[1] + _PAD
        width = self._thumbnail[0]
        indent = 0.0
        if number:
            line = self._strong.line_height
            badge = max(line + 2, round(self._strong.width(number)) + 14)
            canvas.rounded_rectangle((left, top - 1, left + badge, top + line + 1), 9, fill=_BLUE)
            middle = left + (badge - self._strong.width(number)) / 2
            self._strong.draw(canvas, (middle, top), number, _CARD)
            indent = badge + 10
        for line in self._strong.wrap(said, width - indent, lines=2):
            self._strong.draw(canvas, (left + indent, top), line, _INK)
            top += self._strong.line_height
        top = corner[1] + self._card[1] - _PAD - self._plain.line_height
        took = seconds_text(seconds) if seconds is not None else ""
        room = width - 18 - self._plain.width(took) - 10
        middle = top + self._plain.line_height / 2
        canvas.ellipse((left, middle - 4, left + 9, middle + 5), fill=color)
        self._plain.draw(canvas, (left + 18, top), self._plain.elide(result, room), color)
        self._plain.draw(canvas, (left + width - self._plain.width(took), top), took, _SOFT)

    def _draw_chip(
        self, canvas: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, *, at_top: bool
    ) -> None:
        """What the hand does, in a dark label on the picture, away from the target."""
        width, height = self._thumbnail
        text = self._plain.elide(text, width - 60)
        half = self._plain.width(text) / 2 + 12
        tall = self._plain.line_height + 8
        middle = corner[0] + _PAD + width / 2
        top = corner[1] + _PAD + (10 if at_top else height - tall - 10)
        canvas.rounded_rectangle(
            (middle - half, top, middle + half, top + tall), 8, fill=_INK, outline=_CARD
        )
        self._plain.draw(canvas, (middle - half + 12, top + 4), text, _CARD)

    def _picture(self, step: EpisodeStep) -> tuple[Image.Image, bool]:
        """What was seen with what was done on it, and whether that lies low in the picture."""
        if step.frame_before is None:
            return Image.new("RGB", self._thumbnail, _PAGE), False
        picture, to_picture = self._thumbnail_of(step.frame_before)
        low = False
        for action in step.actions:
            places = [to_picture(point) for point in action.points]
            draw_action(picture, action.action, places)
            low = low or any(y > 0.75 * picture.height for _, y in places)
        return picture, low

    def _thumbnail_of(self, ref: FrameRef) -> tuple[Image.Image, Callable[[ScreenPoint], Place]]:
        """A frame fitted into a thumbnail, and where points of the screen lie on it."""
        thumbnail = Image.new("RGB", self._thumbnail, _PAGE)
        size = ref.transform.size
        factor = min(self._thumbnail[0] / size.width, self._thumbnail[1] / size.height)
        fitted = (max(1, round(size.width * factor)), max(1, round(size.height * factor)))
        left, top = (
            (whole - part) // 2 for whole, part in zip(self._thumbnail, fitted, strict=True)
        )
        image = self._episode.frame(ref.sha1)
        if image is not None:
            thumbnail.paste(image.resize(fitted, Image.Resampling.LANCZOS), (left, top))
        else:
            self._draw_lost(ImageDraw.Draw(thumbnail))

        def to_picture(point: ScreenPoint) -> Place:
            on_frame = ref.transform.screen_to_frame(point)
            return left + on_frame.x * factor, top + on_frame.y * factor

        return thumbnail, to_picture

    def _draw_lost(self, canvas: ImageDraw.ImageDraw) -> None:
        text = self._plain.elide("this frame is missing or damaged", self._thumbnail[0])
        left = (self._thumbnail[0] - self._plain.width(text)) / 2
        self._plain.draw(canvas, (left, self._thumbnail[1] / 2 - self._plain.size), text, _SOFT)


def _columns_for(cards: int) -> int:
    """Large pictures for a short run, small ones for a long one."""
    for most, columns in ((4, 2), (12, 3), (40, 4), (120, 6)):
        if cards <= most:
            return columns
    return 8
