"""An episode as it is played: its steps on one clock that begins with the run. Knows no Qt."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeStep
from agent_app.episode.wording import Tone, result_of
from agent_app.events import FrameRef, Timing
from agent_app.exporting.moments import Moments, moments_of
from agent_app.ui.phrases import deed_text, spoken
from agent_app.ui.story import PieceKind, shown_line, shown_text

Look = Literal["before", "target", "after"]
STAGES: tuple[str, ...] = Timing.__struct_fields__

_UNTIMED_SECONDS = 2.0  # for a step that the recording gives no time: long enough to see it
_LONGEST_SAYING = 4.0  # seconds for the thought of a step whose own times are not known
_LEAST_SECONDS = 0.001
_LONGEST_SECONDS = 1e7  # no run takes a season; a damaged file may say so
_LONGEST_WAIT = 0.5  # seconds that a wait takes at most when waits are skipped
_LONGEST_TITLE = 400


@dataclass(frozen=True, slots=True)
class Shot:
    """One step, ready to be shown. The moments are in order, in seconds since the run began.

    `thinks` is when the first word of the reply came, as far as the step's timing tells.
    """

    step: EpisodeStep
    began: float
    thinks: float
    answered: float
    acted: float
    done: float
    ended: float
    result: str
    tone: Tone
    timing: Timing | None

    @property
    def title(self) -> str:
        """What the step does, in its own words; one line."""
        step = self.step
        intents = dict.fromkeys(each.intent for each in step.actions if each.intent.strip())
        doing = ", ".join(deed_text(each.action) for each in step.actions)
        said = "; ".join(intents) or doing or step.summary or "No action"
        return shown_line(said, _LONGEST_TITLE)

    @property
    def pieces(self) -> list[tuple[PieceKind, str]]:
        """The reply, and what was said about it, as it is shown and searched."""
        step = self.step
        again = [
            *(f"Found by {each.how} ({each.score:.0%})." for each in step.found),
            *(each.reason for each in step.missed),
        ]
        if step.effect is not None:
            alike = "The effect is like the recorded one."
            again.append(alike if step.effect.alike else step.effect.message)
        notes = (*step.mistakes, *step.warnings, *again)
        asked = (f"{question}\n→ {answer or 'no answer'}" for question, answer in step.questions)
        kinds: list[tuple[PieceKind, str]] = [
            ("thought", step.thought),
            ("summary", step.summary or ""),
            *(("note", text) for text in (*notes, *asked)),
        ]
        return [(kind, shown) for kind, text in kinds if (shown := shown_text(text))]


class Reel:
    """The shots of an episode in their order, and where a moment falls among them.

    A recording of others may hold no times: a step without one lasts until the next begins, or two
    seconds. `untimed` says that none had any.
    """

    def __init__(self, episode: Episode) -> None:
        self.episode = episode
        moments = _bounded(episode)
        self.untimed = bool(moments) and moments[-1].ended < _LEAST_SECONDS
        self.shots = tuple(_shots(episode.steps, moments))
        self._begins = [shot.began for shot in self.shots]
        self.seconds = self.shots[-1].ended if self.shots else 0.0
        last = episode.steps[-1].frame_after if episode.steps else None
        self.first_frame = episode.frames[0] if episode.frames else last
        self.totals = _total(shot.timing for shot in self.shots)

    def index_at(self, time: float) -> int:
        """The shot that a moment falls in, or the first one; -1 when there are none."""
        if not self.shots:
            return -1
        return max(0, bisect.bisect_right(self._begins, time) - 1)

    def look_at(self, time: float) -> Look:
        """What is to be seen at a moment: the screen before, the target, or the end."""
        index = self.index_at(time)
        if index < 0:
            return "before"
        shot = self.shots[index]
        if time < shot.acted:
            return "before"
        return "after" if index == len(self.shots) - 1 and time >= shot.ended else "target"

    def time_of(self, index: int, look: Look) -> float:
        """The moment that shows this of a shot."""
        shot = self.shots[index]
        return {"before": shot.began, "target": shot.acted, "after": shot.ended}[look]

    def frame_of(self, index: int, look: Look) -> FrameRef | None:
        """The frame to show; None when the episode names none."""
        if not self.shots:
            return self.first_frame
        step = self.shots[index].step
        return step.frame_after if look == "after" else step.frame_before

    def reached(self, index: int, time: float) -> float:
        """How much of the thought had come by a moment, from 0 to 1.

        Tokens are not recorded one by one: the thought is spread evenly over the time in which the
        model decoded it.
        """
        shot = self.shots[index]
        if time >= shot.answered:
            return 1.0
        return max(0.0, (time - shot.thinks) / max(shot.answered - shot.thinks, _LEAST_SECONDS))

    def advance(self, time: float, seconds: float, *, skip_waiting: bool) -> float:
        """The moment that comes so many seconds of playing after another.

        With `skip_waiting`, each time in which only the machine or a person is waited for (before
        the first word, while the screen settles, between steps, for an answer) takes at most half
        a second.
        """
        while seconds > 0 and time < self.seconds:
            end, waits = self._phase(time)
            length = end - time
            whole = end - self._phase_start(time) if waits else length
            rate = max(1.0, whole / _LONGEST_WAIT) if waits and skip_waiting else 1.0
            if seconds * rate < length:
                return time + seconds * rate
            seconds -= length / rate
            time = end
        return min(time, self.seconds)

    def _bounds(self, time: float) -> list[tuple[float, bool]]:
        """The ends of the phases of the shot at a moment, and whether each is a wait."""
        index = self.index_at(time)
        shot = self.shots[index]
        after = self._begins[index + 1] if index + 1 < len(self.shots) else shot.ended
        asks = bool(shot.step.questions)
        return [
            (shot.began, True),  # before the first one
            (shot.thinks, True),
            (shot.answered, False),
            (shot.acted, False),
            (shot.done, asks),
            (max(shot.ended, after), True),
        ]

    def _phase(self, time: float) -> tuple[float, bool]:
        return next((each for each in self._bounds(time) if each[0] > time), (self.seconds, False))

    def _phase_start(self, time: float) -> float:
        began = self.shots[self.index_at(time)].began
        ends = (0.0, began, *(end for end, _ in self._bounds(time)))
        return max(end for end in ends if end <= time)


def _span(moments: Moments) -> float:
    return moments.ended - moments.began


def _bounded(episode: Episode) -> list[Moments]:
    """The moments of each step; those of a clock beyond all sense are as if it had stood still."""
    found = moments_of(episode)
    moments = [found[step.number] for step in episode.steps]
    if moments and not moments[-1].ended < _LONGEST_SECONDS:
        return [Moments(0.0, 0.0, 0.0, 0.0, 0.0)] * len(moments)
    return moments


def _shots(steps: Sequence[EpisodeStep], moments: Sequence[Moments]) -> Iterator[Shot]:
    added = 0.0
    for at, (step, one) in enumerate(zip(steps, moments, strict=True)):
        times = (one.began, one.answered, one.acted, one.done, one.ended)
        began, answered, acted, done, ended = (time + added for time in times)
        if _span(one) < _LEAST_SECONDS:
            free = moments[at + 1].began - one.ended if at + 1 < len(moments) else 0.0
            if free < _LEAST_SECONDS:
                added += _UNTIMED_SECONDS
                free = _UNTIMED_SECONDS
            answered = acted = began + min(0.6 * free, _LONGEST_SAYING)
            done = ended = began + free
        timing = _checked(step.timing)
        decode = timing.decode if timing is not None else 0.0
        thinks = max(began, answered - decode) if decode else began
        result, tone = result_of(step)
        result = spoken(result)
        yield Shot(step, began, thinks, answered, acted, done, ended, result, tone, timing)


def _checked(timing: Timing | None) -> Timing | None:
    """The timing without what is no duration; None when nothing is left."""
    if timing is None:
        return None
    values = [float(getattr(timing, stage)) for stage in STAGES]
    values = [value if 0 <= value < _LONGEST_SECONDS else 0.0 for value in values]
    return Timing(*values) if any(values) else None


def _total(timings: Iterator[Timing | None]) -> Timing | None:
    sums = [0.0] * len(STAGES)
    for timing in timings:
        if timing is not None:
            for at, stage in enumerate(STAGES):
                sums[at] += float(getattr(timing, stage))
    return Timing(*sums) if any(sums) else None
