"""How a run and its steps went, in the few words that every picture and page of them uses."""

from __future__ import annotations

from typing import Literal

from agent_app.actions import AskHuman, Terminate
from agent_app.episode.reader import Episode
from agent_app.episode.steps import EpisodeStep

Tone = Literal["good", "bad", "warn", "info", "muted"]

_OUTCOMES: dict[str, tuple[str, Tone]] = {
    "success": ("success", "good"),
    "failure": ("failure", "bad"),
    "stopped": ("stopped", "warn"),
    "limit": ("limit reached", "warn"),
    "error": ("error", "bad"),
}


def seconds_text(seconds: float) -> str:
    """A duration for people, such as `0.42 s`, `12.5 s` or `2 min 05 s`."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def total_seconds(episode: Episode) -> float:
    """How long the run took, as far as it was recorded."""
    if episode.end is not None:
        return episode.end.seconds
    if not episode.steps:
        return 0.0
    last = episode.steps[-1]
    return last.at + last.seconds - episode.steps[0].at


def task_text(episode: Episode) -> str:
    """The task, or that there is none."""
    run = episode.run
    return run.task if run is not None and run.task.strip() else "No task was recorded"


def ending_text(episode: Episode) -> str:
    """The answer and the reason that the run ended with; empty when it was cut off."""
    end = episode.end
    if end is None:
        return ""
    return " — ".join(text for text in (end.answer.strip(), end.reason.strip()) if text)


def outcome_of(episode: Episode) -> tuple[str, Tone]:
    """How the run ended."""
    return ("cut off", "muted") if episode.end is None else _OUTCOMES[episode.end.outcome]


def result_of(step: EpisodeStep) -> tuple[str, Tone]:
    """How a step went, worst news first."""
    if step.mistakes:
        return f"mistake: {step.mistakes[-1]}", "bad"
    if step.missed and not (step.actions and all(action.done for action in step.actions)):
        return step.missed[-1].reason, "bad"
    if step.effect is not None and not step.effect.alike:
        return step.effect.message, "bad"
    if step.effect is not None and step.effect.message and not step.actions:
        return step.effect.message, "good"
    last = step.actions[-1].action if step.actions else None
    if isinstance(last, Terminate):
        return ("says it is done", "good") if last.status == "success" else ("gave up", "bad")
    if isinstance(last, AskHuman):
        answer = step.questions[-1][1] if step.questions else None
        return f"answer: {answer}" if answer is not None else "no answer", "info"
    if not all(action.done for action in step.actions):
        return "cut off before it was done", "bad"
    if step.warnings:
        return step.warnings[-1], "warn"
    if step.settled is not None and not step.settled.changed:
        return "nothing changed", "warn"
    if step.settled is not None and not step.settled.settled:
        return "done, still moving", "warn"
    return ("done", "good") if step.actions else ("no action", "muted")
