"""An episode as a film: pictures and how long each is seen, whatever writes them to a file.

Each step is told at a pace for people: what was seen with the thought below it, the pointer going
to its target, the target marked with what is done there, then the next screen. Nothing moves while
nothing happens, so that a still stretch is one picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from PIL import Image, ImageDraw

from agent_app.actions import Drag, describe_action
from agent_app.episode.lettering import Color, Lettering
from agent_app.episode.marks import draw_action
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeAction, EpisodeStep
from agent_app.episode.wording import Tone, ending_text, outcome_of, result_of, task_text
from agent_app.events import FrameRef

_GROUND: Color = (21, 23, 27)
_INK: Color = (231, 233, 236)
_SOFT: Color = (154, 164, 176)
_LINE: Color = (51, 57, 67)
_BLUE: Color = (91, 140, 255)
_TONES: dict[Tone, Color] = {
    "good": (86, 199, 146),
    "warn": (227, 176, 75),
    "bad": (255, 128, 120),
    "info": _BLUE,
    "muted": _SOFT,
}

_TITLE_SECONDS = 1.6
_READING_SPEED = 45.0  # characters a second: twice as fast as one reads, for it can be paused
_PAGE_SECONDS = (0.7, 2.4)  # a page of thought, at least and at most
_MOST_PAGES = 4  # of one thought; what comes after is left out with an ellipsis
_MOVE_SECONDS = 0.45
_MARK_SECONDS = 1.0
_KEYS_SECONDS = 0.9
_END_SECONDS = 2.5
_POINTER = ((0, 0), (0, 17), (4, 13.4), (7, 20), (10, 18.7), (7, 12.3), (12.4, 12))
_SMOOTH = 4
_REACH = 64  # pixels from a target within which its mark stays

Spot = tuple[float, float]


class Shot(NamedTuple):
    """One picture of a film, RGB, and how long it is seen."""

    picture: Image.Image
    seconds: float


class Film:
    """A film of the episode, so many pixels wide; `moves` pictures make a way of the pointer.

    Iterating `shots` draws it; all pictures have the same `size`, whose sides are even.
    """

    def __init__(self, episode: Episode, *, width: int, moves: int) -> None:
        self._episode = episode
        self._moves = moves
        aspect = 0.5
        if episode.frames:
            first = episode.frames[0].transform.size
            aspect = min(max(first.height / first.width, 0.3), 1.5)
        tall = round(width * aspect)
        self._screen = (width, tall + tall % 2)
        text = max(11, round(width / 62))
        self._strong = Lettering(round(text * 1.12), bold=True)
        self._plain = Lettering(text)
        self._pad = round(text * 0.8)
        band = self._strong.line_height + 2 * self._plain.line_height + 2 * self._pad + 4
        self.size = (width, self._screen[1] + band + band % 2)
        self._band: tuple[_Caption, Image.Image] | None = None
        self._pointer: Spot = (width / 2, self._screen[1] / 2)

    def shots(self) -> Iterator[tuple[int, Shot]]:
        """Every picture with the number of steps that are told by then."""
        episode = self._episode
        steps = episode.steps
        blank = Image.new("RGB", self._screen, _GROUND)
        screen = self._seen(steps[0].frame_before) if steps else blank
        caption = _Caption("", task_text(episode), (), None, 0.0)
        yield 0, Shot(self._compose(screen, caption), _TITLE_SECONDS)
        for count, step in enumerate(steps, 1):
            for shot in self._step(step, count / len(steps)):
                yield count - 1, shot
        if steps:
            screen = self._seen(steps[-1].frame_after or steps[-1].frame_before)
        word, tone = outcome_of(episode)
        told = self._plain.wrap(ending_text(episode), self._text_width(), lines=2)
        end = _Caption("", word, told, _TONES[tone], 1.0)
        yield len(steps), Shot(self._compose(screen, end), _END_SECONDS)

    def _step(self, step: EpisodeStep, share: float) -> Iterator[Shot]:
        screen = self._seen(step.frame_before)
        number = str(step.number)
        for text in self._pages(step.thought or step.summary or ""):
            least, most = _PAGE_SECONDS
            seconds = min(max(sum(map(len, text)) / _READING_SPEED, least), most)
            caption = _Caption(number, "Thinks", text, _SOFT, share)
            yield Shot(self._compose(screen, caption, at=self._pointer), seconds)
        for each in step.actions:
            yield from self._action(each, step, screen, share)
        result, tone = result_of(step)
        if tone not in ("good", "info"):
            caption = _Caption(number, result, (), _TONES[tone], share)
            after = self._seen(step.frame_after or step.frame_before)
            yield Shot(self._compose(after, caption, at=self._pointer), _KEYS_SECONDS)

    def _action(
        self, each: EpisodeAction, step: EpisodeStep, screen: Image.Image, share: float
    ) -> Iterator[Shot]:
        words = describe_action(each.action)
        told = [words] if each.intent.strip() and each.intent != words else []
        told = [self._plain.elide(line, self._text_width()) for line in told]
        caption = _Caption(str(step.number), each.intent.strip() or words, told, _INK, share)
        spots = self._spots(each, step.frame_before)
        if not spots:
            yield Shot(self._compose(screen, caption, at=self._pointer), _KEYS_SECONDS)
            return
        for spot in self._way(spots[0]):
            seconds = _MOVE_SECONDS / self._moves
            yield Shot(self._compose(screen, caption, at=spot), seconds)
        marked = _marked(screen, each, spots)
        if isinstance(each.action, Drag):
            for spot in self._way(spots[-1]):
                yield Shot(self._compose(marked, caption, at=spot), _MOVE_SECONDS / self._moves)
        yield Shot(self._compose(marked, caption, at=self._pointer), _MARK_SECONDS)

    def _way(self, end: Spot) -> Iterator[Spot]:
        """Where the pointer is on its way to `end`: off slowly, on swiftly, there gently."""
        begin, self._pointer = self._pointer, end
        if math.dist(begin, end) < 2:
            return
        for count in range(1, self._moves + 1):
            share = count / self._moves
            eased = share * share * (3 - 2 * share)
            yield (
                begin[0] + (end[0] - begin[0]) * eased,
                begin[1] + (end[1] - begin[1]) * eased,
            )

    def _pages(self, text: str) -> list[list[str]]:
        """A text as pages of two lines; an empty one makes none."""
        width = self._text_width()
        lines = [
            line
            for part in text.splitlines()
            for line in self._plain.wrap(part, width, lines=2 * _MOST_PAGES)
        ]
        if len(lines) > 2 * _MOST_PAGES:
            lines = lines[: 2 * _MOST_PAGES]
            lines[-1] = self._plain.elide(lines[-1] + " …", width)
        return [lines[at : at + 2] for at in range(0, len(lines), 2)]

    def _text_width(self) -> float:
        return self.size[0] - 2 * self._pad

    def _seen(self, ref: FrameRef | None) -> Image.Image:
        """A frame fitted into the film's screen; an empty one where none is known."""
        screen = Image.new("RGB", self._screen, _GROUND)
        image = self._episode.frame(ref.sha1) if ref is not None else None
        if image is None or ref is None:
            return screen
        factor, left, top = self._fit(ref)
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        resized = image.resize(size, Image.Resampling.LANCZOS) if factor != 1 else image
        screen.paste(resized, (round(left), round(top)))
        return screen

    def _fit(self, ref: FrameRef) -> tuple[float, float, float]:
        size = ref.transform.size
        factor = min(self._screen[0] / size.width, self._screen[1] / size.height)
        left = (self._screen[0] - size.width * factor) / 2
        return factor, left, (self._screen[1] - size.height * factor) / 2

    def _spots(self, each: EpisodeAction, ref: FrameRef | None) -> list[Spot]:
        if ref is None:
            return []
        factor, left, top = self._fit(ref)
        places = [ref.transform.screen_to_frame(point) for point in each.points]
        return [(left + place.x * factor, top + place.y * factor) for place in places]

    def _compose(
        self, screen: Image.Image, caption: _Caption, *, at: Spot | None = None
    ) -> Image.Image:
        picture = Image.new("RGB", self.size, _GROUND)
        picture.paste(screen, (0, 0))
        if at is not None:
            sprite = _pointer_sprite(max(1.0, self.size[0] / 1100))
            corner = (round(at[0]) - 1, round(at[1]) - 1)
            picture.paste(sprite, corner, sprite)
        if self._band is None or self._band[0] is not caption:  # the same for a whole way
            band = Image.new("RGB", (self.size[0], self.size[1] - self._screen[1]), _GROUND)
            caption.draw(band, self._pad, self._strong, self._plain)
            self._band = caption, band
        picture.paste(self._band[1], (0, self._screen[1]))
        return picture


