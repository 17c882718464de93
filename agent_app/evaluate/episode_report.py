"""The figures of recordings that a model was asked about, in the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent_app.episode.files import cannot_write, write_whole
from agent_app.episode.reader import open_episode
from agent_app.evaluate.agentnetbench import truths_in
from agent_app.evaluate.episodes import HEADINGS, Figures, figures
from agent_app.evaluate.markdown import escaped, grid
from agent_app.replaying.decisions import Decisions
from agent_app.replaying.report import model_text, plain

FIGURES_FILE = "report.md"
_NOTES = (
    "kind: steps whose actions are of the recorded kinds; in box: places that have a box in the "
    "recording; near point: places that have a point alone, within 1.5 % of the diagonal; apart: "
    "how far those are off; text and keys: the same but for capitals and spaces.",
    "own score: AgentNetBench's own, in percent, with its alternatives.",
    "What was recorded need not be the only right way.",
)


def report_episodes(decisions: Decisions, data: Path, output: Path, console: Console) -> None:
    """Print the figures and write them; raises KnownError when they cannot be written."""
    names = dict.fromkeys(step.episode for step in decisions.steps)
    episodes = {name: open_episode(output / "episodes" / name) for name in names}
    found = figures(decisions.steps, episodes, truths_in(data))
    _print(found, console)
    path = output / FIGURES_FILE
    try:
        write_whole(path, _markdown(found, decisions).encode(errors="replace"))
    except OSError as error:
        raise cannot_write(error, path) from error
    console.print(str(path), markup=False, highlight=False, soft_wrap=True)


def _print(found: Mapping[str, Figures], console: Console) -> None:
    table = Table("source", *HEADINGS, box=None, pad_edge=False, header_style="dim")
    for source, each in found.items():
        table.add_row(Text(plain(source)), *each.cells())
    console.print(table)


def _markdown(found: Mapping[str, Figures], decisions: Decisions) -> str:
    rows = [(source, *each.cells()) for source, each in found.items()]
    return "\n".join(
        (
            f"# Recordings: {escaped(decisions.conditions.source)}",
            "",
            escaped(model_text(decisions.conditions)),
            "",
            *grid(("source", *HEADINGS), rows),
            "",
            *(f"- {note}" for note in _NOTES),
            "",
        )
    )
