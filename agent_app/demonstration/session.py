"""A demonstration as a session: what the window and the console hold on to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from agent_app.demonstration.naming import Naming
from agent_app.demonstration.options import RecordingOptions
from agent_app.demonstration.recording import Recording
from agent_app.episode.recorder import EpisodeRecorder, new_episode_folder
from agent_app.events import Event
from agent_app.model_runtime import Progress, RuntimeInfo, no_progress
from agent_app.screen.frame import Frame
from agent_app.screen.ring import FrameRing
from agent_app.workplace import Workplace


class DemonstrationSession:
    """A `Session` in which a person works, recorded in `episode` or in a new folder of the library.

    `app_ended` says whether the application that all is about has ended, which ends the recording.
    `is_secret` is whether the person has said that what they type now is a secret.
    """

    runtime: RuntimeInfo | None = None
    why = ""

    def __init__(
        self,
        workplace: Workplace,
        task: str,
        *,
        episode: Path | None = None,
        options: RecordingOptions | None = None,
        app_ended: Callable[[], bool] = lambda: False,
    ) -> None:
        self.task = task
        self.region = workplace.screen.region
        self.unobstructed: Callable[[], AbstractContextManager[None]] = nullcontext
        self.is_secret = False
        self._workplace = workplace
        self._options = options or RecordingOptions()
        self._app_ended = app_ended
        self._ring = FrameRing()
        self.recorder = EpisodeRecorder(episode or new_episode_folder(task), self._ring.get)
        self._stop = threading.Event()
        self._naming = Naming()

    @property
    def episode(self) -> Path:
        return self.recorder.folder

    def prepare(self, progress: Progress = no_progress) -> None:
        """Make ready what reads the names of what is clicked."""
        progress("Loading the text reader", 0, 1)
        self._naming.prepare()
        progress("Loading the text reader", 1, 1)

    def events(self) -> Iterator[Event]:
        recording = Recording(
            self.task,
            workplace=self._workplace,
            options=self._options,
            ring=self._ring,
            stop=self._stop,
            app_ended=self._app_ended,
            on_secret=self._on_secret,
            naming=self._naming,
        )
        yield from self.recorder.tee(recording.events())

    def stop(self) -> None:
        self._stop.set()

    def answer(self, text: str | None) -> None:
        """Nothing is ever asked."""

    def frame(self, sha1: str) -> Frame | None:
        return self._ring.get(sha1)

    def _on_secret(self, is_secret: bool) -> None:
        self.is_secret = is_secret
