"""`agent-app policy`: show what is in force, write it out, and try it on recorded runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent_app.actions import Action, InputAction, describe_action, target_points
from agent_app.console import progress_bar
from agent_app.episode.library import Library
from agent_app.episode.reader import Episode, open_episode
from agent_app.episode.recorder import default_library
from agent_app.episode.steps import EpisodeStep
from agent_app.errors import KnownError, ModelMistake
from agent_app.events import ApprovalGiven, FrameRef
from agent_app.geometry import Region, Size
from agent_app.policy.file import default_text, own_rules, policy_path
from agent_app.policy.judging import Policy
from agent_app.policy.rules import Confirm, Rules, Verdict
from agent_app.policy.scene import Scene, Surroundings
from agent_app.runtimes.reader.surroundings import recorded_surroundings
from agent_app.screen.frame import Frame, Pixels

_STATUS = {"refuse": 4, "ask": 6, "allow": 0}
_STYLES: dict[Verdict, str] = {"refuse": "bold red", "ask": "bold magenta", "allow": "dim"}
_BUILT_IN = "built in"


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of one recorded action now; `then` is what a person answered."""

    step: int
    action: Action
    verdict: Verdict
    rule: str = ""
    reason: str = ""
    then: str = ""


def show_policy(path: Path | None, *, default: bool, console: Console) -> int:
    """Say what is in force, or print the policy that is shipped."""
    if default:
        console.print(Text(default_text()), end="", soft_wrap=True)
        return 0
    rules = own_rules(path)
    where = path or policy_path()
    if path is None and not where.exists():
        told = f"The policy that is shipped; yours would lie at {where}"
        console.print(Text(told), style="bold", soft_wrap=True)
    else:
        console.print(Text(str(where)), style="bold", soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("rule", "verdict", "when"):
        table.add_column(column, overflow="fold")
    for name, verdict, when in _summary(rules):
        table.add_row(Text(name), Text(verdict, _STYLES[verdict]), Text(when))
    console.print(table)
    console.print(
        Text(
            f"On your own display it asks before {_MODES[rules.confirm]}; a question waits "
            f"{rules.answer_seconds:g} s, and without an answer the action is not done."
        )
    )
    return 0


_MODES: dict[Confirm, str] = {
    "risky": "what these rules say",
    "all": "every action",
    "none": "nothing",
}


def _summary(rules: Rules) -> Iterator[tuple[str, Verdict, str]]:
    yield _BUILT_IN, "refuse", "keys that leave the session, places outside the chosen screen"
    for rule in rules.rules:
        yield rule.name, rule.verdict, rule.why or "your rule"
    yield "typing.terminals", rules.terminals, "typing into a terminal on your own display"
    private = "typing into a terminal on a private desktop"
    yield "typing.private_terminals", rules.private_terminals, private
    passwords = "typing into a field for passwords anything but a {{secret:NAME}}"
    yield "typing.passwords", rules.passwords, passwords
    yield "typing.unknown", rules.unknown, "typing where nothing tells what has the keyboard"
    for risk in rules.risks:
        words = f"{len(risk.words)} words on what is clicked, such as “{risk.words[0]}”"
        yield f"words.{risk.name}", risk.verdict, f"{words}: {risk.why}"
    yield "reading.unread", rules.unread, "clicking something drawn that cannot be read"


def init_policy(output: Path | None, *, console: Console) -> int:
    """Write the policy that is shipped, where none is yet."""
    path = output or policy_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(default_text())
    except FileExistsError as error:
        raise KnownError(
            f"{path} is there already", remedy="edit it, or give another file: --output FILE"
        ) from error
    except OSError as error:
        raise KnownError(
            f"cannot write {path}: {error.strerror}", remedy="give another file: --output FILE"
        ) from error
    console.print(Text(str(path)), soft_wrap=True)
    return 0


def test_policy(
    names: Sequence[str], *, policy: Path | None, confirm: Confirm | None, console: Console
) -> int:
    """Say what of these episodes would be asked or refused now; the status says the worst of it."""
    rules = own_rules(policy)
    # which field had the keyboard is in no recording: asking about every text would say nothing
    rules = replace(rules, unknown="allow")
    tried = Policy(rules=rules, confirm=confirm or rules.confirm)
    reader = recorded_surroundings()
    worst: Verdict = "allow"
    for name in names:
        episode = open_episode(_folder(name))
        with progress_bar(console, in_bytes=False) as progress:
            trials: list[Trial] = []
            for done, step in enumerate(episode.steps, start=1):
                trials += _try_step(episode, step, tried, reader)
                progress(f"Judging {episode.folder.name}", done, len(episode.steps))
        _print_trials(trials, console)
        for verdict in ("ask", "refuse"):
            if any(trial.verdict == verdict for trial in trials):
                worst = verdict if worst != "refuse" else worst
    console.print(
        Text(
            "Judged by the recorded pixels and windows, each action on the screen its step began "
            "with. Not judged: which field had the keyboard."
        ),
        style="dim",
    )
    return _STATUS[worst]


def _folder(name: str) -> Path:
    folder = Path(name)
    if folder.is_dir():
        return folder
    with Library(default_library()) as library:
        return library.find(name)


def _try_step(
    episode: Episode, step: EpisodeStep, policy: Policy, reader: Surroundings | None
) -> list[Trial]:
    answers = {
        event.index: event.answer
        for event in episode.events
        if isinstance(event, ApprovalGiven) and event.step == step.number
    }
    acts = [each for each in step.actions if isinstance(each.action, InputAction)]
    if not acts:
        return []
    ref = step.frame_before
    pixels = None if ref is None else episode.pixels(ref.sha1)
    trials: list[Trial] = []
    for index, each in enumerate(acts):
        verdict, rule, reason = _verdict(each.action, step, ref, pixels, policy, reader)
        then = answers.get(index, "")
        trials.append(Trial(step.number, each.action, verdict, rule, reason, then))
    return trials


def _verdict(
    action: Action,
    step: EpisodeStep,
    ref: FrameRef | None,
    pixels: Pixels | None,
    policy: Policy,
    reader: Surroundings | None,
) -> tuple[Verdict, str, str]:
    if ref is None or pixels is None:
        return "ask", "reading", "its screen is not in the recording"
    transform = ref.transform
    size = Size(
        round(transform.size.width / transform.scale),
        round(transform.size.height / transform.scale),
    )
    region = Region(transform.origin.x, transform.origin.y, size.width, size.height)
    points = target_points(action, transform)
    try:
        policy.check(action, points=points, region=region)
    except ModelMistake as refusal:
        return "refuse", _BUILT_IN, str(refusal)
    frame = Frame(pixels, transform, ref.monitor, step.at)
    scene = Scene(frame, points, step.windows_before, reader)
    judged = policy.judge(action, scene)
    if judged is None:
        return "allow", "", ""
    return judged.verdict, judged.rule, f"{judged.deed}: {judged.reason}"


def _print_trials(trials: Sequence[Trial], console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("step", justify="right")
    for column in ("action", "now", "rule", "why", "then"):
        table.add_column(column, overflow="fold")
    for trial in trials:
        table.add_row(
            str(trial.step),
            Text(describe_action(trial.action)[:60]),
            Text(trial.verdict, _STYLES[trial.verdict]),
            Text(trial.rule),
            Text(trial.reason),
            Text(trial.then),
        )
    console.print(table)
