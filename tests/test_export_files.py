"""Exports that other programs read: what they hold, what they say they lose, what they refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agent_app.actions import Action, AskHuman, Click, Scroll, Terminate, Wait, target_points
from agent_app.codegen.formats import FORMATS, export_episode
from agent_app.dialects import code as dialect
from agent_app.dialects.table import read_word
from agent_app.episode.format import EVENTS_FILE
from agent_app.episode.reader import open_episode
from agent_app.errors import KnownError
from agent_app.exporting.code import as_pixels, as_shares, lines_of
from agent_app.geometry import RelativePoint, Size
from agent_app.model_runtime import no_progress
from tests.fakes.episodes import frame_file
from tests.fakes.runs import ACTIONS, SIZE, TRANSFORM, ExampleRun, at

KEPT_OUT_OF_JSON = "\x00\x1b<&>\ufffe end"


def exported(run: ExampleRun, name: str, folder: Path) -> tuple[Path, list[str]]:
    """What an export wrote, and the sentences about what it lost."""
    output = folder / f"out-{name}"
    lost = export_episode(run.episode(folder / "episode"), name, output, progress=no_progress)
    return output, list(lost)


def read_back(code: str) -> list[Action]:
    """The actions that a piece of exported code is, as a model's code would be read."""
    if (word := read_word(code, SIZE)) is not None:
        return list(word)
    return list(dialect.read_code(code, SIZE) or ())


def plain(actions: list[Action]) -> list[object]:
    """Actions with pixels in place of shares; a diagonal scroll as its two turns.

    A turn or drag without a place of its own begins where the pointer is, and says so or not.
    """
    found: list[object] = []
    pointer: object = None
    for action in actions:
        turns = [action]
        if isinstance(action, Scroll) and action.dx and action.dy:
            turns = [Scroll(dy=action.dy, at=action.at), Scroll(dx=action.dx, at=action.at)]
        for turn in turns:
            kind = type(turn).__name__
            points = [(p.x, p.y) for p in target_points(turn, TRANSFORM)]
            if kind in ("Scroll", "Drag") and len(points) < (2 if kind == "Drag" else 1):
                points.insert(0, pointer)
            pointer = points[-1] if points else pointer
            details = {
                name: getattr(turn, name)
                for name in turn.__struct_fields__
                if name not in ("at", "start", "end")
            }
            found.append((kind, points, details))
    return found


def test_agentnet_holds_the_same_actions_at_the_same_pixels(tmp_path: Path):
    output, _ = exported(ExampleRun(), "agentnet", tmp_path)
    (line,) = (output / "agentnet.jsonl").read_text().splitlines()
    steps = json.loads(line)["traj"]
    held = [actions for actions in ACTIONS if not isinstance(actions[0], AskHuman)]
    assert [plain(read_back(step["value"]["code"])) for step in steps] == [
        plain(list(actions)) for actions in held
    ]


def test_agentnet_has_the_fields_and_images_of_its_own_files(tmp_path: Path):
    output, lost = exported(ExampleRun(), "agentnet", tmp_path)
    task = json.loads((output / "agentnet.jsonl").read_text())
    assert set(task) == {
        *("task_id", "instruction", "task_completed", "alignment_score", "efficiency_score"),
        *("task_difficulty", "reason", "natural_language_task", "actual_task", "traj"),
    }
    assert task["instruction"] == "Look there."
    assert task["task_completed"] is True
    opened = open_episode(tmp_path / "episode")
    for number, step in enumerate(task["traj"]):
        assert set(step) == {"index", "image", "value"}
        assert step["index"] == number
        assert set(step["value"]) == {
            *("observation", "thought", "action", "code"),
            *("last_step_correct", "last_step_redundant", "reflection"),
        }
        recorded = next(s for s in opened.steps if step["image"].endswith(f"_{s.number}.png"))
        with Image.open(output / "images" / step["image"]) as image:
            assert np.array_equal(
                np.asarray(image), np.asarray(opened.frame(recorded.frame_before.sha1))
            )
    assert "questions to the person: 1" in lost
    assert "steps without an action: 1" in lost
    assert (output / "lost.txt").read_text().splitlines() == lost


def test_agentnet_code_looks_like_its_own(tmp_path: Path):
    run = ExampleRun(actions=((Click(at(100, 50), "right"),), (Terminate("success"),)))
    output, _ = exported(run, "agentnet", tmp_path)
    steps = json.loads((output / "agentnet.jsonl").read_text())["traj"]
    assert [step["value"]["code"] for step in steps] == [
        "pyautogui.rightClick(x=0.3141, y=0.2525)",
        "computer.terminate(status='success')",
    ]


