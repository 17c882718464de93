"""`agent-app episodes …`: what was recorded, found, shown, filed and thrown away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent_app.actions import describe_action
from agent_app.episode.entry import Entry, State, read_entry
from agent_app.episode.index import Match
from agent_app.episode.library import Library
from agent_app.episode.reader import open_episode
from agent_app.episode.recorder import default_library
from agent_app.episode.steps import EpisodeStep
from agent_app.errors import KnownError
from agent_app.geometry import Monitor

_STYLES: dict[State, str] = {
    "success": "green",
    "failure": "red",
    "error": "red",
    "unreadable": "red",
    "running": "cyan",
}
_PLACES = 3  # shown of one episode that was found
_EXCERPT = 100  # characters
_PROBLEMS = 10


def list_episodes(library: Path | None, *, tags: Sequence[str], console: Console) -> int:
    """Every episode, the newest first, with what they take up."""
    with Library(library or default_library()) as opened:
        entries = opened.entries(tags=tags)
    if not entries:
        console.print(Text(f"no episodes in {opened.folder}", style="dim"))
        return 0
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("episode", ratio=1, overflow="fold")
    table.add_column("when", no_wrap=True)
    table.add_column("state")
    for heading in ("steps", "time", "size"):
        table.add_column(heading, justify="right", no_wrap=True)
    for entry in entries:
        about = Text(f"\n{_cut(_plain(entry.task))}", style="dim") if entry.task else Text()
        table.add_row(
            Text(_plain(entry.name), style="bold") + about + _tags(entry),
            _when(entry),
            _state(entry),
            str(entry.steps),
            f"{entry.seconds:.0f} s",
            _size(entry.bytes),
        )
    console.print(table)
    total = _size(sum(entry.bytes for entry in entries))
    console.print(Text(f"{_episodes(len(entries))}, {total}, in {opened.folder}", style="dim"))
    return 0


def search_episodes(library: Path | None, words: str, *, console: Console) -> int:
    """The episodes in which these words stand together, and where."""
    with Library(library or default_library()) as opened:
        matches = opened.search(words)
    found: dict[Path, list[Match]] = {}
    for match in matches:
        found.setdefault(match.entry.folder, []).append(match)
    for places in found.values():
        entry = places[0].entry
        console.print(Text.assemble((_plain(entry.name), "bold"), "  ", _state(entry)))
        for match in places[:_PLACES]:
            where = match.kind + (f" {match.step}" if match.step else "")
            console.print(Text(f"  {where}: ", style="dim") + _excerpt(match.text, words))
        if len(places) > _PLACES:
            console.print(Text(f"  and {len(places) - _PLACES} more", style="dim"))
    console.print(Text(f"{_episodes(len(found))} with {words!r}", style="dim"))
    return 0


def show_episode(library: Path | None, name: str, *, console: Console) -> int:
    """What one episode was about, its steps, and what is wrong with it."""
    with Library(library or default_library()) as opened:
        folder = opened.find(name)
    episode, entry = open_episode(folder), read_entry(folder)
    header = episode.header
    table = Table.grid(padding=(0, 2))
    for label, text in (
        ("episode", Text(_plain(str(folder)))),
        ("task", Text(_plain(entry.task, keep="\n"))),
        ("state", _state(entry)),
        ("answer", Text(_plain(entry.answer, keep="\n"))),
        ("tags", Text(" ".join(entry.tags))),
        ("recorded", Text(f"{_when(entry)} by agent-app {_plain(header.app)}")),
        ("model", Text(_plain(entry.model))),
        ("monitors", Text(", ".join(map(_monitor, header.monitors)))),
        ("format", Text(f"version {episode.version}")),
        ("size", Text(f"{_size(entry.bytes)}, {len(episode.frames)} frames")),
    ):
        if text.plain:
            table.add_row(Text(label, style="dim"), text)
    console.print(table)
    if episode.steps:
        steps = Table(box=None, pad_edge=False, header_style="dim")
        for heading in ("step", "time"):
            steps.add_column(heading, justify="right", no_wrap=True)
        steps.add_column("thought", ratio=3)
        steps.add_column("done", ratio=2)
        for step in episode.steps:
            thought = _cut(_plain(step.thought or step.summary or ""))
            steps.add_row(str(step.number), f"{step.seconds:.1f} s", thought, _deeds(step))
        console.print(steps)
    for problem in entry.problems[:_PROBLEMS]:
        console.print(Text(f"problem: {_plain(problem)}", style="yellow"))
    if len(entry.problems) > _PROBLEMS:
        console.print(Text(f"and {len(entry.problems) - _PROBLEMS} more problems", style="yellow"))
    return 0


def tag_episode(
    library: Path | None, name: str, tags: Sequence[str], *, remove: bool, console: Console
) -> int:
    """File an episode under words of your own, or take them away again."""
    with Library(library or default_library()) as opened:
        folder = opened.find(name)
        now = opened.tag(folder, add=() if remove else tags, remove=tags if remove else ())
    console.print(Text(f"{_plain(folder.name)}: {' '.join(now) or 'no tags'}"))
    return 0


def delete_episode(
    library: Path | None, name: str, *, for_good: bool, yes: bool, console: Console
) -> int:
    """Move an episode to the desktop's trash; with --for-good --yes, remove it."""
    with Library(library or default_library()) as opened:
        folder = opened.find(name)
        if for_good and not yes:
            raise KnownError(
                f"{folder} would be gone for good", remedy="add --yes, or leave out --for-good"
            )
        trashed = opened.delete(folder, for_good=for_good)
    where = "removed for good" if trashed is None else f"now in {_plain(str(trashed))}"
    console.print(Text(f"{_plain(folder.name)}: {where}"))
    return 0


