"""Recorded screens as views: what a test would have seen then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeStep
from agent_app.events import FrameRef, WindowRef
from agent_app.model_runtime import ImagePart
from agent_app.replaying.recorded_reader import top_level
from agent_app.runtimes.reader.seeing.eyes import Eyes
from agent_app.runtimes.reader.sight import Sight
from agent_app.screen.frame import Frame
from agent_app.screen.windows import TopLevel
from agent_app.testing.looking import View


class RecordedViews:
    """The screens of an episode; each is read once. To be closed."""

    def __init__(self, episode: Episode) -> None:
        self._episode = episode
        self._reading: Sequence[TopLevel] = ()
        self._eyes = Eyes({}, recorded=lambda _part: self._reading)
        self._known: dict[tuple[str, tuple[WindowRef, ...]], View] = {}

    def follow(self, episode: Episode) -> None:
        """Go on with the same episode, of which more was recorded meanwhile."""
        self._episode = episode

    def before(self, step: EpisodeStep) -> View | None:
        """What was there before a step; None when its frame is missing or damaged."""
        return self._view(step.frame_before, step.windows_before)

    def after(self, step: EpisodeStep) -> View | None:
        return self._view(step.frame_after, step.windows_after)

    def _view(self, ref: FrameRef | None, windows: tuple[WindowRef, ...]) -> View | None:
        if ref is None:
            return None
        key = (ref.sha1, windows)
        if key not in self._known:
            image = self._episode.frame(ref.sha1)
            if image is None:
                return None
            frame = Frame(np.asarray(image.convert("RGB")), ref.transform, ref.monitor, 0.0)
            self._known[key] = View(frame, tuple(map(top_level, windows)), self._read)
        return self._known[key]

    def _read(self, view: View) -> Sight:
        self._reading = view.stack
        return self._eyes.look(view.frame.for_model(None))

    def read(self, part: ImagePart) -> Sight:
        """What can be read in a picture, without its windows."""
        self._reading = ()
        return self._eyes.look(part)

    def close(self) -> None:
        self._eyes.close()
