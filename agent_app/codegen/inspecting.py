"""What a locator matches on a screen and why, and what a place on it may be called."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from agent_app.codegen.locating import Proposal, Spot, describe, propose
from agent_app.codegen.python import locator
from agent_app.episode.files import cannot_write
from agent_app.errors import KnownError
from agent_app.flows.steps import Target
from agent_app.geometry import FrameBox, FramePoint, ScreenPoint
from agent_app.runtimes.reader.quoting import quote
from agent_app.testing.failures import said
from agent_app.testing.looking import View
from agent_app.testing.place import Place
from agent_app.testing.resolving import Resolution, resolve

_FOUND, _NEAREST = (220, 38, 38), (217, 119, 6)
_REST_SECONDS = 0.4
_SAME_PIXELS = 4
_MOST_PROPOSALS = 8


@dataclass(frozen=True, slots=True)
class Matched:
    """What a locator matches: `lines` say it, `picture` shows it."""

    lines: tuple[str, ...]
    count: int
    picture: Image.Image


def matches(view: View, target: Target) -> Matched:
    """What a target means on a screen, in words and marked on a picture."""
    description = describe(target)
    found = resolve(description, view)
    count = len(found.things)
    told = f"{count} things match, and using it is an error" if count > 1 else "1 thing matches"
    lines = [f"{description}: {told if count else found.reason}"]
    for number, thing in enumerate(found.things):
        how = f"by its {thing.how}" + ("" if thing.enabled else ", disabled")
        read = f", read as {quote(thing.read_as)}" if thing.read_as else ""
        lines.append(f"  {number}. {said(thing)}, {how}{read}")
        if count > 1:
            spot = Spot.at(view, thing.box.center)
            named = next((each for each in propose(spot) if each.target.nth is None), None)
            if named is not None:
                lines.append(f"     only this one: {locator(named.target)}")
    lines += [f"  nearest: {said(thing)}" for thing in found.nearest if not count]
    return Matched(tuple(lines), count, _marked(view, found))


def proposals(view: View, point: FramePoint) -> tuple[Proposal, ...]:
    """The locators of a place, best first."""
    found: list[Proposal] = []
    for proposal in propose(Spot.at(view, point)):
        found.append(proposal)
        if len(found) == _MOST_PROPOSALS:
            break
    return tuple(found)


def described_place(view: View, point: FramePoint) -> list[str]:
    """What is at a place and what finds it, line by line."""
    spot = Spot.at(view, point)
    window = spot.window
    where = f" in {quote(window.title or window.application)}" if window is not None else ""
    element = spot.element
    what = f"{element.role} {quote(element.text)}" if element is not None else "something drawn"
    if element is None:
        what = quote(spot.anchor.text) if spot.anchor.text else what
        what = "an empty place" if spot.anchor.empty else what
    lines = [f"{point.x:.0f},{point.y:.0f}: {what}{where}"]
    found = proposals(view, point)
    for number, each in enumerate(found, 1):
        lines += [f"  {number}. {locator(each.target)}", f"     {each.why}"]
    if not found:
        lines.append("  nothing tells it from other things: give it a name, or use a relation")
    return lines


def rests(place: Place, stop: threading.Event) -> Iterator[tuple[View, FramePoint]]:
    """Each place where the pointer comes to rest, until `stop` is set."""
    last: ScreenPoint | None = None
    told: ScreenPoint | None = None
    while not stop.wait(_REST_SECONDS):
        here = place.input.position()
        is_at_rest = last is not None and _is_near(here, last)
        last = here
        if not is_at_rest or (told is not None and _is_near(here, told)):
            continue
        told = here
        view = place.looker.look()
        yield view, view.frame.transform.screen_to_frame(here)


def save_picture(image: Image.Image, path: Path) -> None:
    """Write a picture. Raises KnownError when it cannot be, or is there already."""
    if path.exists():
        raise KnownError(f"{path} is there already", remedy="give the name of a new file")
    try:
        image.save(path, "PNG")
    except OSError as error:
        raise cannot_write(error, path) from error


def _is_near(one: ScreenPoint, other: ScreenPoint) -> bool:
    return max(abs(one.x - other.x), abs(one.y - other.y)) <= _SAME_PIXELS


def _marked(view: View, found: Resolution) -> Image.Image:
    """The screen in grey, with what matches framed and numbered in colour."""
    pixels = np.asarray(view.frame.image.convert("L").convert("RGB")) // 2 + 112
    picture = Image.fromarray(pixels.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    shown = found.things or found.nearest
    colour = _FOUND if found.things else _NEAREST
    for number, thing in enumerate(shown):
        box = thing.extent
        edges = _edges(box)
        picture.paste(view.frame.image.crop(edges), edges[:2])
        draw.rectangle(edges, outline=colour, width=2)
        label = str(number) if found.things else "?"
        left, top = max(0, edges[0] - 1), max(0, edges[1] - 14)
        draw.rectangle((left, top, left + 7 * len(label) + 5, top + 13), fill=colour)
        draw.text((left + 3, top + 1), label, fill=(255, 255, 255))
    return picture


def _edges(box: FrameBox) -> tuple[int, int, int, int]:
    return int(box.left) - 2, int(box.top) - 2, int(box.right) + 2, int(box.bottom) + 2
