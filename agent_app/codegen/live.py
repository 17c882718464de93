"""A test that is written while a person works: after each step, the file holds all before it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from agent_app.codegen.exports import draft_of, save_pictures
from agent_app.codegen.planning import Plan, Planner
from agent_app.codegen.python import python_text
from agent_app.codegen.recorded import RecordedViews
from agent_app.episode.files import cannot_write, write_whole
from agent_app.episode.reader import Episode, open_episode
from agent_app.errors import KnownError
from agent_app.events import Event, RunFinished, StepFinished
from agent_app.flows.document import SUFFIX
from agent_app.flows.schema import SCHEMA_FILE, shipped_schema
from agent_app.flows.writing import flow_text
from agent_app.replaying.anchor import AnchorMaker
from agent_app.replaying.remembered import Remembered
from agent_app.replaying.script import Script, place_keys, script_of, typed_texts

PYTHON_SUFFIX = ".py"


class LiveTest:
    """Writes a test into a new file, `test_….py` or `….flow.yaml`, as an episode grows.

    It works in a thread of its own, so that nobody waits for it; `written` is told of each step's
    number. Leaving it waits for the last steps. Raises KnownError for a file that is there already
    or has another name, and on leaving when it could not be written.
    """

    def __init__(self, output: Path, written: Callable[[int], None] = lambda _number: None) -> None:
        self._is_flow = output.name.endswith(SUFFIX)
        if not self._is_flow and output.suffix != PYTHON_SUFFIX:
            raise KnownError(
                f"{output} is neither Python nor a flow",
                remedy=f"name it test_….py or ….{SUFFIX.lstrip('.')}",
            )
        if output.exists():
            raise KnownError(f"{output} is there already", remedy="give the name of a new file")
        self._output = output
        self._written = written
        self._plan = Plan()
        self._done = 0
        self._views: RecordedViews | None = None
        self._asked = 0
        self._worker = ThreadPoolExecutor(1, "writing the test")
        self._work: list[Future[None]] = []

    def follow(self, episode: Path, event: Event) -> None:
        """Take note of an event of the episode that grows in this folder."""
        if isinstance(event, StepFinished | RunFinished):
            self._asked += 1
            is_whole = isinstance(event, RunFinished)
            self._work.append(self._worker.submit(self._go_on, episode, self._asked, is_whole))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._worker.shutdown()
        if self._views is not None:
            self._views.close()
        if error is None:
            for work in self._work:
                work.result()

    @property
    def lost(self) -> tuple[str, ...]:
        """What the test cannot do again, one sentence each."""
        return tuple(self._plan.lost)

    def _go_on(self, folder: Path, asked: int, is_whole: bool) -> None:
        if asked < self._asked and not is_whole:
            return  # more has come meanwhile, and is done in one go
        episode = open_episode(folder)
        self._views = self._views or RecordedViews(episode)
        self._views.follow(episode)
        self._add(episode, self._views, is_whole=is_whole)

    def _add(self, episode: Episode, views: RecordedViews, *, is_whole: bool) -> None:
        """Write the steps that are complete: what the last one did is seen with the next one."""
        script = script_of(
            episode,
            maker=AnchorMaker(Remembered(views.read)),
            read=views.read,
            replaced=typed_texts(episode),
        )
        steps = {step.number: step for step in episode.steps}
        planner = Planner(views, self._plan)
        ready = len(script.parts) if is_whole else len(script.parts) - 1
        for index in range(self._done, ready):
            part = script.parts[index]
            keys = [key for deed in part.deeds for key in place_keys(deed)]
            anchors = {key: script.anchor(key) for key in keys}
            following = script.parts[index + 1] if index + 1 < len(script.parts) else None
            planner.add(part, steps[part.number], anchors, following)
            self._done = index + 1
            self._write(episode, script)
            self._written(part.number)

    def _write(self, episode: Episode, script: Script) -> None:
        size = episode.frames[0].transform.size if episode.frames else None
        programs = episode.run.programs if episode.run is not None else ()
        virtual = f"{size.width}x{size.height}" if size is not None else ""
        draft = draft_of(script, self._plan, programs=programs, virtual=virtual)
        folder = self._output.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            save_pictures(folder, self._plan)
            if self._is_flow:
                text = flow_text(draft)
                schema = folder / SCHEMA_FILE
                if not schema.exists():
                    write_whole(schema, shipped_schema())
            else:
                text = python_text(draft, file=self._output.name)
            write_whole(self._output, text.encode())
        except OSError as error:
            raise cannot_write(error, self._output) from error
