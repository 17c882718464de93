"""A benchmark from the applications of this machine: pictures first, then what is asked of them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_app import __version__
from agent_app.episode.files import cannot_write
from agent_app.errors import KnownError
from agent_app.evaluate.folder import FILE, Header, write_folder
from agent_app.evaluate.items import BoxTarget, Breakdown, Item, RefusalTarget
from agent_app.evaluate.making.applications import Application
from agent_app.evaluate.making.capturing import Capture, Variation, captures
from agent_app.evaluate.making.labelling import Thing, things
from agent_app.evaluate.making.questions import Question, questions, refusals
from agent_app.model_runtime import Progress
from agent_app.runtimes.reader.seeing.ocr import Ocr

BREAKDOWNS = (
    Breakdown("Kind of target", ("kind",)),
    Breakdown("Kind and template", ("kind", "template")),
    Breakdown("Template", ("template",)),
    Breakdown("Role", ("role",)),
    Breakdown("Application", ("application",)),
    Breakdown("State", ("state",)),
    Breakdown("Desktop", ("desktop",)),
    Breakdown("Size", ("size",)),
    Breakdown("Theme", ("theme",)),
    Breakdown("Scale", ("scale",)),
    Breakdown("Language", ("language",)),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is pictured, and how many questions each picture is asked at most."""

    applications: Sequence[Application]
    variations: Sequence[Variation]
    per_picture: int = 12
    refusals_per_picture: int = 2


@dataclass(frozen=True, slots=True)
class _Page:
    """A picture on the disk, and what can be asked of it."""

    capture: Capture
    picture: str
    things: tuple[Thing, ...]
    seen: tuple[str, ...]


def make_desktop(
    root: Path, plan: Plan, *, progress: Progress, tell: Callable[[str], None]
) -> tuple[Item, ...]:
    """Build the benchmark, and return what it asks.

    An application that tells nothing is told of and left out. Raises KnownError when the folder
    holds a benchmark already, cannot be written, or when nothing could be asked.
    """
    if (root / FILE).exists():
        raise KnownError(
            f"{root / FILE} is there already", remedy="give a new folder, or remove that one first"
        )
    ocr = Ocr()
    pages: list[_Page] = []
    runs = [(each, app) for each in plan.variations for app in plan.applications]
    for number, (variation, application) in enumerate(runs):
        progress("Picturing applications", number, len(runs))
        found = 0
        for capture in captures(variation, application):
            page = _page(root, capture, ocr)
            found += len(page.things)
            pages.append(page)
        if not found:
            tell(f"{application.name} on {variation.name} shows nothing that can be asked for")
    progress("Picturing applications", len(runs), len(runs))
    items = tuple(item for page in pages for item in _items(page, pages, plan))
    if not items:
        raise KnownError(
            "the applications tell nothing that can be asked for",
            remedy="install at-spi2-core and libatk-adaptor, or name other applications with --app",
        )
    write_folder(root, _header(plan), items)
    return items


def _page(root: Path, capture: Capture, ocr: Ocr) -> _Page:
    name = f"images/{capture.application}-{capture.state}-{capture.variation.name}.png"
    path = root / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        capture.frame.image.save(path)
    except OSError as error:
        raise cannot_write(error, path) from error
    texts = [text.text for text in ocr.read(capture.frame.for_model(None))]
    told = [each.node.name for each in capture.shown]
    return _Page(capture, name, things(capture, ocr), (*texts, *told, *capture.titles))


def _items(page: _Page, pages: Sequence[_Page], plan: Plan) -> list[Item]:
    here = page.capture
    asked = questions(page.things, here.titles, most=plan.per_picture)
    others = [
        thing
        for other in pages
        if other.capture.variation.language == here.variation.language
        and other.capture.application != here.application
        for thing in other.things
    ]
    absent = refusals(others, page.seen, most=plan.refusals_per_picture, salt=page.picture)
    return [_item(page, number, each) for number, each in enumerate((*asked, *absent), 1)]


def _item(page: _Page, number: int, question: Question) -> Item:
    here = page.capture
    thing, desktop = question.thing, here.variation
    size = here.frame.size
    return Item(
        id=f"{here.application}-{here.state}-{here.variation.name}-{number:02}",
        picture=page.picture,
        instruction=question.instruction,
        target=(
            RefusalTarget()
            if thing is None
            else BoxTarget(thing.box.left, thing.box.top, thing.box.width, thing.box.height)
        ),
        size=(size.width, size.height),
        labels={
            "kind": (thing.kind if thing is not None else "refusal",),
            "template": (question.template,),
            "role": (thing.role if thing is not None else "refusal",),
            "application": (here.application,),
            "state": (here.state,),
            "desktop": (desktop.name,),
            "size": (f"{desktop.size.width}x{desktop.size.height}",),
            "theme": (desktop.theme or "its own",),
            "scale": (f"{desktop.scale:g}",),
            "language": (desktop.language or "en",),
        },
    )


def _header(plan: Plan) -> Header:
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    desktops = ", ".join(each.name for each in plan.variations)
    programs = ", ".join(each.name for each in plan.applications)
    return Header(
        name=f"Desktop of {today}",
        about=f"made by agent-app {__version__} of {programs} on {desktops}; boxes, roles and "
        "names are those of the accessibility tree",
        breakdowns=BREAKDOWNS,
    )