class _Caption(NamedTuple):
    """What stands below the screen: a step's number, a heading, two lines, and how far it is."""

    number: str
    heading: str
    lines: Sequence[str]
    color: Color | None
    share: float

    def draw(self, band: Image.Image, pad: int, strong: Lettering, plain: Lettering) -> None:
        canvas = ImageDraw.Draw(band)
        width = band.width
        canvas.rectangle((0, 0, width, 3), fill=_LINE)
        canvas.rectangle((0, 0, round(width * self.share), 3), fill=_BLUE)
        left, y = float(pad), 4 + pad // 2
        if self.number:
            wide = strong.width(self.number) + pad
            box = (left, y, left + wide, y + strong.line_height)
            canvas.rounded_rectangle(box, strong.line_height // 3, fill=_BLUE)
            strong.draw(canvas, (left + pad / 2, y), self.number, _GROUND)
            left += wide + pad * 0.7
        heading = strong.elide(self.heading, width - left - pad)
        strong.draw(canvas, (left, y), heading, self.color or _INK)
        y += strong.line_height + pad // 2
        for line in self.lines:
            plain.draw(canvas, (pad, y), line, _SOFT)
            y += plain.line_height


def _marked(screen: Image.Image, each: EpisodeAction, spots: Sequence[Spot]) -> Image.Image:
    """A copy of the screen with an action's mark; only the part around it is drawn on."""
    across, down = zip(*spots, strict=True)
    left, top = max(0, round(min(across)) - _REACH), max(0, round(min(down)) - _REACH)
    right = min(screen.width, round(max(across)) + _REACH)
    bottom = min(screen.height, round(max(down)) + _REACH)
    marked = screen.copy()
    if left < right and top < bottom:
        part = screen.crop((left, top, right, bottom))
        draw_action(part, each.action, [(x - left, y - top) for x, y in spots])
        marked.paste(part, (left, top))
    return marked


@cache
def _pointer_sprite(scale: float) -> Image.Image:
    """A white arrow with a dark edge, its tip at the top left, RGBA."""
    wide, tall = math.ceil(18 * scale), math.ceil(26 * scale)
    large = Image.new("RGBA", (wide * _SMOOTH, tall * _SMOOTH))
    factor = scale * _SMOOTH
    points = [((x + 1) * factor, (y + 1) * factor) for x, y in _POINTER]
    canvas = ImageDraw.Draw(large)
    canvas.polygon(points, fill=(255, 255, 255, 255))
    canvas.line([*points, points[0], points[1]], fill=(20, 22, 26, 255), width=round(1.4 * factor))
    return large.resize((wide, tall), Image.Resampling.BOX)
