"""The HTML export, in a real browser."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from agent_app.episode.reader import Episode, open_episode
from agent_app.exporting.formats import export_episode
from agent_app.exporting.pictures import pack_frames
from agent_app.model_runtime import no_progress
from tests.chromium import Chromium
from tests.fakes.episodes import frame_file
from tests.fakes.runs import ACTIONS, ExampleRun

# Each calls `pwned` when it runs; none closes an element that only the next one would open.
HOSTILE = (
    "<script>window.pwned=1</script>"
    "</script><script>window.pwned=1</script>"
    "<!--<script>window.pwned=1//-->"
    "<img src=x onerror='window.pwned=1'>"
    "<svg/onload=window.pwned=1>"
    "</title></style></textarea><iframe srcdoc='<script>parent.pwned=1</script>'></iframe>"
    "<a href='javascript:window.pwned=1'>x</a><base href='http://127.0.0.1:9/'>"
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>"
    "\u2028\u2029 $data ${script} {{constructor.constructor('pwned=1')()}} `${window.pwned=1}`"
    "&lt;b&gt; \0 \x1b[31m ' \" \\ 你好 😀"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as started:
        yield started


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Episode, Path]:
    """The example run, recorded and exported."""
    folder = tmp_path_factory.mktemp("example")
    episode = ExampleRun().episode(folder / "episode")
    assert export_episode(episode, "html", folder / "run.html", progress=no_progress) == []
    return episode, folder / "run.html"


@pytest.fixture
def page(browser: Chromium, example: tuple[Episode, Path]) -> Chromium:
    """The page of the example run, opened."""
    browser.requests.clear()
    browser.complaints.clear()
    browser.open(example[1])
    return browser


def shown_pixels(browser: Chromium) -> np.ndarray:
    """The picture on the stage, (height, width, 3)."""
    values = browser.evaluate(
        "(c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data))"
        "(document.getElementById('screen'))"
    )
    return np.array(values, np.uint8).reshape(200, 320, 4)[:, :, :3]


def test_it_asks_for_nothing_but_itself(page: Chromium, example: tuple[Episode, Path]):
    page.press("End")
    page.wait("document.body.dataset.shown === '9'")
    asked = [address for address in page.requests if not address.startswith("data:")]
    assert asked == [example[1].as_uri()]
    assert page.complaints == []


def test_every_frame_is_shown_pixel_for_pixel(page: Chromium, example: tuple[Episode, Path]):
    opened = example[0]
    page.press("Home")
    page.press("1")
    for number, step in enumerate(opened.steps):
        page.wait(f"document.body.dataset.shown === '{number}'")
        recorded = opened.frame(step.frame_before.sha1)
        assert np.array_equal(shown_pixels(page), np.asarray(recorded))
        page.press("ArrowRight")
    page.press("3")
    page.wait(f"document.body.dataset.shown === '{len(ACTIONS)}'")
    last = opened.frame(opened.steps[-1].frame_after.sha1)
    assert np.array_equal(shown_pixels(page), np.asarray(last))


def test_a_jump_over_many_frames_shows_the_right_one(page: Chromium, example: tuple[Episode, Path]):
    opened = example[0]
    page.click("#strip button:nth-child(6)")
    page.wait("document.body.dataset.shown === '5'")
    recorded = opened.frame(opened.frames[5].sha1)
    assert np.array_equal(shown_pixels(page), np.asarray(recorded))
    assert page.evaluate("document.getElementById('number').textContent") == "Step 6 of 10"


def test_markup_in_recorded_texts_never_runs(browser: Chromium, tmp_path: Path):
    output = tmp_path / "hostile.html"
    episode = ExampleRun(says=HOSTILE).episode(tmp_path / "episode")
    export_episode(episode, "html", output, progress=no_progress)
    browser.requests.clear()
    browser.complaints.clear()
    browser.open(output)
    for key in ["ArrowRight", "1", "2", "3"] * 3:
        browser.press(key)
    assert browser.evaluate("window.pwned === undefined")
    assert browser.evaluate("document.getElementById('thought').textContent") == HOSTILE
    assert browser.evaluate("document.getElementById('task').textContent") == HOSTILE
    kinds = "iframe, base, a, object, embed, meta[http-equiv=refresh]"
    assert browser.evaluate(f"document.querySelectorAll('{kinds}').length") == 0
    asked = [address for address in browser.requests if not address.startswith("data:")]
    assert asked == [output.as_uri()]
    assert browser.complaints == []


def test_its_policy_stops_markup_that_would_get_in_all_the_same(page: Chromium):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.png"
        page.evaluate(
            "document.getElementById('thought').innerHTML ="
            f' \'<img src=x onerror="window.pwned=1"><img src="{address}">\''
        )
        page.wait("[...document.querySelectorAll('#thought img')].every(i => i.complete)")
        page.evaluate("new Promise(done => setTimeout(done))")
        server.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody came
            server.accept()
    assert page.evaluate("window.pwned === undefined")
    assert any("Content Security Policy" in text for text in page.complaints)


def test_the_mark_lies_on_the_target(page: Chromium):
    page.press("Home")
    page.press("ArrowRight")  # a double click at pixel 100, 50
    page.press("2")
    page.wait("document.body.dataset.shown === '1'")
    red, green, blue, opaque = page.evaluate("""(() => {
        const marks = document.getElementById('marks');
        const box = marks.getBoundingClientRect();
        const inner = document.getElementById('screen').getBoundingClientRect();
        const x = inner.left - box.left + 100.5 / 320 * inner.width;
        const y = inner.top - box.top + 50.5 / 200 * inner.height;
        const ratio = devicePixelRatio;
        return Array.from(marks.getContext('2d').getImageData(x * ratio, y * ratio, 1, 1).data);
    })()""")
    assert (red, green, blue, opaque) == (255, 45, 111, 255)


def test_before_and_after_bear_no_mark(page: Chromium):
    marked = """(m => m.getContext('2d').getImageData(0, 0, m.width, m.height).data
        .some(value => value))(document.getElementById('marks'))"""
    for key, wanted in (("2", True), ("1", False), ("2", True), ("3", False)):
        page.press(key)
        page.evaluate("new Promise(done => setTimeout(done, 0))")
        page.wait(f"{marked} === {json.dumps(wanted)}")


def test_it_plays_to_the_end_by_itself_and_says_every_thought(page: Chromium):
    page.press("Home")
    for _ in range(6):
        page.press("+")
    assert page.evaluate("document.getElementById('factor').textContent") == "64×"
    page.press(" ")
    page.wait("document.getElementById('number').textContent === 'Step 10 of 10'")
    page.wait("document.getElementById('play').getAttribute('aria-label') === 'Play'")
    assert page.evaluate("document.getElementById('said').textContent") == "Look there."
    assert page.evaluate("document.body.dataset.shown") == "10"


def test_half_of_the_thought_is_said_half_way_through_it(page: Chromium):
    page.evaluate("""(() => {
        const line = document.getElementById('timeline'), box = line.getBoundingClientRect();
        const at = 2.5 / 21.8;  // half a second into the first step, which answers after one
        const init = {clientX: box.left + at * box.width, clientY: box.top + 5, bubbles: true};
        line.dispatchEvent(new PointerEvent('pointerdown', init));
    })()""")
    said = page.evaluate("document.getElementById('said').textContent.length")
    assert 0 < said < len("Look there.")
    assert page.evaluate(
        "document.getElementById('thought').textContent === 'Look there.' &&"
        " document.querySelector('[data-view=before]').getAttribute('aria-selected') === 'true'"
    )


def test_the_theme_is_switched_by_a_key(page: Chromium):
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.press("t")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_the_time_of_a_step_is_split_by_stage(page: Chromium):
    stages = page.evaluate("document.getElementById('stages').innerText.split(/\\s*\\n\\s*/)")
    assert stages == [
        *("capture", "10 ms", "encode", "20 ms", "prefill", "300 ms", "decode", "600 ms"),
        *("parse", "1 ms", "act", "100 ms", "settle", "500 ms"),
    ]


def test_a_lost_frame_is_said_and_the_others_are_right(browser: Chromium, tmp_path: Path):
    episode = ExampleRun().episode(tmp_path / "episode")
    frame_file(episode.folder, episode.frames[1].sha1).unlink()
    lost = export_episode(
        open_episode(episode.folder), "html", tmp_path / "run.html", progress=no_progress
    )
    assert lost == ["frames that are missing or damaged: 1"]
    browser.open(tmp_path / "run.html")
    browser.press("ArrowRight")
    browser.wait("!document.getElementById('lost').hidden")
    browser.press("ArrowRight")
    browser.wait("document.body.dataset.shown === '2'")
    recorded = episode.frame(episode.frames[2].sha1)
    assert np.array_equal(shown_pixels(browser), np.asarray(recorded))


def test_an_episode_without_steps_opens(browser: Chromium, tmp_path: Path):
    episode = ExampleRun(actions=()).episode(tmp_path / "episode")
    export_episode(episode, "html", tmp_path / "run.html", progress=no_progress)
    browser.complaints.clear()
    browser.open(tmp_path / "run.html")
    assert browser.evaluate("document.getElementById('result').textContent") == (
        "no steps were recorded"
    )
    assert browser.complaints == []


def test_frames_are_stored_once_as_what_changed(tmp_path: Path):
    frames = list(pack_frames(ExampleRun().episode(tmp_path / "episode")))
    assert [frame.base for frame in frames] == [None, *range(len(ACTIONS))]
    whole, *changed = [sum(len(patch.webp) for patch in frame.patches) for frame in frames]
    assert max(changed) < whole / 10
