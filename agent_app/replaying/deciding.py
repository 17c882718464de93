"""Asks a model again on the screens of a recording: what would it do now? No desktop is needed.

Each step is judged on the recorded past, so that one wrong answer does not spoil the next. A fork
is the exception: from its step on, the model's own answers are the past, for as long as they are
what was recorded, since no recorded screen shows what anything else would have led to.
"""

from __future__ import annotations

import statistics
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from agent_app.actions import Action, places_of, target_points
from agent_app.asking import Answer, ask, decide, hinted, told
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeStep
from agent_app.errors import KnownError, ModelMistake
from agent_app.geometry import FramePoint, FrameTransform, Region
from agent_app.model_runtime import (
    GenerationRequest,
    ImagePart,
    ModelRuntime,
    Sampling,
    Turn,
)
from agent_app.policy import Policy
from agent_app.prompting import Prompt
from agent_app.replaying.comparison import (
    Element,
    ElementAt,
    around,
    compare,
    diagonal,
    distance,
    in_frame,
)
from agent_app.replaying.decisions import Conditions, Sample, Spread, StepDecision, Verdict
from agent_app.replaying.elements import Elements, TextReader
from agent_app.replaying.past import RecordedPast


@dataclass(frozen=True, slots=True)
class DecideSettings:
    """How a model is asked about recorded steps.

    `samples` replies are drawn for each step, with seeds that count up. With `from_step` the run is
    forked there; `hint` is then put behind the recorded thought of that step, and the model goes on
    from it. `images` is how many past screens it sees, as in `LoopSettings`.
    """

    sampling: Sampling = field(default_factory=Sampling)
    samples: int = 1
    images: int = 3
    from_step: int | None = None
    hint: str = ""

    def conditions(self, runtime: ModelRuntime, prompt: Prompt, *, source: str) -> Conditions:
        """What a result of these settings was made under."""
        drawn = self.sampling
        return Conditions(
            model=runtime.info.name,
            detail=runtime.info.detail,
            source=source,
            prompt_sha1=prompt.sha1,
            temperature=drawn.temperature,
            top_p=drawn.top_p,
            seed=drawn.seed,
            max_tokens=drawn.max_tokens,
            think=drawn.think,
            thinking_budget=drawn.thinking_budget,
            images=self.images,
            samples=self.samples,
            from_step=self.from_step,
            hint=self.hint,
        )


def comparable_steps(episode: Episode, settings: DecideSettings) -> tuple[EpisodeStep, ...]:
    """The steps that can be asked about: with a screen, and an action to compare with.

    Raises KnownError when the step to fork at is none of them.
    """
    able = tuple(step for step in episode.steps if step.frame_before is not None and step.actions)
    first = settings.from_step
    if first is None:
        return able
    if all(step.number != first for step in able):
        raise KnownError(
            f"{episode.folder.name} has no step {first} with a screen and an action",
            remedy=f"its steps are: {_ranges([step.number for step in able]) or 'none'}",
        )
    return tuple(step for step in able if step.number >= first)


def decide_episode(
    episode: Episode,
    *,
    runtime: ModelRuntime,
    prompt: Prompt,
    settings: DecideSettings,
    read: TextReader,
    stop: threading.Event,
    done: Mapping[int, StepDecision] | None = None,
) -> Iterator[StepDecision]:
    """Ask about each comparable step in turn; one that is `done` is told as it is.

    A step whose picture is missing is passed over. Ends once `stop` is set, without the step that
    was under way; a fork ends with the first decision that is not what was recorded. Raises
    KnownError when the model cannot be asked.
    """
    asked = {step.number for step in comparable_steps(episode, settings)}
    asking = _Asking(episode, runtime, prompt, settings, read, stop)
    for step in episode.steps:
        screen = asking.past.screen(step)
        if screen is None:
            continue
        if step.number not in asked:
            asking.past.add_recorded(step, screen)
            continue
        decision = (done or {}).get(step.number)
        if decision is None:
            decision = asking.about(step, screen)
            if decision is None:
                return
        yield decision
        if settings.from_step is None:
            asking.past.add_recorded(step, screen)
        elif decision.verdict == "same":
            own = decision.sample
            said = told(own.intent, own.actions)
            asking.past.add_own(step, screen, thought=own.thought, said=said)
        else:
            return


