"""A re-execution as a session: the window and the console show it like any other run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent_app.episode.recorder import content_hash
from agent_app.events import Event, RunFinished
from agent_app.geometry import FramePoint
from agent_app.model_runtime import Progress, RuntimeInfo, Sampling, no_progress
from agent_app.policy.rules import Confirm
from agent_app.replaying.anchor import Anchor, AnchorMaker
from agent_app.replaying.execution import Replay
from agent_app.replaying.execution_steps import Helper, ReplaySettings, Trouble
from agent_app.replaying.finding import Finder
from agent_app.replaying.healing import Heal
from agent_app.replaying.helping import Model, Person
from agent_app.replaying.parameters import Texts, check_params
from agent_app.replaying.reading_screens import Readers
from agent_app.replaying.recording import Recording
from agent_app.replaying.script import prepare_anchors
from agent_app.session import RecordedSession
from agent_app.workplace import Workplace

_INFO = RuntimeInfo("replay", "does a recorded run again", image_limits=None)


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """How a run is done again; `params` are typed texts by their names, `secrets` likewise.

    `sampling` is how the model is asked, when it is.
    """

    settings: ReplaySettings = field(default_factory=ReplaySettings)
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    sampling: Sampling = field(default_factory=Sampling)


class ReplaySession(RecordedSession):
    """A `Session` that does a recording again on a workplace, recorded as a new episode.

    Raises KnownError for a parameter that the recording does not have.
    """

    def __init__(
        self,
        workplace: Workplace,
        recording: Recording,
        options: ReplayOptions,
        *,
        folder: Path | None = None,
    ) -> None:
        check_params(options.params, recording.texts)
        super().__init__(workplace, recording.task, folder)
        self._readers = Readers(workplace.environment)
        self._heals = recording.heals
        self._script = recording.script(self._readers, replaced=options.params)
        self._options = options
        self._proposed: list[Heal] = []
        self.confirm: Confirm = options.settings.policy.confirm

    def prepare(self, progress: Progress = no_progress) -> None:
        """Read the recording, so that no step waits for it, and open the model if it may help."""
        with self.stoppable(progress) as tell:
            prepare_anchors(self._script, tell)
            info = _INFO
            if self._options.settings.on_miss == "ground":
                info = replace(_INFO, sends_to=self.workplace.open_model(tell).info.sends_to)
            self.workplace.secrecy.allow(self._options.secrets)
            self.runtime = info

    def run(self) -> Iterator[Event]:
        place, settings = self.workplace, self._settings
        with self._readers:
            for event in Replay(
                screen=place.screen,
                input=place.input,
                ring=self.ring,
                budgets=settings.budgets,
                last_settle=settings.last_settle,
                answerer=self.wait_for_answer,
                unobstructed=lambda: self.unobstructed(),
                control=self.control,
                script=self._script,
                finder=Finder(self._readers.look),
                read=self._readers.read,
                texts=Texts(self._options.params, place.secrecy.values, learn=place.secrecy.learn),
                settings=settings,
                helper=self._helper(),
                healed=self._heal,
                programs=place.programs,
                surroundings=place.surroundings,
                fields=place.fields,
            ).events():
                if isinstance(event, RunFinished) and event.outcome == "success":
                    for heal in self._proposed:
                        self._heals.accept(heal.number)
                yield event

    def _helper(self) -> Helper | None:
        match self._options.settings.on_miss:
            case "stop":
                return None
            case "ask":
                return Person()
            case "ground":
                place = self.workplace
                return Model(place.open_model, place.prompt, self._options.sampling)

    def _heal(self, trouble: Trouble, point: FramePoint) -> Anchor:
        """The anchor of a place that help gave, proposed as a heal of the recording."""
        frame = trouble.frame
        maker = AnchorMaker(self._readers.look)
        after = maker.make(frame.image, frame.transform, point, windows=trouble.windows)
        on_miss = self._options.settings.on_miss
        heal = self._heals.propose(
            trouble.key,
            before=trouble.anchor,
            after=after,
            frame=frame,
            intent=trouble.deed.intent,
            reason=str(trouble.told),
            how="ground" if on_miss == "ground" else "ask",
            run=self.recorder.folder.name,
        )
        self._proposed.append(heal)
        return after

    @property
    def _settings(self) -> ReplaySettings:
        settings = self._options.settings
        return replace(settings, policy=settings.policy.confirming(self.confirm))

    def settings_sha1(self) -> str:
        return content_hash(self._settings)