def test_osworld_holds_the_same_actions_at_the_same_pixels(tmp_path: Path):
    output, _ = exported(ExampleRun(), "osworld", tmp_path)
    lines = [json.loads(line) for line in (output / "traj.jsonl").read_text().splitlines()]
    by_step: dict[int, list[Action]] = {}
    for line in lines:
        by_step.setdefault(line["step_num"], []).extend(read_back(line["action"]))
    expected: dict[int, list[object]] = {}
    for number, actions in enumerate(ACTIONS, 1):
        held: list[Action] = [each for each in actions if not isinstance(each, AskHuman)]
        # its words hold neither how long to wait nor an answer
        held = [Wait(5.0) if isinstance(each, Wait) else each for each in held]
        held = [Terminate("success") if isinstance(each, Terminate) else each for each in held]
        if held:
            expected[number] = plain(held)
    assert {number: plain(actions) for number, actions in by_step.items()} == expected


def test_osworld_has_the_fields_and_files_of_its_own_results(tmp_path: Path):
    output, lost = exported(ExampleRun(), "osworld", tmp_path)
    lines = [json.loads(line) for line in (output / "traj.jsonl").read_text().splitlines()]
    for line in lines:
        assert set(line) == {
            *("step_num", "action_timestamp", "action", "response", "reward", "done", "info"),
            "screenshot_file",
        }
        assert line["screenshot_file"] == f"step_{line['step_num']}_{line['action_timestamp']}.png"
        assert (output / line["screenshot_file"]).is_file()
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    assert (lines[-1]["action"], lines[-1]["info"]) == ("DONE", {"done": True})
    assert len(list(output.glob("step_0_*.png"))) == 1
    assert (output / "instruction.txt").read_text() == "Look there."
    assert float((output / "result.txt").read_text()) == 1.0
    assert "questions to the person: 1" in lost
    assert "answers: 1" in lost


def test_a_failed_run_has_no_points_in_osworld(tmp_path: Path):
    run = ExampleRun(actions=((Terminate("failure"),),), outcome="failure")
    output, _ = exported(run, "osworld", tmp_path)
    line = json.loads((output / "traj.jsonl").read_text())
    assert (line["action"], line["info"]) == ("FAIL", {"fail": True})
    assert float((output / "result.txt").read_text()) == 0.0


@given(
    x=st.floats(0, 1), y=st.floats(0, 1), width=st.integers(2, 8000), height=st.integers(2, 8000)
)
def test_shares_and_pixels_name_the_pixel_that_was_meant(x: float, y: float, width, height):
    size = Size(width, height)
    transform = replace(TRANSFORM, size=size)
    click = Click(RelativePoint(x, y))
    (shares,) = lines_of(click, as_shares(size))
    (back,) = dialect.read_code(shares, size) or ()
    assert target_points(back, transform) == target_points(click, transform)
    (pixels,) = lines_of(click, as_pixels(size))
    point = target_points(click, transform)[0]
    left, top = point.x - transform.origin.x, point.y - transform.origin.y
    assert pixels == f"pyautogui.click({left}, {top})"


def test_jsonl_holds_every_step_with_its_points_in_pixels(tmp_path: Path):
    output, lost = exported(ExampleRun(), "jsonl", tmp_path)
    lines: list[dict[str, Any]] = [json.loads(line) for line in output.read_text().splitlines()]
    opened = open_episode(tmp_path / "episode")
    assert [line["step"] for line in lines] == [step.number for step in opened.steps]
    assert [len(line["actions"]) for line in lines] == [len(actions) for actions in ACTIONS]
    second = lines[1]
    assert second["actions"][0]["frame_points"] == [[100.5, 50.5]]
    assert second["actions"][0]["screen_points"] == [[-220, 90]]
    assert second["actions"][0]["action"]["type"] == "click"
    assert second["thought"] == "Look there."
    assert second["mistakes"] == ["Look there."]
    assert second["began"] == 4.0
    assert second["seconds"] == pytest.approx(1.8)
    assert second["timing"]["decode"] == 0.6
    assert second["frame_before"]["sha1"] == opened.steps[1].frame_before.sha1
    assert len(lost) == 1


