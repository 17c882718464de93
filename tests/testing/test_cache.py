"""The grounding cache: what is remembered, verified, replaced, and never believed blindly."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import pytest

from agent_app.errors import KnownError
from agent_app.geometry import FrameBox, FramePoint, Region, ScreenPoint
from agent_app.model_runtime import RuntimeInfo
from agent_app.runtimes.reader.sight import Element
from agent_app.screen.settle import SettleLimits
from agent_app.screen.windows import TopLevel
from agent_app.testing import ActionFailed, expect
from agent_app.testing.description import Beside, Description
from agent_app.testing.memory import Cache, CacheUse
from agent_app.testing.memory_file import CacheFile, CachePath
from agent_app.testing.memory_keys import is_memorable, key_of
from agent_app.testing.model import AskedModel
from agent_app.testing.model_doing import Pace, do
from agent_app.testing.model_grounding import ModelGrounder
from tests.fakes.drawn import Drawn
from tests.fakes.eyes import told
from tests.fakes.runtime import ScriptedRuntime, reply
from tests.testing.stages import PreparedStage

QUICK = SettleLimits(minimum=0.0, reaction=0.02, quiet=0.01, maximum=0.1)
PACE = Pace(QUICK, QUICK)


@dataclass
class Suite:
    """Runs one test again and again, each time on a desktop of its own, with one cache."""

    folder: Path
    runs: int = 0
    stages: list[PreparedStage] = field(default_factory=list)

    @property
    def path(self) -> CachePath:
        return CachePath.of(self.folder / "test_people.py", "test_them")

    def run(
        self,
        drawn: Drawn,
        body: Callable[[PreparedStage], object],
        *,
        mode: str = "read-write",
        layout: str = "800x600",
        replies: tuple[str, ...] = (),
        timeout: float = 0.1,
        fails: bool = False,
    ) -> CacheUse:
        """The last stage, its runtime as `asked`, is in `stages`."""
        self.runs += 1
        on = PreparedStage(self.folder / f"run{self.runs}", timeout=timeout)
        self.stages.append(on)
        show(on, drawn)
        runtime = on.asked = ScriptedRuntime(replies)
        runtime.info = RuntimeInfo("scripted", "", None)
        stage = on.stage
        stage.model = AskedModel(lambda: runtime)
        cache = Cache(self.path, layout, mode, stage.looker.told)
        stage.memory = stage.tasks = cache
        stage.grounder = ModelGrounder(stage, stage.model)
        passed = True
        try:
            body(on)
        except ActionFailed:
            assert fails
            passed = False
        stage.session.finish("success" if passed else "failure", "")
        return cache.settle(stage.session.episode, stage.looker.reader, passed=passed)

    @property
    def last(self) -> PreparedStage:
        return self.stages[-1]

    @property
    def file(self) -> CacheFile:
        return self.path.load()


def show(on: PreparedStage, drawn: Drawn) -> None:
    on.screen.show(drawn.pixels)
    on.eyes.elements = list(drawn.elements)
    on.stack = [
        TopLevel(each.title, each.application, each.region, each.region, 7, each.active, each.popup)
        for each in drawn.windows
    ]
    on.stage.looker.forget()


def people(left: int = 40, top: int = 40, **options) -> Drawn:
    return Drawn().window(left, top, **options)


def lettered() -> Drawn:
    """The same with “Ready” in other letters and elsewhere, so that no picture of it fits."""
    drawn = people()
    left, top = 56, 40 + 288
    drawn.pixels[top - 14 : top + 6, left - 4 : left + 60] = 240
    at = FrameBox(left + 100, top - 14, 70, 18)
    font = cv2.FONT_HERSHEY_COMPLEX
    cv2.putText(drawn.pixels, "Ready", (left + 100, top), font, 0.6, (20, 20, 20), 1, cv2.LINE_AA)
    drawn.elements = [e for e in drawn.elements if e.text != "Ready"]
    drawn.elements.append(Element("Ready", at, "ocr", confidence=0.98))
    return drawn


def click_ready(on: PreparedStage) -> None:
    on.find("Ready").click()


@pytest.fixture
def suite(tmp_path, monkeypatch) -> Suite:
    for module in ("steps", "model_doing"):  # nothing here reacts late
        monkeypatch.setattr(f"agent_app.testing.{module}.EFFECT", QUICK)
    return Suite(tmp_path)


def test_what_was_found_is_not_read_again_the_second_time(suite):
    first = suite.run(people(), click_ready)
    assert (first.misses, first.hits, first.changed) == (("“Ready”",), (), True)
    place = suite.last.clicks()
    second = suite.run(people(), click_ready)
    assert (second.hits, second.misses, second.changed) == (("“Ready”",), (), False)
    assert suite.last.eyes.looks == 0
    assert suite.last.clicks() == place


def test_the_file_says_in_words_what_is_remembered(suite):
    suite.run(people(), lambda on: on.find("Ready", window="People").click())
    written = json.loads(suite.path.file.read_text())
    (thing,) = written["things"]
    assert thing["what"] == "“Ready” in the window “People”"
    assert thing["layout"] == "800x600"
    assert thing["anchor"]["text"] == "Ready"
    assert thing["anchor"]["window"]["title"] == "People"
    crops = {path.stem for path in suite.path.folder.glob("*.png")}
    assert thing["anchor"]["element"]["drawing"] in crops
    assert suite.path.file.relative_to(suite.folder) == Path(
        "agent-cache/test_people/test_them.json"
    )


def test_a_run_that_changes_nothing_leaves_the_files_alone(suite):
    suite.run(people(), click_ready)
    before = {path: path.stat().st_mtime_ns for path in suite.path.folder.iterdir()}
    suite.run(people(), click_ready)
    assert {path: path.stat().st_mtime_ns for path in suite.path.folder.iterdir()} == before


def test_the_only_window_of_an_application_may_have_another_title_each_time(suite):
    suite.run(people(), click_ready)
    assert suite.run(people(title="qwvxz-4711"), click_ready).hits == ("“Ready”",)
    both = people(title="qwvxz-4711").window(420, 300, people=("Zoe",), title="zzz-1")
    assert suite.run(both, click_ready, fails=True).hits == ()


def test_what_has_moved_is_found_where_it_is_now(suite):
    suite.run(people(), click_ready)
    use = suite.run(people(150, 120), click_ready)
    assert use.hits == ("“Ready”",)
    ((x, y),) = suite.last.clicks()
    assert Region(150, 120 + 270, 100, 30).contains(ScreenPoint(x, y))


def test_what_is_not_found_any_more_is_read_and_replaced(suite):
    suite.run(people(), click_ready)
    (before,) = suite.file.things
    use = suite.run(lettered(), click_ready)
    assert (use.heals, use.misses) == (("“Ready”",), ())
    (after,) = suite.file.things
    assert after != before
    used = {part["drawing"] for part in _pictures(json.loads(suite.path.file.read_text()))}
    assert {path.stem for path in suite.path.folder.glob("*.png")} == used


def _pictures(value):
    if isinstance(value, dict):
        if "drawing" in value:
            yield value
        for each in value.values():
            yield from _pictures(each)
    elif isinstance(value, list):
        for each in value:
            yield from _pictures(each)


def test_what_a_test_does_not_use_any_more_goes(suite):
    suite.run(people(), lambda on: (on.find("Ready").click(), on.find("Alice").click()))
    assert len(suite.file.things) == 2
    use = suite.run(people(), click_ready)
    assert use.dropped == ("“Alice”",)
    assert [each.what for each in suite.file.things] == ["“Ready”"]
    suite.run(people(), lambda _on: None)
    assert not suite.path.file.exists()
    assert not list(suite.path.folder.iterdir())


def test_a_failing_test_remembers_nothing(suite):
    def fails(on):
        on.find("Ready").click()
        on.find("Nobody").click()

    use = suite.run(people(), fails, fails=True)
    assert not use.changed
    assert not suite.path.file.exists()


def test_a_read_only_cache_is_used_and_says_what_it_would_have_changed(suite):
    use = suite.run(people(), click_ready, mode="read-only")
    assert (use.misses, use.changed) == (("“Ready”",), True)
    assert not suite.path.folder.exists()
    suite.run(people(), click_ready)
    before = suite.path.file.read_bytes()
    both = suite.run(
        people(), lambda on: (click_ready(on), on.find("Bob").click()), mode="read-only"
    )
    assert (both.hits, both.misses) == (("“Ready”",), ("“Bob”",))
    assert suite.path.file.read_bytes() == before


def test_layouts_are_remembered_side_by_side_and_help_each_other(suite):
    suite.run(people(), click_ready)
    use = suite.run(people(), click_ready, layout="800x600, theme dark")
    assert use.hits == ("“Ready”",)
    assert [each.layout for each in suite.file.things] == ["800x600"]
    suite.run(lettered(), click_ready, layout="800x600, font Serif")
    assert [each.layout for each in suite.file.things] == ["800x600", "800x600, font Serif"]


def test_a_known_place_that_the_description_does_not_allow_is_not_used(suite):
    suite.run(people(), lambda on: on.find("Ready", window="People").click())
    data = suite.path.file.read_text().replace("in the window “People”", "in the window “Else”")
    suite.path.file.write_text(data)

    def elsewhere(on):
        on.find("Ready", window="Else").click()

    suite.run(people(), elsewhere, fails=True)
    assert suite.last.clicks() == []


def test_a_button_that_does_something_else_now_is_not_the_remembered_one(suite):
    def delete(on):
        on.find("Delete").right_of("Bob").click()

    suite.run(people(), delete)
    (before,) = suite.last.clicks()
    swapped = people(people=("Bob", "Alice", "Carla", "Dan"))
    use = suite.run(swapped, delete)
    ((x, y),) = suite.last.clicks()
    assert (x, y) != before
    assert swapped.places["Delete Bob"].contains(FramePoint(x, y))
    assert use.hits or use.heals


@pytest.mark.parametrize(
    ("wanted", "memorable"),
    [
        (Description("Save"), True),
        (Description("Save", role="button"), True),
        (Description(role="button"), False),
        (Description("Save", nth=1), False),
        (Description("Save", relations=(Beside("below", Description("a", nth=0)),)), False),
        (Description("Save", inside=Description(role="list", nth=2)), False),
        (Description("notes", role="title"), False),
    ],
)
def test_only_what_its_looks_tell_apart_is_remembered(wanted, memorable):
    assert is_memorable(wanted) is memorable


def test_descriptions_that_differ_have_keys_that_differ():
    long = "x" * 80
    several = [
        Description("Save"),
        Description("Save", exact=True),
        Description("Save", window="A"),
        Description("Save", role="button"),
        Description(long + "a"),
        Description(long + "b"),
        Description("Save", relations=(Beside("below", Description("a")),)),
        Description("Save", relations=(Beside("below", Description("a", window="b")),)),
        Description("Save", inside=Description("a")),
        Description("Save", inside=Description("a", exact=True)),
    ]
    assert len({key_of(each) for each in several}) == len(several)


def test_expectations_look_for_themselves(suite):
    suite.run(people(), click_ready)
    both = people()
    both.elements.append(Element("Ready", FrameBox(300, 200, 50, 12), "ocr"))
    suite.run(both, lambda on: expect(on.find("Ready")).to_have_count(2))


def test_a_field_is_recalled_with_what_its_application_tells_of_it_now(suite):
    drawn = people()
    at = drawn.places["remarks"]
    field_ = told("text", "Remarks", at.left, at.top, width=at.width, height=at.height)
    drawn.elements.append(field_)

    def fill(on):
        on.find("Remarks", role="field").fill("x")

    suite.run(drawn, fill)
    use = suite.run(drawn, fill)
    assert use.hits == ("the field “Remarks”",)
    assert suite.last.eyes.looks == 0
    drawn.elements.remove(field_)
    drawn.elements.append(told("label", "Remarks", at.left, at.top, width=at.width))
    assert suite.run(drawn, fill, fails=True).hits == ()


def test_what_the_model_found_is_found_without_it_the_second_time(suite):
    drawn = people()
    at = drawn.middle("house")
    click = reply(f"pyautogui.click(x={at.x / 800}, y={at.y / 600})")

    def press_house(on):
        on.find("the house").click()
        expect(on.find("the house")).to_be_visible()

    first = suite.run(drawn, press_house, replies=(click, click))
    assert "“the house”" in first.misses
    assert len(suite.last.asked.requests) == 2
    suite.run(drawn, press_house)
    assert suite.last.asked.requests == []
    suite.run(people(120, 90), press_house)
    assert suite.last.asked.requests == []
    assert len(suite.file.things) == 1


def test_what_the_model_found_is_waited_for_before_the_model_is_asked_again(suite):
    drawn = people()
    at = drawn.middle("house")
    click = reply(f"pyautogui.click(x={at.x / 800}, y={at.y / 600})")
    suite.run(drawn, lambda on: on.find("the house").click(), replies=(click,))

    def opens_late(on):
        blank = Drawn().pixels
        on.screen.show(blank, blank, blank, drawn.pixels)
        on.find("the house").click()

    suite.run(drawn, opens_late, timeout=5)
    assert suite.last.asked.requests == []


# --- tasks ----------------------------------------------------------------------------------------


def press_star_and_house(drawn: Drawn) -> tuple[str, ...]:
    star, house = drawn.middle("star"), drawn.middle("house")
    return (
        reply(f"pyautogui.click(x={star.x / 800}, y={star.y / 600})", action="Click the star."),
        reply(f"pyautogui.click(x={house.x / 800}, y={house.y / 600})", action="Click the house."),
        reply('computer.terminate(status="success")'),
    )


def do_it(on: PreparedStage) -> None:
    """Each event draws a line below the window, so that something happens."""
    pixels = on.screen.grab().pixels
    count = [0]

    def react() -> None:
        count[0] += 1
        changed = pixels.copy()
        changed[560:580, 20 : 20 + 30 * (count[0] % 20)] = 255
        on.screen.show(changed)

    on.input.on_event = react
    do(on.stage, "press star and house", pace=PACE)


def test_an_instruction_is_done_again_without_the_model(suite):
    drawn = people()
    first = suite.run(drawn, do_it, replies=press_star_and_house(drawn), timeout=1)
    assert first.misses == ("do press star and house",)
    clicks = suite.last.clicks()
    assert len(clicks) == 2
    (task,) = suite.file.tasks
    assert [step.intent for step in task.steps] == ["Click the star.", "Click the house."]
    second = suite.run(drawn, do_it, timeout=1)
    assert (second.hits, second.changed) == (("do press star and house",), False)
    assert suite.last.asked.requests == []
    assert suite.last.clicks() == clicks


def test_an_instruction_is_done_again_where_its_window_is_now(suite):
    drawn, moved = people(), people(200, 150)
    suite.run(drawn, do_it, replies=press_star_and_house(drawn), timeout=1)
    suite.run(moved, do_it, timeout=1)
    star = moved.middle("star")
    assert suite.last.clicks()[0] == (round(star.x), round(star.y))


def test_from_where_an_instruction_does_not_fit_any_more_the_model_goes_on(suite):
    drawn = people()
    suite.run(drawn, do_it, replies=press_star_and_house(drawn), timeout=1)
    other = people()
    left, top, width, height = 40 + 16 + 72, 40 + 28, 24, 24
    other.pixels[top : top + height, left : left + width] = 240  # the house is gone
    arrow = other.middle("arrow")
    instead = reply(f"pyautogui.click(x={arrow.x / 800}, y={arrow.y / 600})", action="Arrow.")
    use = suite.run(other, do_it, replies=(instead, press_star_and_house(drawn)[-1]), timeout=0.3)
    assert use.heals == ("do press star and house",)
    assert len(suite.last.clicks()) == 2
    (task,) = suite.file.tasks
    assert [step.intent for step in task.steps] == ["Click the star.", "Arrow."]


# --- the files ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: path.file.write_text("<<<<<<< ours"), "malformed"),
        (lambda path: path.file.write_text('{"agent_cache": 99, "new": 1}'), "version is 99"),
        (lambda path: next(path.folder.glob("*.png")).unlink(), "No such file"),
        (lambda path: _swap_crops(path), "picture"),
        (lambda path: _edit(path, "what", "x" * 3000), "too long"),
        (lambda path: _edit(path, "width", -1), "proper size"),
        (lambda path: _edit(path, "anchor", {}), "missing required field"),
        (lambda path: (path.file.unlink(), path.file.symlink_to("/etc/passwd")), "cannot read"),
    ],
)
def test_files_that_are_not_what_was_written_are_told_of_and_left_alone(suite, damage, says):
    suite.run(people(), click_ready)
    damage(suite.path)
    before = suite.path.file.read_bytes()
    with pytest.raises(KnownError, match=says):
        suite.path.load()
    use = suite.run(people(), click_ready)
    assert says in use.problem
    assert not use.changed
    assert suite.last.clicks()
    assert suite.path.file.read_bytes() == before


def _edit(path: CachePath, name: str, value: object) -> None:
    content = json.loads(path.file.read_text())
    content["things"][0][name] = value
    path.file.write_text(json.dumps(content))


def _swap_crops(path: CachePath) -> None:
    one, other, *_ = sorted(path.folder.glob("*.png"))
    one.write_bytes(other.read_bytes())


def test_processes_that_write_at_the_same_time_keep_each_others_work(suite):
    suite.run(people(), lambda on: (on.find("Ready").click(), on.find("Alice").click()))
    content = suite.file
    halves = [CacheFile(things=content.things[:1]), CacheFile(things=content.things[1:])]
    paths = [CachePath(suite.path.folder, f"test_{number}") for number in range(8)]

    def save(number: int) -> None:
        for turn in range(6):
            paths[number].save(halves[(number + turn) % 2])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(8)))
    assert [path.load() for path in paths] == [halves[(n + 5) % 2] for n in range(8)]
    assert not list(suite.path.folder.glob("*.tmp"))


@pytest.mark.parametrize(
    "name", ["test_a[../../x]", "test_ä b", "t" * 300, "TestA::test_b[1-2]", ".."]
)
def test_any_test_has_a_file_of_its_own_in_the_folder(tmp_path, name):
    path = CachePath.of(tmp_path / "test_m.py", name)
    assert path.file.parent == tmp_path / "agent-cache" / "test_m"
    assert len(path.file.name) < 120
    assert path != CachePath.of(tmp_path / "test_m.py", name + "x")
