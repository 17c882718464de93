"""A result, or two side by side, as one HTML file: opens from disk, loads and runs nothing.

Instructions and replies are escaped, and the page's policy admits its one style sheet, by its
hash, and pictures that are in the page itself.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

from agent_app import __version__
from agent_app.episode.files import cannot_write, write_whole
from agent_app.evaluate.comparing import ChangeTable, Flips, flips_line
from agent_app.evaluate.items import RefusalTarget
from agent_app.evaluate.report_cards import Screens, card
from agent_app.evaluate.results import Conditions, Outcome, Result
from agent_app.evaluate.tables import Row, Table, pace, tables
from agent_app.evaluate.wording import (
    bounds,
    extent,
    model_line,
    published_line,
    remarks,
    share_words,
)
from agent_app.model_runtime import Progress
from agent_app.replaying.report import plain
from agent_app.replaying.report_cards import escaped

_MOST_PICTURES = 150
_MOST_CARDS = 2_000

Shown = tuple[Result | None, Result]
"""An item before, where there is another result, and now."""


def write_report(outcome: Outcome, output: Path, progress: Progress) -> None:
    """Write the page of one result; raises KnownError when the file cannot be written."""
    conditions = outcome.conditions
    title = f"{plain(conditions.title)}: {plain(conditions.source)}"
    body = [
        f"<h1>{escaped(title)}</h1>",
        f'<dl class="models">{_model("now", "Model", conditions)}'
        f"<dt>Asked</dt><dd>{escaped(extent(outcome))}</dd></dl>",
        *_tiles(outcome),
        *_published(conditions),
        _remarks(remarks(outcome)),
        '<div class="tables">',
        *(_table(each) for each in tables(outcome)[1:]),
        "</div>",
        *_missed(outcome, progress),
        f"<footer>agent-app {escaped(__version__)}</footer>",
    ]
    _write(title, body, output)


def write_comparison(flips: Flips, output: Path, progress: Progress) -> None:
    """Write the page of two results; raises KnownError when the file cannot be written."""
    before, now = flips.before.conditions, flips.now.conditions
    title = f"{plain(now.title)}: from {plain(before.source)} to {plain(now.source)}"
    screens = Screens(Path(now.data))
    sections = (
        ("Lost", "bad", "Right before, and no longer.", flips.lost),
        ("Gained", "good", "Right now, and not before.", flips.gained),
    )
    body = [
        f"<h1>{escaped(title)}</h1>",
        f'<dl class="models">{_model("before", "Before", before)}{_model("now", "Now", now)}</dl>',
        f"<p><b>{escaped(flips_line(flips))}</b></p>",
        _remarks(flips.remarks),
        '<div class="tables">',
        *(_changes(each) for each in flips.tables()),
        "</div>",
        *_cards(sections, screens, progress),
        f"<footer>agent-app {escaped(__version__)}</footer>",
    ]
    _write(title, body, output)


def _write(title: str, body: Iterable[str], output: Path) -> None:
    parts = files("agent_app.replaying") / "page"
    own = files("agent_app.evaluate") / "page" / "evaluation.css"
    style = (parts / "report.css").read_text("utf-8") + own.read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = Template((parts / "report.html").read_text("utf-8")).substitute(
        policy=f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'",
        title=f"{escaped(title)} · agent-app",
        style=style,
        body="\n".join(body),
    )
    try:
        write_whole(output, page.encode(errors="replace"))
    except OSError as error:
        raise cannot_write(error, output) from error


def _model(whose: str, label: str, conditions: Conditions) -> str:
    about = escaped(f"{plain(conditions.source)}: {model_line(conditions)}")
    return f'<dt><span class="swatch {whose}"></span>{label}</dt><dd>{about}</dd>'


def _tiles(outcome: Outcome) -> Iterator[str]:
    first = tables(outcome)[0].rows
    spent = pace(outcome.results)
    yield '<div class="tiles">'
    bars = "".join(
        f"<span>{escaped(each.name)}</span>{_bar(each)}<span><b>{share_words(each)}</b> "
        f'<span class="muted">{each.correct} of {each.count}'
        f"{' · ' + bounds(each) + ' %' if bounds(each) else ''}</span></span>"
        for each in first
    )
    yield f'<div class="tile wide"><h3>Right</h3><div class="bars">{bars}</div></div>'
    unread = first[0].wrong_format
    yield _tile("Unreadable answers", str(unread), "counted as wrong")
    yield _tile(
        "An answer takes",
        f"{spent.median:.2f} s",
        f"median; p95 {spent.p95:.2f} s; {spent.tokens:.0f} tokens",
    )
    yield "</div>"


def _tile(heading: str, figure: str, about: str) -> str:
    return (
        f'<div class="tile"><h3>{heading}</h3><div class="figure">{figure}</div>'
        f"<p>{escaped(about)}</p></div>"
    )


def _bar(row: Row, kind: str = "") -> str:
    whisker = ""
    if row.low is not None and row.high is not None:
        whisker = (
            f'<line class="whisker" x1="{100 * row.low:.2f}" x2="{100 * row.high:.2f}" y1="5" '
            'y2="5" vector-effect="non-scaling-stroke"/>'
        )
    return (
        f'<svg class="{kind}" viewBox="0 0 100 10" preserveAspectRatio="none">'
        '<rect class="track" width="100" height="10" rx="1"/>'
        f'<rect class="bar now" width="{100 * row.share:.2f}" height="10" rx="1"/>{whisker}</svg>'
    )


def _published(conditions: Conditions) -> Iterator[str]:
    if conditions.published:
        lines = "<br>".join(escaped(published_line(each)) for each in conditions.published)
        yield (
            f'<div class="published"><b>Published by others, not measured here</b><br>{lines}</div>'
        )


def _remarks(told: Iterable[str]) -> str:
    items = "".join(f"<li>{escaped(plain(each))}</li>" for each in told)
    return f'<ul class="remarks">{items}</ul>' if items else ""


def _table(table: Table) -> str:
    rows = "".join(
        f"<tr><td>{escaped(plain(each.name))}</td><td>{each.count or ''}</td>"
        f"<td>{share_words(each)}</td><td>{bounds(each)}</td>"
        f'<td class="mini">{_bar(each, "mini")}</td><td>{each.wrong_format or ""}</td></tr>'
        for each in table.rows
    )
    return _titled(table.title, ("", "Items", "Right", "95 % sure", "", "Unreadable"), rows)


def _changes(table: ChangeTable) -> str:
    rows = "".join(
        f"<tr><td>{escaped(plain(each.name))}</td><td>{each.count or ''}</td>"
        f"<td>{each.shares[0]}</td><td>{each.shares[1]}</td>"
        f'<td class="gained">{each.gained or ""}</td><td class="lost">{each.lost or ""}</td></tr>'
        for each in table.rows
    )
    return _titled(table.title, ("", "Items", "Before", "Now", "Gained", "Lost"), rows)


def _titled(title: str, headings: Sequence[str], rows: str) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    return (
        f'<div><h3 class="table-title">{escaped(plain(title))}</h3><div class="table"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></div>"
    )


def _missed(outcome: Outcome, progress: Progress) -> Iterator[str]:
    missed = [each for each in outcome.results if not each.is_right]
    if not missed:
        yield "<h2>Nothing was missed</h2>"
        return
    unread = [each for each in missed if each.answer.prediction.kind == "none"]
    read = [each for each in missed if each.answer.prediction.kind != "none"]
    absent = [each for each in read if isinstance(each.item.target, RefusalTarget)]
    there = [each for each in read if not isinstance(each.item.target, RefusalTarget)]
    refused = [each for each in there if each.answer.prediction.kind == "refusal"]
    beside = [each for each in there if each.answer.prediction.kind == "point"]
    sections = (
        ("Beside the target", "bad", "The point lies outside of what was asked for.", beside),
        ("Refused, though it is there", "warn", "The answer says that there is none.", refused),
        ("Found, though it is not there", "bad", "The answer points at something.", absent),
        ("Unreadable", "warn", "No place and no refusal can be read from the answer.", unread),
    )
    yield from _cards(
        [
            (name, tone, about, [(None, each) for each in some])
            for name, tone, about, some in sections
        ],
        Screens(Path(outcome.conditions.data)),
        progress,
    )


def _cards(
    sections: Iterable[tuple[str, str, str, Sequence[Shown]]], screens: Screens, progress: Progress
) -> Iterator[str]:
    sections = [each for each in sections if each[3]]
    total = sum(len(shown) for *_, shown in sections)
    if sections:
        yield (
            '<div class="legend"><span><span class="swatch element"></span>the target</span>'
            '<span><span class="swatch now"></span>the answer</span>'
            + (
                '<span><span class="swatch before"></span>the answer before</span>'
                if any(was is not None for *_, shown in sections for was, _ in shown)
                else ""
            )
            + "</div>"
        )
    done = 0
    for heading, tone, about, shown in sections:
        yield f'<h2>{heading} <span class="count">{len(shown)}</span></h2>'
        yield f'<p class="note">{about}</p>'
        for was, now in shown:
            if done >= _MOST_CARDS:
                break
            yield card(was, now, heading, tone, screens if done < _MOST_PICTURES else None)
            done += 1
            progress("Writing the report", done, min(total, _MOST_CARDS))
    if total > _MOST_PICTURES:
        yield (
            f'<p class="note">The first {_MOST_PICTURES} are shown with their picture'
            + (f", and {_MOST_CARDS} of {total} at all" if total > _MOST_CARDS else "")
            + "; the file of items has them all.</p>"
        )
