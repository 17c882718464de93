"""The steps that changed, for the report: each one's screen, its marks, and what was said."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Iterable, Mapping

from PIL import Image

from agent_app.actions import Action, places_of
from agent_app.episode.reader import Episode
from agent_app.geometry import FramePoint, FrameTransform
from agent_app.replaying.comparison import in_frame
from agent_app.replaying.decisions import StepDecision
from agent_app.replaying.marks_svg import Mark, Scene, Whose
from agent_app.replaying.report import percent, pixels, plain, words
from agent_app.replaying.scores import Pair

_WIDTH = 1280  # pixels of a picture in the page
_LOUPE = 0.22  # of the frame's width
_THOUGHT = 2_000  # characters
_NEAR: Mapping[Whose, str] = {
    "recorded": "where it was recorded",
    "before": "where it was decided before",
    "now": "where it is decided now",
}


def escaped(text: str) -> str:
    """A text that stays text in the page."""
    return html.escape(text, quote=True)


class Pictures:
    """The screens that the page has already, each once, and those still to be had."""

    def __init__(self, episode: Callable[[str], Episode | None]) -> None:
        self._episode = episode
        self._opened: tuple[str, Episode | None] | None = None
        self._names: dict[str, str] = {}

    def of(self, step: StepDecision) -> tuple[FrameTransform | None, str, str]:
        """Where a step's screen lies, its id in the page, and the element to put there first."""
        if self._opened is None or self._opened[0] != step.episode:
            self._opened = step.episode, self._episode(step.episode)
        episode = self._opened[1]
        if episode is None:
            return None, "", ""
        ref = next((ref for ref in episode.frames if ref.sha1 == step.frame), None)
        if ref is None:
            return None, "", ""
        if step.frame in self._names:
            return ref.transform, self._names[step.frame], ""
        image = episode.frame(ref.sha1)
        if image is None:
            return ref.transform, "", ""
        name = f"screen-{len(self._names)}"
        self._names[step.frame] = name
        return ref.transform, name, defined_picture(name, image)


def defined_picture(name: str, image: Image.Image) -> str:
    """A picture to be used by its id, in units of the frame's own pixels."""
    small = image
    if image.width > _WIDTH:
        height = max(1, round(image.height * _WIDTH / image.width))
        small = image.resize((_WIDTH, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    data = io.BytesIO()
    small.save(data, "WEBP", quality=78, method=4)
    coded = base64.b64encode(data.getvalue()).decode()
    return (
        f'<svg class="defs" aria-hidden="true"><defs><image id="{name}" '
        f'width="{image.width}" height="{image.height}" preserveAspectRatio="none" '
        f'href="data:image/webp;base64,{coded}"/></defs></svg>'
    )


def card(pair: Pair, heading: str, tone: str, pictures: Pictures | None) -> str:
    """One step; without `pictures` its screen is left out."""
    step = pair.now
    inside = _answers(pair)
    picture = ""
    if pictures is not None:
        transform, name, defined = pictures.of(step)
        if transform is not None:
            scene = _scene(pair, transform)
            inside = _loupes(scene, name) + inside
            picture = f'<div class="picture">{defined}{scene.whole(name)}</div>'
    return (
        f'<section class="card"><header><b>Step {step.step}</b>'
        f'<span class="where">{escaped(plain(step.episode))}</span>'
        f'<span class="chip {tone}">{heading}</span></header>'
        f'<div class="inside">{picture}<div class="words">{inside}</div></div></section>'
    )


def _scene(pair: Pair, transform: FrameTransform) -> Scene:
    comparison = pair.now.sample.comparison
    if comparison is None and pair.before is not None:
        comparison = pair.before.sample.comparison
    element = comparison.element if comparison is not None else None
    marks = list(_marks("recorded", pair.now.recorded, transform))
    if pair.before is not None:
        marks += _marks("before", pair.before.sample.actions, transform)
    marks += _marks("now", pair.now.sample.actions, transform)
    if element is None:
        return Scene(transform.size, (), marks)
    return Scene(transform.size, element.boxes, marks, round=element.source == "radius")


def _marks(whose: Whose, actions: Iterable[Action], transform: FrameTransform) -> list[Mark]:
    """The first place that a decision names."""
    for action in actions:
        for place in places_of(action):
            point = in_frame(place, transform)
            if point is not None:
                return [Mark(whose, point)]
    return []


def _loupes(scene: Scene, picture: str) -> str:
    """Close views of the recorded place and of the ones decided, as far as there are any."""
    width = _LOUPE * scene.size.width
    shown: list[tuple[Whose, FramePoint]] = []
    for mark in scene.marks:
        near = any(
            abs(mark.point.x - point.x) < width / 3 and abs(mark.point.y - point.y) < width / 5
            for _, point in shown
        )
        if not near and len(shown) < 2:
            shown.append((mark.whose, mark.point))
    return (
        '<div class="loupes">'
        + "".join(
            f'<div class="loupe">{scene.part(picture, point, width=width)}{_NEAR[whose]}</div>'
            for whose, point in shown
        )
        + "</div>"
    )


def _answers(pair: Pair) -> str:
    step = pair.now
    parts = [
        '<div class="answer recorded"><h4>Recorded</h4>'
        f'<div class="did">{escaped(words(step.recorded))}</div>{_why(step.intent)}</div>'
    ]
    if pair.before is not None:
        parts.append(_answer("before", "Before", pair.before))
    parts.append(_answer("now", "Now", step))
    return "".join(parts)


def _answer(whose: Whose, label: str, step: StepDecision) -> str:
    sample = step.sample
    did = words(sample.actions) if sample.actions else "no action"
    facts = [label]
    if step.moved is not None:
        facts.append(f"{pixels(step.moved)} away")
    comparison = sample.comparison
    if comparison is not None and comparison.element is not None:
        hit = all(place.hit for each in comparison.actions for place in each.places)
        facts.append("on the element" if hit else "not on the element")
    if step.spread is not None:
        facts.append(f"{percent(step.spread.majority)} of {len(step.samples)} samples")
    thought = sample.thought[:_THOUGHT] + ("…" if len(sample.thought) > _THOUGHT else "")
    more = f"<div class='thought'>{escaped(thought)}</div>"
    more = f"<details><summary>thought</summary>{more}</details>"
    return (
        f'<div class="answer {whose}"><h4>{escaped(" · ".join(facts))}</h4>'
        f'<div class="did">{escaped(did)}</div>{_why(sample.mistake or sample.intent)}'
        f"{more if thought else ''}</div>"
    )


def _why(text: str) -> str:
    return f'<div class="why">{escaped(plain(text)[:400])}</div>' if text.strip() else ""
