"""A benchmark from real applications: what is asked means one thing, and its box is right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_app import cli
from agent_app.errors import KnownError
from agent_app.evaluate.folder import read_folder
from agent_app.evaluate.items import RefusalTarget
from agent_app.evaluate.making.applications import APPLICATIONS, applications
from agent_app.evaluate.making.capturing import Capture, Variation, variations
from agent_app.evaluate.making.labelling import Thing, things
from agent_app.evaluate.making.questions import questions, refusals
from agent_app.evaluate.results import read_results
from agent_app.geometry import FrameBox, FrameTransform, Region, ScreenPoint, Size
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.language.parsing import parse_steps
from agent_app.runtimes.reader.seeing.accessibility import AccessibleNode
from agent_app.runtimes.reader.seeing.merging import Placed
from agent_app.runtimes.reader.sight import Element
from agent_app.screen.frame import Frame

SIZE = Size(400, 300)


class Written:
    """A text recognition that reads what a test has written, in pixels of the capture."""

    def __init__(self, texts: dict[tuple[float, float], str]) -> None:
        self._texts = texts

    def read_within(self, part: ImagePart, boxes: Sequence[FrameBox]) -> tuple[Element, ...]:
        scale = part.image.width / SIZE.width
        found = [
            Element(text, FrameBox(x * scale, y * scale, 4, 4), "ocr")
            for (x, y), text in self._texts.items()
        ]
        return tuple(each for each in found if any(box.contains(each.box.center) for box in boxes))


def placed(name: str, role: str, box: tuple[int, int, int, int], **facts: object) -> Placed:
    given: dict[str, object] = {"window": "W", "process": 1, "popup": False, "block": 1}
    given |= {"focused": False, "enabled": True} | facts
    node = AccessibleNode(name, role, Region(*box), **given)  # type: ignore[arg-type]
    return Placed(node, FrameBox(*box))


def capture(*shown: Placed, drawn: bool = True) -> Capture:
    pixels = np.full((SIZE.height, SIZE.width, 3), 220, np.uint8)
    if drawn:
        pixels[::2, ::3] = 20
    frame = Frame(pixels, FrameTransform(ScreenPoint(0, 0), 1.0, SIZE), 0, 0.0)
    return Capture(Variation(SIZE), "app", "window", frame, shown, ("W",))


def found(shown: Sequence[Placed], texts: dict[tuple[float, float], str], **how: bool) -> list[str]:
    return [
        f"{thing.kind} {thing.role} {thing.name}"
        for thing in things(capture(*shown, **how), Written(texts))
    ]


def test_text_and_icons_are_told_apart_by_what_is_read_on_them():
    shown = [
        placed("Save", "push button", (10, 10, 80, 30)),
        placed("Undo", "push button", (100, 10, 30, 30)),
        placed("Find", "entry", (10, 50, 100, 30)),
        placed("Save As…", "menu item", (10, 90, 150, 20)),
    ]
    texts = {(30.0, 20.0): "Save", (20.0, 95.0): "Save As... Ctrl+S"}
    assert found(shown, texts) == [
        "text button Save",
        "icon button Undo",
        "text menu item Save As…",
        "field field Find",
    ]


def test_what_the_pixels_contradict_is_left_out():
    good = placed("Save", "push button", (10, 10, 80, 30))
    more = placed("Open", "push button", (10, 250, 80, 30))
    texts = {(30.0, 20.0): "Save", (30.0, 260.0): "Open", (130.0, 20.0): "Cancel"}
    assert found([good, more, placed("Quit", "push button", (100, 10, 80, 30))], texts) == [
        "text button Save",
        "text button Open",
    ]
    assert found([placed("Undo", "push button", (10, 10, 30, 30))], {}, drawn=False) == []
    assert found([placed("7", "push button", (10, 10, 30, 30))], {}) == []  # must be seen written
    assert found([placed("About", "menu", (10, 10, 30, 30))], {}) == []  # menus are words
    for facts in ({"enabled": False}, {"name": 'say "x"'}, {"name": "x" * 61}, {"name": "…"}):
        other = {"name": "Undo", "role": "push button", "box": (10, 10, 30, 30)} | facts
        assert found([placed(**other)], {}) == []  # type: ignore[arg-type]


def test_a_window_whose_boxes_are_off_is_left_out_whole():
    names = ["One", "Two", "Three", "Icon"]
    shown = [placed(name, "push button", (10, 10 + 40 * n, 60, 30)) for n, name in enumerate(names)]
    texts = {(20.0, 20.0): "Two", (20.0, 60.0): "Three", (20.0, 100.0): "Fourth"}
    assert found(shown, texts) == []
    other = [placed("Fine", "push button", (200, 10, 60, 30), window="V", block=2)]
    assert found([*shown, *other], texts | {(210.0, 20.0): "Fine"}) == ["text button Fine"]


def test_a_button_and_the_label_on_it_are_one_thing():
    shown = [
        placed("Save", "label", (30, 15, 30, 20)),
        placed("Save", "push button", (10, 10, 80, 30)),
    ]
    assert found(shown, {(40.0, 20.0): "Save"}) == ["text button Save"]


def thing(name: str, left: float, top: float, *, role: str = "button", kind: str = "text") -> Thing:
    return Thing(name, role, kind, FrameBox(left, top, 60, 20))  # type: ignore[arg-type]


def asked(*shown: Thing, titles: Sequence[str] = (), most: int = 99) -> dict[str, Thing | None]:
    return {each.instruction: each.thing for each in questions(shown, titles, most=most)}


def test_an_instruction_means_exactly_one_thing():
    name, first, other = thing("Name", 0, 0), thing("Edit", 100, 0), thing("Edit", 100, 100)
    tab = thing("Name of it", 0, 100, role="tab")
    told = asked(name, first, other, tab)
    assert told['click "Name"'] is name
    assert told['click the "Name of it" tab'] is tab
    assert 'click "Edit"' not in told
    assert 'click the "Edit" button' not in told
    assert told['click "Edit" right of "Name"'] is first
    assert told['click "Edit" right of "Name of it"'] is other


def test_a_name_that_is_a_windows_title_too_is_not_asked_for_by_text_alone():
    told = asked(thing("Calculator", 0, 0, role="menu"), titles=["Calculator"])
    assert set(told) == {'click the "Calculator" menu'}


def test_an_icon_is_asked_for_by_its_name_and_role():
    told = asked(thing("Undo", 0, 0, kind="icon"), thing("Save", 100, 0))
    assert told['click the "Undo" button'] is not None
    assert 'click "Undo"' not in told
    assert not any('"Undo"' in each and "of" in each for each in told)


def test_the_same_screen_asks_the_same_and_of_every_kind_first():
    shown = [thing(f"Menu {n}", 70 * n, 0, role="menu") for n in range(9)]
    shown += [thing("Undo", 0, 200, kind="icon")]
    few = questions(shown, (), most=4)
    assert few == questions(list(reversed(shown)), (), most=4)
    assert {each.template for each in few} == {"text", "role and name", "relation"}
    assert "icon" in {each.thing.kind for each in few if each.thing is not None}
    assert len({each.thing for each in few}) == 4


def test_a_refusal_asks_for_what_is_shown_elsewhere_and_not_here():
    others = [thing("Print", 0, 0), thing("Save", 0, 0), thing("Zoom in", 0, 0), thing("OK", 0, 0)]
    absent = refusals(others, ["Save As…", "Quit"], most=5, salt="a")
    named = {each.instruction.split('"')[1] for each in absent}
    assert named == {"Print", "Zoom in"}  # Save is part of a text that is there, OK is too short
    assert all(each.thing is None for each in absent)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Open", "Save", "Edit…", "Ünïcode ü", "it's", "a\\b"]),
            st.integers(0, 5),
            st.integers(0, 5),
        ),
        max_size=8,
        unique_by=lambda each: each[1:],
    )
)
def test_every_instruction_is_a_step_that_the_reader_can_read(
    made: list[tuple[str, int, int]],
):
    shown = [thing(name, 70 * x, 30 * y) for name, x, y in made]
    for each in questions(shown, (), most=99):
        (step,) = parse_steps(each.instruction)
        assert step.said == each.instruction


def test_every_value_is_tried_beside_the_first_ones():
    sizes = [Size(1280, 800), Size(1920, 1080)]
    names = [each.name for each in variations(sizes, ["light", "dark"], [1, 1.5], ["", "de"])]
    assert names == [
        "1280x800-light",
        "1920x1080-light",
        "1280x800-dark",
        "1280x800-light-scale1.5",
        "1280x800-light-de",
    ]
    assert variations(sizes[:1], ["light"], [1], ["de"])[0].environment()["LANGUAGE"] == "de"


def test_an_application_that_is_not_installed_is_named():
    with pytest.raises(KnownError, match="'no-such-program' is not installed"):
        applications(["no-such-program"])
    assert applications(["sh -c true"])[0].command == ("sh", "-c", "true")
    assert all(each.command[0] == name for name, each in APPLICATIONS.items())


@pytest.mark.desktop
@pytest.mark.slow
def test_a_real_application_becomes_a_benchmark_that_the_reader_can_be_measured_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    root = tmp_path / "made"
    flags = ["--size", "900x700", "--theme", "dark", "--scale", "1", "--language", "en"]
    making = ["eval", "make-desktop", str(root), "--app", "galculator", *flags]
    assert cli.main(making) == 0
    dataset = read_folder(root)
    kinds = {item.labels["kind"][0] for item in dataset.items}
    assert "text" in kinds
    assert {item.labels["state"][0] for item in dataset.items} == {"window", "menu", "dialog"}
    for name, label in {"size": "900x700", "theme": "dark", "scale": "1", "language": "en"}.items():
        assert {item.labels[name] for item in dataset.items} == {(label,)}
    assert dataset.notes == ()  # every box lies in its picture
    assert not any(isinstance(item.target, RefusalTarget) for item in dataset.items)  # one program
    assert cli.main(making) == 3
    assert "is there already" in capsys.readouterr().err
    asking = ["eval", "folder", "--data", str(root), "--model", "reader", "--limit", "12"]
    assert cli.main([*asking, "--output", str(tmp_path / "out")]) == 0
    results = read_results(tmp_path / "out").results
    assert sum(result.is_right for result in results) >= 9