class _Asking:
    def __init__(
        self,
        episode: Episode,
        runtime: ModelRuntime,
        prompt: Prompt,
        settings: DecideSettings,
        read: TextReader,
        stop: threading.Event,
    ) -> None:
        self.past = RecordedPast(episode, prompt, runtime.info.image_limits, images=settings.images)
        self._name = episode.folder.resolve().name
        self._elements = Elements(episode, read)
        self._runtime = runtime
        self._settings = settings
        self._stop = stop
        self._policy = Policy()

    def about(self, step: EpisodeStep, screen: ImagePart) -> StepDecision | None:
        """All samples of one step; None once stopped."""
        recorded = tuple(each.action for each in step.actions)
        known: dict[tuple[int, int], Element] = {}

        def element_at(index: int, place: int, point: FramePoint) -> Element:
            if (index, place) not in known:
                known[index, place] = self._elements.at(step, screen, index, place, point)
            return known[index, place]

        turns = self.past.turns(screen)
        samples: list[Sample] = []
        for number in range(self._settings.samples):
            answer = self._ask(turns, number, self._opening(step))
            if self._stop.is_set():
                return None
            sample = self._read(answer, screen)
            if not sample.mistake:
                sample = _with(sample, recorded, screen.transform, element_at)
            samples.append(sample)
        chosen, spread = choose(samples, screen.transform)
        return StepDecision(
            episode=self._name,
            step=step.number,
            frame=screen.sha1,
            intent=step.actions[0].intent,
            recorded=recorded,
            samples=tuple(samples),
            chosen=chosen,
            spread=spread,
            verdict=_verdict(samples[chosen]),
        )

    def _opening(self, step: EpisodeStep) -> str:
        if not self._settings.hint or step.number != self._settings.from_step:
            return ""
        return hinted(step.thought, self._settings.hint)

    def _ask(self, turns: Sequence[Turn], number: int, opening: str) -> Answer:
        sampling = self._settings.sampling
        seed = None if sampling.seed is None else sampling.seed + number
        request = GenerationRequest(
            turns=tuple(turns),
            instruction=self.past.task,
            opening=opening,
            stop=self._stop,
            sampling=replace(sampling, seed=seed),
        )
        asked = ask(self._runtime, request)
        while True:
            try:
                next(asked)
            except StopIteration as end:
                return end.value

    def _read(self, answer: Answer, screen: ImagePart) -> Sample:
        region = _region(screen.transform)

        def allow(action: Action) -> None:
            points = target_points(action, screen.transform)
            self._policy.check(action, points=points, region=region)

        reply = answer.reply
        sample = Sample(
            thought=reply.thought,
            summary=reply.summary,
            ended_by=reply.ended_by,
            seconds=answer.seconds,
            prompt_tokens=answer.finish.prompt_tokens,
            completion_tokens=answer.finish.completion_tokens,
        )
        try:
            decision = decide(reply, screen, allow=allow)
        except ModelMistake as mistake:
            return msgspec.structs.replace(sample, mistake=str(mistake))
        return msgspec.structs.replace(sample, intent=decision.intent, actions=decision.actions)


def choose(samples: Sequence[Sample], transform: FrameTransform) -> tuple[int, Spread | None]:
    """The sample that stands for all, and how far they lie apart; a lone one has no spread."""
    if len(samples) == 1:
        return 0, None
    followers = [
        [at for at, other in enumerate(samples) if _alike(one, other, transform)] for one in samples
    ]
    group = max(followers, key=len)
    middle, _ = _medoid([(at, _first_place(samples[at], transform)) for at in group])
    everywhere = [(at, _first_place(sample, transform)) for at, sample in enumerate(samples)]
    _, distances = _medoid(everywhere)
    median = statistics.median(distances) if distances else None
    spread = Spread(
        majority=len(group) / len(samples),
        right=sum(sample.agrees for sample in samples) / len(samples),
        distance=median,
        share=None if median is None else median / diagonal(transform.size),
    )
    return group[0] if middle is None else middle, spread


def _alike(one: Sample, other: Sample, transform: FrameTransform) -> bool:
    """Whether two samples decided the same; the recorded element is one thing, whole."""
    if one.mistake or other.mistake:
        return bool(one.mistake and other.mistake)
    if one.agrees and other.agrees:
        return True

    def here(_index: int, _place: int, point: FramePoint) -> Element:
        return around(point, transform.size)

    return compare(one.actions, other.actions, transform=transform, element_at=here).agrees


def _medoid(
    points: Sequence[tuple[int, FramePoint | None]],
) -> tuple[int | None, list[float]]:
    """Which point lies nearest to all others, and the distances of the others to it."""
    placed = [(at, point) for at, point in points if point is not None]
    if not placed:
        return None, []
    at, middle = min(placed, key=lambda one: sum(distance(one[1], two) for _, two in placed))
    return at, [distance(middle, point) for other, point in placed if other != at]


def _first_place(sample: Sample, transform: FrameTransform) -> FramePoint | None:
    places = (in_frame(place, transform) for each in sample.actions for place in places_of(each))
    return next((place for place in places if place is not None), None)


def _with(
    sample: Sample, recorded: Sequence[Action], transform: FrameTransform, element_at: ElementAt
) -> Sample:
    comparison = compare(recorded, sample.actions, transform=transform, element_at=element_at)
    return msgspec.structs.replace(sample, comparison=comparison)


def _verdict(sample: Sample) -> Verdict:
    if sample.mistake:
        return "mistake"
    return "same" if sample.agrees else "other"


def _region(transform: FrameTransform) -> Region:
    """The part of the screen that a frame shows, in input units."""
    return Region(
        transform.origin.x,
        transform.origin.y,
        max(1, round(transform.size.width / transform.scale)),
        max(1, round(transform.size.height / transform.scale)),
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers in words such as `1–4, 7`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in spans)
