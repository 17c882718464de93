"""Locators for places, tests from recordings, and what stands in their files."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image

from agent_app.actions import Click, Drag, Hotkey, Press, Scroll, Wait, Write
from agent_app.codegen.inspecting import described_place, matches
from agent_app.codegen.live import LiveTest
from agent_app.codegen.locating import Spot, best, propose
from agent_app.codegen.planning import Plan, Planner, combined
from agent_app.codegen.python import locator, python_text
from agent_app.errors import KnownError
from agent_app.events import WindowRef
from agent_app.flows import steps as given_as
from agent_app.flows.reading import read_flow
from agent_app.flows.steps import Click as ClickStep
from agent_app.flows.steps import Expect, Target
from agent_app.flows.variables import escaped, substituted
from agent_app.flows.writing import Draft, Line, flow_text
from agent_app.geometry import FramePoint, Region, RelativePoint
from agent_app.replaying.anchor import AnchorMaker
from agent_app.replaying.effects import Effect, Written
from agent_app.replaying.flow import script_of_flow
from agent_app.replaying.script import Deed, Part
from agent_app.replaying.store import save_anchors
from agent_app.replaying.windows import WindowName
from agent_app.runtimes.reader.sight import Sight
from tests.fakes.eyes import read, told
from tests.fakes.screen import picture
from tests.testing.stages import SIZE, top_level

HOSTILE = (
    "\"\"\"'''\\\n\r\n\x0c\u2028__import__('os').system('touch owned')\n#",
    "{texts} {0} %s $x ${text_1} ${env:HOME} $$",
    "# -*- coding: utf-7 -*-\n+AAo-import os",
    "!!python/object/apply:os.system ['touch owned']",
    "*alias &anchor - ? : | > ~ null",
    "\x00\x1b[2J\ud800",
)


def called(spot: Spot) -> list[str]:
    return [locator(each.target) for each in propose(spot)]


@pytest.fixture
def spot(prepared):
    """A place on the prepared screen."""

    def spot(x: float, y: float, **more: object) -> Spot:
        prepared.stage.looker.forget()
        return replace(Spot.at(prepared.stage.looker.look(), FramePoint(x, y)), **more)

    return spot


# --- locators -------------------------------------------------------------------------------------


def test_a_place_is_called_by_its_text_first_and_by_more_only_where_that_is_not_enough(
    prepared, spot
):
    save = told("push button", "Save", 100, 50)
    prepared.eyes.elements = [save, told("label", "Name", 300, 50)]
    assert called(spot(110, 60))[0] == 'desktop.find("Save")'
    prepared.sees(save, told("toggle button", "Save", 300, 200))
    names = called(spot(110, 60))
    assert names[0] == 'desktop.find("Save", role="push button")'
    assert 'desktop.find("Save")' not in names
    prepared.sees(read("Delete", 300, 100), read("Delete", 300, 200), read("one.txt", 10, 100))
    assert called(spot(310, 105))[0] == 'desktop.find("Delete").right_of("one.txt")'
    prepared.sees(read("Delete", 300, 100), read("Delete", 300, 200))
    found = best(spot(310, 105))
    assert found is not None
    assert found.target.nth == 0
    assert "number 0 of 2 that match so" in found.why


def test_what_somebody_called_it_is_tried_before_what_is_read_there(prepared, spot):
    prepared.eyes.elements = [read("Save As..", 100, 50)]
    assert called(spot(110, 60, names=("Save As…",)))[0] == 'desktop.find("Save As…")'
    assert called(spot(110, 60, names=("Open",)))[0] == 'desktop.find("Save As..")'


def test_a_place_without_a_text_is_called_by_its_picture(prepared, spot):
    pixels = picture(size=SIZE).copy()
    rows, columns = np.mgrid[0:18, 0:18]
    pixels[100:118, 200:218][(rows == columns) | (rows == 17 - columns) | (rows == 3)] = 0
    prepared.screen.show(pixels)
    found = best(spot(209, 109))
    assert found is not None
    assert found.target.picture
    assert found.picture is not None
    assert found.picture.width < 40
    pixels[300:318, 400:418] = pixels[100:118, 200:218]
    prepared.screen.show(pixels)
    found = best(spot(409, 309))
    assert found is not None
    assert found.target.nth == 1


def test_a_field_is_called_by_its_label_even_where_pixels_do_not_show_its_frame(prepared, spot):
    prepared.eyes.elements = [read("Name:", 10, 52), read("Elsewhere", 10, 300)]
    found = best(spot(140, 60, is_field=True))
    assert found is not None
    assert found.target == Target(text="Name", role="field")
    assert "pixels alone do not show" in found.why


def test_inspecting_says_what_matches_and_shows_it(prepared):
    elements = [read("Delete", 300, 100), read("Delete", 300, 200), read("one.txt", 10, 100)]
    prepared.eyes.elements = elements
    view = prepared.stage.looker.look()
    several = matches(view, Target(text="Delete"))
    assert several.count == 2
    assert several.lines[0] == "“Delete”: 2 things match, and using it is an error"
    assert "0. “Delete” at" in several.lines[1]
    marked = np.asarray(several.picture)
    assert (marked == (220, 38, 38)).all(axis=-1).sum() > 200
    nothing = matches(view, Target(text="Delet"))
    assert nothing.count == 0
    assert "nearest" in nothing.lines[-1]
    lines = described_place(view, elements[2].box.center)
    assert lines[0].endswith("“one.txt” in “Editor”")
    assert lines[1] == '  1. desktop.find("one.txt")'


# --- planning -------------------------------------------------------------------------------------


@dataclass
class PreparedViews:
    view: object
    later: object

    def before(self, _step):
        return self.view

    def after(self, _step):
        return self.later


@dataclass
class PreparedStep:
    windows_before: tuple[WindowRef, ...] = ()
    windows_after: tuple[WindowRef, ...] = ()


def window(title: str) -> WindowRef:
    return WindowRef(title, "App", Region(0, 0, 640, 480), True, False)


@pytest.fixture
def plan(prepared):
    """Plan a test of one step with these actions, and then perhaps another one's."""

    def plan(*actions, effect=None, before=(), after=(), seen=(), keyboard="", intent=""):
        look = prepared.stage.looker.look()
        views = PreparedViews(look, replace(look, read=lambda _view: Sight(seen, look.windows)))
        if "sight" in views.later.__dict__:
            del views.later.__dict__["sight"]
        done = Plan()
        deeds = tuple(Deed(f"1.{n}", each, intent, f"text {n}") for n, each in enumerate(actions))
        name = WindowName(keyboard) if keyboard else None
        part = Part(1, deeds, Written(effect or Effect()), name)
        step = PreparedStep(tuple(map(window, before)), tuple(map(window, after)))
        Planner(views, done).add(part, step, {})
        return done

    return plan