@pytest.mark.parametrize(
    ("outcome", "element"),
    [("success", None), ("failure", "failure"), ("limit", "failure"), ("stopped", "error")],
)
def test_junit_says_how_the_run_ended(tmp_path: Path, outcome: str, element: str | None):
    output, _ = exported(ExampleRun(outcome=outcome), "junit", tmp_path)
    suite = ElementTree.parse(output).getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == (
        *("1", str(int(element == "failure")), str(int(element == "error"))),
    )
    problems = [each for tag in ("failure", "error") for each in suite.iter(tag)]
    assert [each.tag for each in problems] == ([element] if element else [])
    for problem in problems:
        assert problem.get("message") == "Look there. — Look there."
        assert "Step 10" in (problem.text or "")
        assert "thought: Look there." in (problem.text or "")


def test_junit_of_a_run_that_was_cut_off_is_an_error(tmp_path: Path):
    episode = ExampleRun().episode(tmp_path / "episode")
    events = episode.folder / EVENTS_FILE
    events.write_bytes(b"".join(events.read_bytes().splitlines(keepends=True)[:-4]))
    export_episode(open_episode(episode.folder), "junit", tmp_path / "x.xml", progress=no_progress)
    error = ElementTree.parse(tmp_path / "x.xml").find("testsuite/testcase/error")
    assert error is not None
    assert error.get("type") == "cut off"


def test_junit_is_well_formed_whatever_the_texts_hold(tmp_path: Path):
    output, _ = exported(ExampleRun(says=KEPT_OUT_OF_JSON), "junit", tmp_path)
    case = ElementTree.parse(output).find("testsuite/testcase")
    assert case is not None
    assert "<&>" in (case.get("name") or "")


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_episode_is_exported_as_far_as_it_goes(tmp_path: Path, name: str):
    episode = ExampleRun(says=KEPT_OUT_OF_JSON).episode(tmp_path / "episode")
    frame_file(episode.folder, episode.frames[1].sha1).unlink()
    frame_file(episode.folder, episode.frames[2].sha1).write_bytes(b"no picture")
    events = episode.folder / EVENTS_FILE
    lines = events.read_bytes().replace(b'"at":4.0', b'"at":1e300').splitlines(keepends=True)
    events.write_bytes(b"".join(lines[:30]) + b"not json\n" + b"".join(lines[30:-2]))
    output = tmp_path / "out"
    export_episode(open_episode(episode.folder), name, output, progress=no_progress)
    assert output.is_dir() if FORMATS[name].is_folder else output.stat().st_size > 0


@pytest.mark.parametrize("name", FORMATS)
def test_an_episode_without_a_step_is_exported(tmp_path: Path, name: str):
    run = ExampleRun(actions=())
    output, _ = exported(run, name, tmp_path)
    assert output.exists()


@pytest.mark.parametrize("name", FORMATS)
def test_progress_ends_at_its_total(tmp_path: Path, name: str):
    told: list[tuple[int, int]] = []
    export_episode(
        ExampleRun().episode(tmp_path / "episode"),
        name,
        tmp_path / "out",
        progress=lambda _what, done, total: told.append((done, total)),
    )
    done, total = told[-1]
    assert done == total > 0
    assert sorted(told) == told


@pytest.mark.parametrize("name", FORMATS)
def test_an_output_inside_the_episode_is_refused(tmp_path: Path, name: str):
    episode = ExampleRun(actions=()).episode(tmp_path / "episode")
    before = sorted(episode.folder.rglob("*"))
    with pytest.raises(KnownError, match="in the episode"):
        export_episode(episode, name, episode.folder / "x", progress=no_progress)
    assert sorted(episode.folder.rglob("*")) == before


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if each.is_folder])
def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, name: str):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("precious")
    episode = ExampleRun(actions=()).episode(tmp_path / "episode")
    with pytest.raises(KnownError, match="not an empty folder"):
        export_episode(episode, name, taken, progress=no_progress)
    assert [path.name for path in taken.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if not each.is_folder])
def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path, name: str):
    episode = ExampleRun(actions=()).episode(tmp_path / "episode")
    (tmp_path / "taken").mkdir()
    with pytest.raises(KnownError, match="is a folder"):
        export_episode(episode, name, tmp_path / "taken", progress=no_progress)


def test_an_unknown_format_is_refused_with_the_names_there_are(tmp_path: Path):
    episode = ExampleRun(actions=()).episode(tmp_path / "episode")
    with pytest.raises(KnownError) as caught:
        export_episode(episode, "nonsense", tmp_path / "x", progress=no_progress)
    assert "html" in caught.value.remedy