def reindex_episodes(library: Path | None, *, console: Console) -> int:
    """Make the index anew from the episodes."""
    with Library(library or default_library()) as opened:
        count = opened.reindex()
    console.print(Text(f"{_episodes(count)} in {opened.folder}", style="dim"))
    return 0


def _state(entry: Entry) -> Text:
    text = Text(entry.state, style=_STYLES.get(entry.state, "yellow"))
    if entry.problems and entry.state != "unreadable":
        text.append(" damaged", style="yellow")
    return text


def _when(entry: Entry) -> str:
    return entry.created[:16].replace("T", " ")


def _tags(entry: Entry) -> Text:
    return Text("".join(f" #{tag}" for tag in entry.tags), style="cyan")


def _episodes(count: int) -> str:
    return "1 episode" if count == 1 else f"{count} episodes"


def _deeds(step: EpisodeStep) -> Text:
    deeds = [
        f"{done.intent or describe_action(done.action)}{'' if done.done else ' (not done)'}"
        for done in step.actions
    ]
    return Text(_cut(_plain("; ".join([*deeds, *step.mistakes]))))


def _monitor(monitor: Monitor) -> str:
    region = monitor.region
    return _plain(f"{monitor.name} {region.width}x{region.height} at {region.left},{region.top}")


def _cut(text: str) -> str:
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"


def _plain(text: str, *, keep: str = "") -> str:
    """One line without what a terminal would obey: an episode may come from anyone."""
    return "".join(char if char.isprintable() or char in keep else " " for char in text).strip()


def _excerpt(text: str, words: str) -> Text:
    """The part of a text around the first of these words, with all of them marked."""
    plain = _plain(text)
    pattern = re.compile("|".join(map(re.escape, words.split())), re.IGNORECASE)
    first = pattern.search(plain)
    start = max(0, first.start() - _EXCERPT // 3) if first else 0
    part = Text(("…" if start else "") + _cut(plain[start:]))
    part.highlight_regex(pattern, "bold yellow")
    return part


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