def at(element) -> RelativePoint:
    middle = element.box.center
    return RelativePoint(middle.x / SIZE.width, middle.y / SIZE.height)


def test_actions_become_steps_with_locators_and_typed_texts_variables(prepared, plan):
    save, open_ = read("Save", 100, 50), read("Open", 300, 50)
    prepared.eyes.elements = [save, open_]
    done = plan(
        Click(at(save), "right"),
        Click(at(save), count=2),
        Drag(at(save), at(open_)),
        Scroll(dy=-3, at=at(open_)),
        Press(("tab",), 2),
        Hotkey(("ctrl", "s")),
        Wait(3.0),
        Write("Ada $5"),
        keyboard="*/home/ada/notes.txt - Editor",
        intent="make it so",
    )
    window_ = "notes.txt - Editor"
    assert [line.given for line in done.lines] == [
        given_as.RightClick(text="Save"),
        given_as.DoubleClick(text="Save"),
        given_as.Drag(thing="Open", to="Save"),
        given_as.Scroll(over="Open", down=3),
        given_as.Press(keys=("tab", "tab"), window=window_),
        given_as.Press(keys="ctrl+s", window=window_),
        given_as.Type(text="${text 7}", window=window_),
    ]
    assert [line.note for line in done.lines] == ["make it so"] + [""] * 6
    assert done.variables == {"text 7": "Ada $5"}


