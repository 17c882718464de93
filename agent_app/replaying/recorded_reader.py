"""The reader on recorded frames: their pixels and the windows recorded with them, no desktop.

What the accessibility tree told at the time is not recorded, so it finds less than it did live.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent_app.episode.reader import Episode
from agent_app.events import WindowRef
from agent_app.geometry import FramePoint
from agent_app.model_runtime import ImagePart
from agent_app.replaying.elements import ReadText, TextReader
from agent_app.runtimes.reader.runtime import ReaderRuntime
from agent_app.runtimes.reader.seeing.eyes import Eyes
from agent_app.screen.windows import TopLevel


def open_recorded_reader(episodes: Iterable[Episode]) -> tuple[ReaderRuntime, TextReader]:
    """The reader for the frames of these episodes, and its text reader, which then reads once.

    Raises KnownError when the text reader is not installed whole.
    """
    windows = {
        step.frame_before.sha1: step.windows_before
        for episode in episodes
        for step in episode.steps
        if step.frame_before is not None
    }

    def known(part: ImagePart) -> Sequence[TopLevel]:
        return [top_level(window) for window in windows.get(part.sha1, ())]

    eyes = Eyes({}, recorded=known)

    def texts(part: ImagePart, near: FramePoint) -> Sequence[ReadText]:  # noqa: ARG001 - all of it
        return [ReadText(each.text, each.box) for each in eyes.texts(part)]

    return ReaderRuntime(eyes), texts


def top_level(window: WindowRef) -> TopLevel:
    """A recorded window as the desktop would tell it; its process is not known any more."""
    region = window.region
    return TopLevel(
        window.title, window.application, region, region, 0, window.active, window.popup
    )
