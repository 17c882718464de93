"""What locators mean, on prepared screens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from agent_app.episode.reader import open_episode
from agent_app.events import ActionDone, TargetMissed
from agent_app.geometry import FrameBox, Region
from agent_app.runtimes.reader.sight import Element
from agent_app.testing import ActionFailed
from agent_app.testing.description import Description, Owner
from agent_app.testing.locator import Scope, key_action
from agent_app.testing.seams import Thing
from agent_app.typed import Typing
from tests.fakes.eyes import read, told
from tests.fakes.field import Field, lost
from tests.fakes.screen import picture
from tests.testing.stages import EMPTY, SIZE, top_level


def middle(element: Element) -> tuple[int, int]:
    return int(element.box.center.x), int(element.box.center.y)


def test_a_click_goes_to_the_middle_of_what_is_found(prepared):
    button = told("push button", "Save", 100, 50)
    prepared.eyes.elements = [button, told("push button", "Open", 300, 50)]
    prepared.find("Save").click()
    assert prepared.clicks() == [middle(button)]


def test_two_that_match_are_an_error_that_lists_them_with_their_places(prepared):
    prepared.eyes.elements = [
        told("push button", "Save", 100, 50, window="Editor"),
        told("push button", "Save", 100, 250, window="Editor"),
    ]
    with pytest.raises(ActionFailed) as failed:
        prepared.find("Save").click()
    text = str(failed.value)
    assert "2 things match" in text.splitlines()[0]
    assert "0. push button “Save” at 140,62 in “Editor”" in text
    assert "1. push button “Save” at 140,262" in text
    assert prepared.clicks() == []


def test_nothing_that_matches_is_an_error_that_names_the_nearest_and_the_windows(prepared):
    prepared.eyes.elements = [told("push button", "Save as", 100, 50, window="Editor")]
    with pytest.raises(ActionFailed) as failed:
        prepared.find("Save all").click()
    text = str(failed.value)
    assert text.startswith("click “Save all”: not found within 0.1 s")
    assert "nearest   push button “Save as” at 140,62" in text
    assert "windows   “Editor” (active)" in text


def test_a_name_that_an_application_tells_must_be_the_very_one(prepared):
    prepared.eyes.elements = [told("push button", "Preferances", 100, 50)]
    assert prepared.find("Preferences").count() == 0
    prepared.sees(read("Preferances", 100, 50))
    assert prepared.find("Preferences").count() == 1  # a reader may have read it so
    assert prepared.find("Preferences", exact=True).count() == 0


def test_words_of_a_longer_text_are_found_where_no_label_is_so_unless_exact(prepared):
    prepared.eyes.elements = [read("user@host:~$ echo hello", 10, 10)]
    assert prepared.find("echo hello").count() == 1
    assert prepared.find("echo hello", exact=True).count() == 0
    button = told("push button", "echo hello", 300, 200)
    prepared.sees(*prepared.eyes.elements, button)
    (only,) = prepared.find("echo hello").all()
    only.click()
    assert prepared.clicks() == [middle(button)]


def test_a_role_is_a_condition_where_the_application_tells_roles(prepared):
    prepared.eyes.elements = [
        told("label", "Name", 10, 10, window="Editor"),
        told("push button", "Name", 10, 200, window="Editor"),
        read("Name", 300, 300),
    ]
    assert prepared.find("Name", role="button").count() == 1
    prepared.find("Name", role="button").click()
    assert prepared.clicks() == [(50, 212)]
    assert prepared.find("Name", role="checkbox").count() == 0


def test_a_field_is_found_by_the_label_it_stands_at(prepared):
    field = told("text", "", 120, 10, width=200)
    prepared.eyes.elements = [told("label", "Name", 10, 10), field]
    for role in ("text", "field", "entry"):
        prepared.find("Name", role=role).click()
    assert prepared.clicks() == [middle(field)] * 3


def test_relations_take_the_nearest_in_their_direction(prepared):
    first = told("push button", "Delete", 300, 100)
    second = told("push button", "Delete", 300, 200)
    prepared.eyes.elements = [
        read("one.txt", 10, 102),
        first,
        read("two.txt", 10, 202),
        second,
    ]
    delete = prepared.find("Delete")
    delete.right_of("two.txt").click()
    delete.near(prepared.find("one.txt")).click()
    delete.below(delete.first).click()
    delete.above(delete.last).click()
    assert prepared.clicks() == [middle(each) for each in (second, first, second, first)]
    with pytest.raises(ActionFailed, match=r"nothing reads “three\.txt”"):
        delete.right_of("three.txt").click()


def test_one_of_several_is_taken_by_its_number_in_reading_order(prepared):
    boxes = [told("check box", f"Item {n}", 50, 50 * n) for n in range(1, 4)]
    prepared.eyes.elements = boxes[::-1]
    each = prepared.find(role="checkbox")
    assert each.count() == 3
    for locator in (each.first, each.nth(1), each.last, each.nth(-3)):
        locator.click()
    assert prepared.clicks() == [middle(boxes[i]) for i in (0, 1, 2, 0)]
    with pytest.raises(ActionFailed, match="there are only 3"):
        each.nth(3).click()


def test_a_window_limits_what_counts_and_its_title_can_be_found(prepared):
    dialog = top_level("Save As", Region(400, 300, 200, 100))
    prepared.stack = [dialog, *prepared.stack]
    inside = told("push button", "OK", 420, 320, window="Save As")
    prepared.eyes.elements = [told("push button", "OK", 10, 10, window="Editor"), inside]
    prepared.find("OK", window="Save As").click()
    prepared.find("OK").in_window("Save").click()
    assert prepared.clicks() == [middle(inside)] * 2
    assert prepared.find("Save As", window="title").count() == 1
    assert prepared.find("Open", window="title").count() == 0
    with pytest.raises(ActionFailed, match="no window is called “Print”; open are “Save As”"):
        prepared.find("OK", window="Print").click()


def test_an_application_sees_its_own_windows_and_their_menus_alone(prepared):
    other = top_level("Other", Region(320, 0, 320, 480), process=9)
    menu = top_level("", Region(330, 20, 100, 100), process=0, popup=True)
    prepared.stack = [menu, other, prepared.stack[0]]
    prepared.eyes.elements = [
        told("push button", "Quit", 10, 10, window="Editor"),
        told("menu item", "Quit", 340, 30, window="Other"),
    ]
    owner = Owner("other", lambda process: process == 9)
    Scope(prepared.stage, Description(owner=owner)).find("Quit").click()
    assert prepared.clicks() == [(380, 42)]
    gone = Owner("gone", lambda _process: False)
    with pytest.raises(ActionFailed, match="gone has no window; open are “Other”, “Editor”"):
        Scope(prepared.stage, Description(owner=gone)).find("Quit").click()


def test_things_are_found_inside_a_region_or_another_thing(prepared):
    left, right = told("push button", "Go", 10, 10), told("push button", "Go", 400, 10)
    panel = replace(
        told("page tab", "Second", 380, 0), extent=FrameBox(350, 0, 290, 480), enabled=True
    )
    prepared.eyes.elements = [left, right, panel]
    prepared.find("Go", region=(0, 0, 200, 200)).click()
    prepared.find("Second").find("Go").click()
    assert prepared.clicks() == [middle(left), middle(right)]


def drawn(*places: tuple[int, int]) -> np.ndarray:
    """A screen with a cross at each place."""
    pixels = EMPTY.copy()
    for left, top in places:
        pixels[top + 10 : top + 14, left : left + 24] = 220
        pixels[top : top + 24, left + 4 : left + 8] = 220
    return pixels


def test_a_picture_is_found_wherever_it_is_and_reported_when_it_is_not(prepared, tmp_path):
    wanted = drawn((100, 60))[50:94, 90:134]
    Image.fromarray(wanted).save(tmp_path / "cross.png")
    prepared.screen.show(drawn((300, 200)))
    prepared.find(picture="cross.png").click()
    assert prepared.clicks() == [(312, 212)]
    prepared.screen.show(drawn((300, 200), (40, 300)))
    icon = prepared.find(picture=Image.fromarray(wanted))
    assert icon.count() == 2
    icon.last.click()
    assert prepared.clicks()[-1] == (52, 312)
    prepared.screen.show(EMPTY)
    with pytest.raises(ActionFailed, match=r"the picture cross\.png: not found"):
        prepared.find(picture="cross.png").click()


def test_an_act_waits_until_its_thing_is_there(prepared):
    later = [told("push button", "Save", 100, 50)]

    def look(part, inner=prepared.eyes.look):
        if prepared.eyes.looks >= 2:
            prepared.eyes.elements = later
        prepared.stage.looker.forget()
        return inner(part)

    prepared.eyes.look = look
    prepared.stage.timeout = 3.0
    prepared.find("Save").click()
    assert prepared.clicks() == [(140, 62)]


def test_a_click_may_go_to_a_place_within_what_is_found(prepared):
    prepared.eyes.elements = [told("drawing area", "Canvas", 100, 200)]
    prepared.find("Canvas").click(position=(10, 4))
    extent = prepared.find("Canvas").region()
    assert prepared.clicks() == [(extent.left + 10, extent.top + 4)]


def test_nothing_is_clicked_that_is_disabled_or_moves(prepared):
    prepared.eyes.elements = [told("push button", "Save", 100, 50, enabled=False)]
    with pytest.raises(ActionFailed, match="but it is disabled"):
        prepared.find("Save").click()
    prepared.eyes.elements = [told("push button", "Save", 100, 50)]
    prepared.screen.show(*[picture((130, 50, 20, 20), size=SIZE), EMPTY] * 100)
    with pytest.raises(ActionFailed, match="still moving or changing"):
        prepared.find("Save").click()
    assert prepared.clicks() == []


def test_what_another_window_covers_is_said_to_be(prepared):
    over = top_level("Warning", Region(80, 40, 200, 100))
    prepared.stack = [over, *prepared.stack]
    prepared.eyes.hidden = [told("push button", "Save", 100, 50, window="Editor")]
    with pytest.raises(ActionFailed, match="“Save” of “Editor” is covered by “Warning”"):
        prepared.find("Save").click()


def test_fill_replaces_the_text_and_fails_when_the_field_stays_as_it_was(prepared):
    prepared.eyes.elements = [told("text", "Name", 100, 50)]
    prepared.eyes.contents = {"Name": "old"}
    with pytest.raises(ActionFailed, match="the field still holds “old”"):
        prepared.find("Name", role="field").fill("new")
    prepared.input.events.clear()
    prepared.input.on_event = lambda: prepared.eyes.contents.update(Name="new")
    prepared.find("Name", role="field").fill("new")
    keys = [event for event in prepared.input.events if event[0] in ("key_down", "write")]
    assert keys == [
        ("key_down", "ctrl"),
        ("key_down", "a"),
        ("write", "n"),
        ("write", "e"),
        ("write", "w"),
    ]


def test_what_is_lost_on_the_way_into_a_field_is_typed_again_and_said_when_a_test_fails(
    prepared, monkeypatch
):
    monkeypatch.setattr("agent_app.typed._ARRIVES_SECONDS", 0.05)
    field = Field("", lost, str, lost, lost)
    session = prepared.stage.session
    session.trial.input = field
    session.typing = Typing(session.trial, field)
    prepared.eyes.elements = [told("text", "Name", 100, 50)]
    prepared.find("Name", role="field").type("hello world")
    assert field.text == "hello world"
    prepared.find("Name", role="field").type("another one\n")
    assert field.sent  # a test goes on
    with pytest.raises(ActionFailed) as failed:
        prepared.find("Nothing").click()
    *_, note = [line for line in str(failed.value).splitlines() if "note " in line]
    assert "type “another one" in note
    assert "The field does not hold the text" in note
    session.finish("failure", "")
    warned = [w for step in open_episode(prepared.episode).steps for w in step.warnings]
    assert ["typed again" in each for each in warned] == [True, False]


def test_check_clicks_only_what_is_not_checked_and_waits_until_it_is(prepared):
    box = replace(told("check box", "Wrap", 100, 50), checked=True)
    prepared.eyes.elements = [box]
    prepared.find("Wrap").check()
    assert prepared.clicks() == []
    with pytest.raises(ActionFailed, match="it is checked"):
        prepared.find("Wrap").uncheck()
    prepared.input.on_event = lambda: prepared.eyes.elements.__setitem__(
        0, replace(box, checked=False)
    )
    prepared.find("Wrap").uncheck()
    assert len(prepared.clicks()) == 2
    prepared.input.on_event = lambda: None
    prepared.input.events.clear()
    prepared.sees(read("Wrap", 100, 50))
    with pytest.raises(ActionFailed, match="does not tell whether it is checked"):
        prepared.find("Wrap").check()
    assert prepared.clicks() == []


def test_a_menu_that_closes_over_what_was_checked_is_no_failure(prepared):
    prepared.sees(replace(told("check menu item", "Wrap", 100, 50), checked=False))
    prepared.input.on_event = prepared.eyes.elements.clear
    prepared.find("Wrap").check()
    assert len(prepared.clicks()) == 1


def test_select_takes_the_choice_that_popped_up_and_not_the_one_shown(prepared):
    shown = told("combo box", "Red", 100, 50)
    prepared.sees(shown)
    choice = replace(told("menu item", "Red", 110, 80), window="")

    def pop_up() -> None:
        if prepared.input.events[-1][0] == "button_up":
            prepared.stack = [
                top_level("", Region(100, 74, 90, 60), popup=True),
                prepared.stack[-1],
            ]
            prepared.sees(shown, choice)

    with pytest.raises(ActionFailed, match="no list or menu has popped up"):
        prepared.find(role="combo box").select("Red", timeout=0)
    prepared.input.events.clear()
    prepared.input.on_event = pop_up
    prepared.find(role="combo box").select("Red")
    assert prepared.clicks() == [middle(shown), middle(choice)]


def test_the_pointer_rests_and_drags_where_things_are(prepared):
    card, bin_ = told("label", "Card", 100, 50), told("label", "Bin", 400, 300)
    prepared.sees(card, bin_)
    prepared.find("Bin").hover()
    assert prepared.input.events == [("move", *middle(bin_))]
    prepared.find("Card").drag_to(prepared.find("Bin"))
    assert prepared.clicks() == [middle(card)]
    assert prepared.input.events[-2:] == [("move", *middle(bin_)), ("button_up", "left")]
    prepared.find("Card").double_click()
    prepared.find("Card").right_click()
    assert prepared.input.events[-1] == ("button_up", "right")
    assert len(prepared.clicks()) == 4


def test_what_is_waited_for_comes_or_goes(prepared):
    prepared.find("Save").wait_for("hidden")
    with pytest.raises(ActionFailed, match="wait for “Save” to be visible: it is not there"):
        prepared.find("Save").wait_for()
    prepared.sees(told("push button", "Save", 100, 50))
    prepared.find("Save").wait_for()
    with pytest.raises(ActionFailed, match="1 of it are still there"):
        prepared.find("Save").wait_for("hidden")


def test_what_a_thing_is_now_can_be_had(prepared):
    button = replace(told("push button", "Save", 100, 50), extent=FrameBox(90, 40, 100, 44))
    prepared.sees(button)
    prepared.screen.show(picture((90, 40, 100, 44), size=SIZE))
    save = prepared.find("Save")
    assert save.text() == "Save"
    assert save.region() == Region(90, 40, 100, 44)
    assert save.screenshot().size == (100, 44)
    assert save.screenshot().getcolors() == [(4400, (255, 255, 255))]


def test_scrolling_turns_the_wheel_until_it_shows_or_nothing_moves(prepared):
    screens = iter([picture((0, 40 * n, 640, 10), size=SIZE) for n in range(1, 4)])

    def scrolled() -> None:
        if prepared.input.events[-1][0] != "scroll":
            return
        shown = next(screens, None)
        if shown is None:
            prepared.eyes.elements = [told("push button", "Last", 100, 50)]
        else:
            prepared.screen.show(shown)

    prepared.input.on_event = scrolled
    prepared.stage.timeout = 5.0
    prepared.find("Last").scroll_into_view()
    assert [each for each in prepared.input.events if each[0] == "scroll"][:1] == [
        ("scroll", 0, -1)
    ]
    prepared.eyes.elements = []
    with pytest.raises(ActionFailed, match="did not come into view"):
        prepared.find("Nowhere").scroll_into_view()
    assert prepared.input.events[-1] == ("scroll", 0, 1)  # down in vain, then up


def test_keys_are_pressed_together_where_a_plus_joins_them():
    assert key_action("ctrl+shift+s").keys == ("ctrl", "shift", "s")
    assert key_action("enter").keys == ("enter",)
    assert key_action("+").keys == ("+",)
    assert key_action("ctrl++").keys == ("ctrl", "+")


def test_a_barred_chord_is_refused_before_any_key_is_pressed(prepared):
    prepared.eyes.elements = [told("text", "Name", 100, 50)]
    with pytest.raises(ActionFailed, match="barred"):
        prepared.find("Name", role="field").press("ctrl+alt+f1")
    assert not any(event[0] == "key_down" for event in prepared.input.events)


@pytest.mark.parametrize("options", [{}, {"text": "Save", "picture": "save.png"}])
def test_a_description_must_say_one_thing(prepared, options):
    with pytest.raises(ValueError, match="find"):
        prepared.find(**options)


class Guide:
    """A model that knows one place."""

    def __init__(self, box: FrameBox | None) -> None:
        self.box = box
        self.asked: list[str] = []

    def ground(self, sought):
        self.asked.append(str(sought.description))
        return None if self.box is None else Thing(self.box, "model", "the bell")


def test_a_model_is_asked_once_for_each_screen_and_only_for_what_is_not_read(prepared):
    prepared.eyes.elements = [told("push button", "Save", 100, 50)]
    guide = prepared.stage.grounder = Guide(FrameBox(200, 100, 20, 20))
    prepared.find("Save").click()
    assert guide.asked == []
    prepared.find("the bell in the corner").click()
    assert prepared.clicks()[-1] == (210, 110)
    lost = prepared.stage.grounder = Guide(None)
    with pytest.raises(ActionFailed, match="not found"):
        prepared.find("the bell in the corner").click()
    assert lost.asked == ["“the bell in the corner”"]


class Diary:
    """A memory that keeps all in a dictionary."""

    def __init__(self) -> None:
        self.known: dict[str, Thing] = {}

    def recall(self, sought):
        return self.known.get(str(sought.description))

    def patience(self, _sought):
        return 0.0

    def found(self, sought, thing):
        self.known[str(sought.description)] = replace(thing, how="cache")


def test_what_worked_is_remembered_and_then_nothing_is_read(prepared):
    prepared.eyes.elements = [told("push button", "Save", 100, 50)]
    diary = prepared.stage.memory = Diary()
    with pytest.raises(ActionFailed):
        prepared.find("Open").click()
    prepared.find("Save").click()
    assert list(diary.known) == ["“Save”"]
    looks = prepared.eyes.looks
    prepared.find("Save").click()
    assert prepared.eyes.looks == looks
    assert prepared.clicks() == [(140, 62)] * 2


def test_every_act_is_a_step_of_the_recording_with_its_log_as_the_thought(prepared):
    prepared.eyes.elements = [told("push button", "Save", 100, 50)]
    prepared.find("Save").click()
    with pytest.raises(ActionFailed):
        prepared.find("Open").click()
    prepared.stage.session.finish("failure", "it was not there")
    episode = open_episode(prepared.episode)
    done, missed = episode.steps
    assert done.summary == "click “Save”"
    assert "found push button “Save” at 140,62" in done.thought
    assert [each.done for each in done.actions] == [True]
    assert "not found" in missed.missed[0].reason
    assert episode.end is not None
    assert episode.end.outcome == "failure"
    kinds = [type(event) for event in episode.events]
    assert kinds.index(ActionDone) < kinds.index(TargetMissed)