def test_what_changed_is_claimed_with_what_was_typed_as_the_variable(plan):
    done = plan(
        Write("notes.txt"),
        Press(("enter",)),
        effect=Effect(True, (), (WindowName("Save As"),), ("Saved", "twice", "notes.txt")),
        before=("Save As", "*Untitled - Editor"),
        after=("/home/ada/notes.txt - Editor",),
        seen=(read("Saved", 10, 10), read("twice", 10, 50), read("twice", 10, 90)),
    )
    assert [line.given for line in done.lines[2:]] == [
        Expect(window="${text 0} - Editor"),
        Expect(no_window="Save As"),
        Expect(visible="Saved"),
    ]
    marked = plan(Write("x"), before=("Untitled - Editor",), after=("*Untitled - Editor",))
    assert len(marked.lines) == 1  # a title that only says so is no other window


def test_secrets_stay_markers_in_what_is_written(plan):
    done = plan(Write("{{secret:PIN}}$"))
    assert done.variables == {}
    assert list(done.lost) == ["the secret PIN: agent-app secret set PIN"]
    assert substituted(done.lines[0].given, {}).text == "{{secret:PIN}}$"
    assert '"{{secret:PIN}}$"' in python_text(Draft("", steps=done.lines), file="x")


def test_what_nothing_tells_from_others_is_lost_and_said(prepared, plan):
    prepared.stack = []
    done = plan(Click(RelativePoint(0.5, 0.5)), intent="Click there")
    assert done.lines == []
    assert list(done.lost) == ["Click there: nothing tells its place from others"]


def test_a_click_into_a_field_and_what_is_typed_there_are_one_step():
    field = Target(text="Name", role="field")
    click = Line(ClickStep(text="Name", role="field"), "name it")
    button = Line(ClickStep(text="OK"))
    typed, all_ = Line(given_as.Type(text="a")), Line(given_as.Press(keys="ctrl+a"))
    assert combined([click, typed]) == [Line(given_as.Type(text="a", into=field), "name it")]
    assert combined([click, all_, typed]) == [Line(given_as.Fill(field=field, text="a"), "name it")]
    assert combined([button, typed]) == [button, typed]
    assert combined([click, all_, button]) == [click, all_, button]


# --- files ----------------------------------------------------------------------------------------


