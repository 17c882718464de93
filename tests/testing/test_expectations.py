"""Expectations, screenshots, looking back and waiting, on prepared screens."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from PIL import Image

from agent_app.episode.reader import open_episode
from agent_app.testing import ExpectationFailed, expect
from agent_app.testing.lookback import assert_seen, never_seen
from agent_app.testing.looking import Sampler
from agent_app.testing.waiting import CallLog, Deadline
from tests.fakes.eyes import read, told
from tests.fakes.screen import FakeScreen, frame_of, picture
from tests.testing.stages import EMPTY, SIZE


@pytest.fixture
def save(prepared):
    prepared.sees(told("push button", "Save", 100, 50))
    return prepared.find("Save")


@pytest.fixture
def lost(prepared):
    prepared.sees(read("nothing much", 10, 400))
    return prepared.find("Save")


def test_what_is_there_once_is_visible(save, prepared):
    expect(save).to_be_visible()
    with pytest.raises(ExpectationFailed, match=r"expect “Save” to be hidden: push button “Save”"):
        expect(save).to_be_hidden()
    with pytest.raises(ExpectationFailed, match="expect “Save” not to be visible"):
        expect(save).not_.to_be_visible()
    prepared.sees(told("push button", "Save", 100, 50), told("push button", "Save", 100, 250))
    for claim in (expect(save).to_be_visible, expect(save).not_.to_be_visible):
        with pytest.raises(ExpectationFailed, match="2 things match"):
            claim(timeout=0)


def test_what_is_not_there_is_hidden(lost):
    expect(lost).to_be_hidden()
    expect(lost).not_.to_be_visible()
    with pytest.raises(ExpectationFailed, match="nothing reads “Save”"):
        expect(lost).to_be_visible()
    with pytest.raises(ExpectationFailed):
        expect(lost).not_.to_be_hidden()


@pytest.mark.parametrize("name", ["to_be_enabled", "to_be_disabled", "to_be_checked"])
def test_a_state_of_what_is_not_there_is_neither_so_nor_not(lost, name):
    for claims in (expect(lost, timeout=0), expect(lost, timeout=0).not_):
        with pytest.raises(ExpectationFailed):
            getattr(claims, name)()


def test_states_are_those_that_the_application_tells(save, prepared):
    expect(save).to_be_enabled()
    expect(save).not_.to_be_disabled()
    with pytest.raises(ExpectationFailed, match="is enabled"):
        expect(save).to_be_disabled(timeout=0)
    with pytest.raises(ExpectationFailed, match="does not tell whether it is checked"):
        expect(save).not_.to_be_checked(timeout=0)
    box = told("check box", "Save", 100, 50, enabled=False)
    prepared.sees(replace(box, checked=True))
    expect(save).to_be_disabled()
    expect(save).to_be_checked()
    prepared.sees(replace(box, checked=False))
    expect(save).not_.to_be_checked()
    prepared.sees(read("Save", 100, 50))
    with pytest.raises(ExpectationFailed, match="does not tell whether it is enabled"):
        expect(save).to_be_enabled(timeout=0)


def test_a_text_is_the_whole_of_it_and_a_field_has_its_content(prepared):
    prepared.sees(told("label", "Total: 42 €", 10, 10), told("text", "Name", 10, 100))
    prepared.eyes.contents = {"Name": "Ada  Lovelace\n"}
    total, name = prepared.find("Total: 42 €"), prepared.find("Name", role="field")
    expect(total).to_have_text("Total: 42 €")
    expect(total).to_have_text(re.compile(r"Total: \d+ €"))
    expect(total).to_contain_text("42")
    expect(name).to_have_text("Ada Lovelace")
    assert name.text() == "Ada  Lovelace\n"
    for claim in (
        lambda: expect(total, timeout=0).to_have_text("Total: 43 €"),
        lambda: expect(total, timeout=0).to_have_text("42"),
        lambda: expect(total, timeout=0).to_have_text("total: 42 €"),
        lambda: expect(name, timeout=0).to_contain_text("Byron"),
        lambda: expect(name, timeout=0).not_.to_contain_text("Ada"),
        lambda: expect(total, timeout=0).to_have_text(re.compile("42")),
    ):
        with pytest.raises(ExpectationFailed, match="its text is"):
            claim()


def test_what_was_read_from_pixels_may_differ_only_in_signs_that_look_alike(prepared):
    prepared.sees(read("lO items", 10, 10))
    expect(prepared.find("10 items")).to_have_text("10 items")
    with pytest.raises(ExpectationFailed):
        expect(prepared.find("10 items"), timeout=0).to_have_text("16 items")


def test_a_count_is_retried_until_it_is_so(prepared, save):
    def look(part, inner=prepared.eyes.look):
        if prepared.eyes.looks == 1:
            prepared.eyes.elements.append(told("push button", "Save", 100, 250))
        prepared.stage.looker.forget()
        return inner(part)

    prepared.eyes.look = look
    expect(save).to_have_count(2, timeout=5)
    with pytest.raises(ExpectationFailed, match="to have count 3: 2 match"):
        expect(save).to_have_count(3, timeout=0)


def test_a_soft_expectation_is_told_at_the_end(prepared, lost):
    expect.soft(lost, timeout=0).to_be_visible()
    expect.soft(lost, timeout=0).to_be_hidden()
    (failure,) = prepared.stage.failures
    assert "to be visible" in failure.headline


def test_expectations_are_steps_of_the_recording(prepared, save):
    expect(save).to_be_visible()
    with pytest.raises(ExpectationFailed):
        expect(save).to_be_hidden(timeout=0)
    prepared.stage.session.finish("failure", "it is hidden")
    good, bad = open_episode(prepared.episode).steps
    assert (good.summary, good.effect.alike) == ("expect “Save” to be visible", True)
    assert (bad.effect.alike, bad.frame_before is not None) == (False, True)


# --- screenshots ----------------------------------------------------------------------------------

BOX = picture((100, 100, 40, 40), size=SIZE)
OTHER = picture((100, 100, 40, 44), size=SIZE)


@pytest.fixture
def screen(prepared):
    """What is expected of the whole screen, without a desktop."""
    prepared.sees(replace(told("window", "All", 0, 0, width=640, height=480)))
    prepared.screen.show(BOX)
    return prepared.find("Editor", role="window")


def test_the_first_run_writes_the_baseline_and_the_next_ones_compare(prepared, screen):
    path = prepared.stage.baselines_folder / "box.png"
    expect(screen).to_match_screenshot("box.png")
    assert prepared.stage.written == [path]
    before = path.read_bytes()
    expect(screen).to_match_screenshot("box.png")
    prepared.screen.show(OTHER)
    with pytest.raises(ExpectationFailed, match=r"0\.052% of its pixels differ") as failed:
        expect(screen).to_match_screenshot("box.png")
    (note,) = failed.value.__notes__
    with Image.open(note.partition(": ")[2]) as shown:
        assert shown.size == (3 * 640 + 2 * 8, 480)
        assert shown.getpixel((2 * 648 + 110, 142)) == (220, 38, 38)
        assert shown.getpixel((110, 142)) != shown.getpixel((648 + 110, 142))
    expect(screen).to_match_screenshot("box.png", tolerance=0.001)
    assert path.read_bytes() == before


def test_a_mask_leaves_out_what_changes_by_itself(prepared, screen):
    prepared.sees(told("label", "clock", 100, 140, width=40, height=4))
    expect(screen).to_match_screenshot("box", mask=[prepared.find("clock")])
    prepared.screen.show(OTHER)
    expect(screen).to_match_screenshot("box", mask=[prepared.find("clock")])
    with pytest.raises(ExpectationFailed):
        expect(screen, timeout=0).to_match_screenshot("box")


def test_a_run_that_may_not_write_fails_without_a_baseline(prepared, screen):
    prepared.stage.baselines = "none"
    with pytest.raises(ExpectationFailed, match="there is no baseline"):
        expect(screen).to_match_screenshot("box")
    assert not prepared.stage.baselines_folder.exists()


def test_baselines_are_written_anew_when_asked_for_and_never_while_it_moves(prepared, screen):
    expect(screen).to_match_screenshot("box")
    prepared.stage.baselines = "all"
    prepared.screen.show(*[picture((5 * n, 0, 9, 9), size=SIZE) for n in range(40)] * 3)
    with pytest.raises(ExpectationFailed, match="still moving"):
        expect(screen).to_match_screenshot("box")
    prepared.screen.show(OTHER)
    expect(screen).to_match_screenshot("box")
    prepared.stage.baselines = "missing"
    expect(screen).to_match_screenshot("box")


def test_a_baseline_stays_beside_its_test(screen):
    with pytest.raises(ValueError, match="plain file name"):
        expect(screen).to_match_screenshot("../box.png")


# --- looking back ---------------------------------------------------------------------------------


def test_what_is_gone_already_was_seen(prepared):
    texts = {}

    def texts_of(part):
        return texts.get(part.sha1, ())

    prepared.eyes.texts = texts_of
    now = time.monotonic()
    toast, old = frame_of(BOX, at=now - 2), frame_of(OTHER, at=now - 20)
    texts[toast.sha1] = (read("File was saved", 10, 10),)
    texts[old.sha1] = (read("Welcome", 10, 10),)
    for frame in (old, toast):
        prepared.stage.session.ring.add(frame)
    assert_seen(prepared.stage, "saved", 5.0)
    never_seen(prepared.stage, "Welcome", 5.0)
    with pytest.raises(ExpectationFailed, match=r"“saved” was seen 2\.\d s ago, as “File was"):
        never_seen(prepared.stage, "saved", 5.0)
    with pytest.raises(ExpectationFailed, match="not seen in the last 5 s") as failed:
        assert_seen(prepared.stage, "Welcome", 5.0)
    assert "“File was saved”" in str(failed.value)
    assert_seen(prepared.stage, "Welcome", 30.0)


def test_the_sampler_tells_until_when_each_picture_was_there(wait_until):
    screen = FakeScreen([EMPTY])
    seen = []
    sampler = Sampler(lambda: screen, seen.append, seconds=0.01)
    wait_until(lambda: seen)
    first = seen[0].time
    wait_until(lambda: time.monotonic() > first + 0.1)
    screen.show(BOX)
    wait_until(lambda: len(seen) == 3)
    sampler.close()
    _, last_time, after = seen
    assert last_time.sha1 == frame_of(EMPTY).sha1
    assert last_time.time > first
    assert after.sha1 == frame_of(BOX).sha1


# --- waiting --------------------------------------------------------------------------------------


def test_tries_come_at_once_then_ever_less_often_and_last_at_the_deadline():
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    deadline = Deadline(2.0, clock=lambda: now[0])
    tries = list(deadline.tries(sleep))
    assert slept == [0.02, 0.1, 0.1, 0.5, 0.5, 0.5, 0.28]
    assert tries == list(range(1, 9))
    assert list(Deadline(0.0, clock=lambda: now[0]).tries(sleep)) == [1]


def test_a_log_counts_what_repeats():
    log = CallLog()
    for line in ("looking", "not there", "not there", "not there", "found"):
        log.add(line)
    assert [line.strip().split("s  ")[1] for line in str(log).splitlines()] == [
        "looking",
        "not there  (×3)",
        "found",
    ]
