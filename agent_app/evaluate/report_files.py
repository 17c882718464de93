"""The files of a report beside its results: Markdown, one page, and the figures as JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent_app.episode.files import cannot_write, write_whole
from agent_app.evaluate.comparing import Flips
from agent_app.evaluate.markdown import comparison_markdown, markdown
from agent_app.evaluate.report_page import write_comparison, write_report
from agent_app.evaluate.results import Outcome
from agent_app.evaluate.tables import pace, tables
from agent_app.model_runtime import Progress

PAGE, TEXT, FIGURES = "report.html", "report.md", "summary.json"


def write_files(outcome: Outcome, folder: Path, progress: Progress) -> Path:
    """Write all three, and return the page; raises KnownError when one cannot be written."""
    figures = {
        "conditions": outcome.conditions,
        "asked": len(outcome.results),
        "pace": pace(outcome.results),
        "tables": tables(outcome),
    }
    _write(folder / FIGURES, msgspec.json.format(msgspec.json.encode(figures)) + b"\n")
    _write(folder / TEXT, markdown(outcome).encode(errors="replace"))
    write_report(outcome, folder / PAGE, progress)
    return folder / PAGE


def write_comparison_files(flips: Flips, folder: Path, progress: Progress) -> Path:
    """The same of two results."""
    _write(folder / "compare.md", comparison_markdown(flips).encode(errors="replace"))
    write_comparison(flips, folder / "compare.html", progress)
    return folder / "compare.html"


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        raise cannot_write(error, path) from error