def hostile(text: str) -> Draft:
    """A test in which this text is everywhere."""
    said = escaped(text)
    thing = Target(text=said, role=said, window=said, right_of=said, anchor="1.0")
    return Draft(
        name=text,
        size="1280x800",
        variables={"text_1": text},
        setup=[Line(given_as.Launch(command=said), text)],
        steps=[
            Line(ClickStep(text=said, window=said, holding=(said,)), text),
            Line(given_as.Drag(thing=thing, to=said)),
            Line(given_as.Type(text="${text_1}" + said, into=thing, window=said)),
            Line(given_as.Press(keys=(said, said))),
            Line(given_as.Scroll(over=thing, up=2)),
            Line(Expect(window=said)),
            Line(Expect(visible=thing), text),
        ],
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_recorded_breaks_out_of_a_test(text: str) -> None:
    source = python_text(hostile(text), file="test_it.py")
    tree = ast.parse(source.encode("utf-8", "strict"))
    kinds = [type(each).__name__ for each in tree.body]
    assert kinds == ["Expr", "Import", "ImportFrom", "FunctionDef"]
    test = tree.body[-1]
    names = {each.id for each in ast.walk(test) if isinstance(each, ast.Name)}
    assert names == {"pytest", "desktop", "expect", "text_1"}
    strings = {each.value for each in ast.walk(test) if isinstance(each, ast.Constant)}
    assert text in strings


@pytest.mark.parametrize("text", [each for each in HOSTILE if "\ud800" not in each])
def test_a_flow_comes_back_as_it_was_written(text: str, tmp_path) -> None:
    draft = hostile(text)
    path = tmp_path / "it.flow.yaml"
    path.write_text(flow_text(draft), newline="")
    flow = read_flow(path)
    assert flow.head.name == text
    assert flow.head.variables == draft.variables
    assert [step.given for step in flow.steps] == [line.given for line in draft.steps]
    assert flow.steps[0].options.note == text
    click = substituted(flow.steps[0].given, {"text_1": "other"})
    assert isinstance(click, ClickStep)
    assert click.text == text


def test_an_exported_flow_is_done_again_with_its_anchors_and_changed_ones_are_refused(tmp_path):
    field = Target(text="Name", role="field", anchor="3.0")
    draft = Draft(
        name="Save it",
        variables={"Name": "a.txt"},
        setup=[Line(given_as.Launch(command="editor"))],
        steps=[
            Line(ClickStep(text="File", anchor="1.0"), "open the menu"),
            Line(Expect(window="Save As")),
            Line(Expect(visible="Saved")),
            Line(given_as.Fill(field=field, text="${Name}")),
            Line(given_as.Press(keys="ctrl+s", window="${Name} - Editor")),
            Line(given_as.Type(text="${env:PIN}")),
        ],
        recorded="run",
    )
    maker = AnchorMaker(lambda _part: Sight(()))
    image = Image.fromarray(picture(size=SIZE))
    transform = picture_transform()
    save_anchors(tmp_path, {"1.0.0": maker.make(image, transform, FramePoint(20, 20))})
    path = tmp_path / "it.flow.yaml"
    path.write_text(flow_text(draft))
    script = script_of_flow(path)
    assert script.anchor("1.0.0") is not None
    assert (script.task, script.replays) == ("Save it", "run")
    assert script.texts == {"Name": "a.txt", "": "{{secret:PIN}}"}
    first, second, third, _ = script.parts
    assert first.expected.effect == Effect(True, (WindowName("Save As"),), (), ("Saved",))
    assert first.deeds[0].intent == "open the menu"
    assert [deed.key for deed in second.deeds] == ["3.0", "3.0", ""]
    assert third.keyboard == WindowName("a.txt - Editor")
    for extra in ("- click: File", "- repeat: 3\n    steps: []", "- expect: {enabled: File}"):
        path.write_text(flow_text(draft) + f"  {extra}\n")
        with pytest.raises(KnownError, match=r"it.flow.yaml:\d+: .*") as refused:
            script_of_flow(path)
        assert "agent-app test it.flow.yaml" in refused.value.remedy


def picture_transform():
    from agent_app.geometry import FrameTransform, ScreenPoint

    return FrameTransform(ScreenPoint(0, 0), 1.0, SIZE)


def test_a_live_test_never_takes_the_place_of_a_file(tmp_path):
    (tmp_path / "test_it.py").write_text("mine")
    with pytest.raises(KnownError, match="there already"):
        LiveTest(tmp_path / "test_it.py")
    with pytest.raises(KnownError, match="neither Python nor a flow"):
        LiveTest(tmp_path / "it.txt")
    assert os.listdir(tmp_path) == ["test_it.py"]


def test_windows_of_other_applications_do_not_name_a_place(prepared, spot):
    prepared.stack = [top_level("/home/ada/*notes.txt - Editor", Region(0, 0, 640, 480))]
    prepared.eyes.elements = [read("OK", 100, 50)]
    assert 'desktop.find("OK", window="notes.txt - Editor")' in called(spot(105, 60))
