"""Recordings of others become episodes: the same actions, and nothing outside their folder."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agent_app.actions import AskHuman, Click, Drag, Terminate, Wait, Write, target_points
from agent_app.episode.reader import Episode, open_episode
from agent_app.errors import KnownError
from agent_app.exporting.formats import export_episode
from agent_app.geometry import RelativePoint, ScreenPoint
from agent_app.importing import recording
from agent_app.importing.formats import import_recordings
from agent_app.model_runtime import no_progress
from tests.fakes.runs import ACTIONS, TRANSFORM, ExampleRun, at


def imported(path: Path, library: Path) -> tuple[list[Episode], list[str]]:
    """The episodes that an import wrote, and all that it said about what is lost."""
    found = list(import_recordings(path, library=library, progress=no_progress))
    return [open_episode(folder) for folder, _ in found], [
        each for _, lost in found for each in lost
    ]


def picture(folder: Path, name: str, color: int = 0, size: tuple[int, int] = (100, 50)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (color, 100, 200)).save(folder / name)


def agentnet(folder: Path, *codes: str, image: str = "{}.png", **fields: object) -> Path:
    """A made-up file of AgentNet with a picture for each step."""
    for index in range(len(codes)):
        picture(folder / "images", f"{index}.png", index)
    traj = [
        {"index": index, "image": image.format(index), "value": {"code": code, "thought": "Hm."}}
        for index, code in enumerate(codes)
    ]
    path = folder / "made-up.jsonl"
    task = {"task_id": "t1", "instruction": "Do it", "traj": traj} | fields
    path.write_text(json.dumps(task) + "\n")
    return path


def osworld(folder: Path, *actions: str) -> Path:
    picture(folder, "step_0_20250101@100000.png", 0)
    lines = []
    for number, action in enumerate(actions, 1):
        name = f"step_{number}_20250101@10000{number}.png"
        picture(folder, name, number)
        line = {
            "step_num": number,
            "action_timestamp": f"20250101@10000{number}",
            "action": action,
            "response": "Because.",
            "reward": 0,
            "done": action in ("DONE", "FAIL"),
            "info": {},
            "screenshot_file": name,
        }
        lines.append(json.dumps(line) + "\n")
    (folder / "traj.jsonl").write_text("".join(lines))
    (folder / "instruction.txt").write_text("Do it")
    (folder / "result.txt").write_text("1.0\n")
    return folder


def test_agentnet_becomes_an_episode(tmp_path: Path):
    path = agentnet(
        tmp_path / "in",
        "pyautogui.click(x=0.5, y=0.5)",
        "pyautogui.moveTo(x=0.1, y=0.2)\npyautogui.dragTo(x=0.3, y=0.4, button='left')",
        "pyautogui.write(message='hi')",
        "computer.terminate(status='success')",
    )
    (episode,), _ = imported(path, tmp_path / "out")
    assert episode.problems == ()
    assert episode.run.task == "Do it"
    assert [[each.action for each in step.actions] for step in episode.steps] == [
        [Click(RelativePoint(0.5, 0.5))],
        [Drag(RelativePoint(0.3, 0.4), RelativePoint(0.1, 0.2))],
        [Write("hi")],
        [Terminate("success")],
    ]
    assert episode.steps[0].actions[0].points == (ScreenPoint(50, 25),)
    assert [episode.frame(s.frame_before.sha1).getpixel((0, 0))[0] for s in episode.steps] == [
        *(0, 1, 2, 3)
    ]
    assert episode.steps[0].thought == "Hm."
    assert episode.end.outcome == "success"


def test_a_file_with_several_tasks_becomes_several_episodes(tmp_path: Path):
    path = agentnet(tmp_path / "in", "pyautogui.click(x=0.5, y=0.5)")
    path.write_text(path.read_text() * 3)
    episodes, _ = imported(path, tmp_path / "out")
    assert len({episode.folder for episode in episodes}) == 3


def test_osworld_shows_the_screen_before_each_action(tmp_path: Path):
    folder = osworld(tmp_path / "task", "# Go\npyautogui.click(50, 25)", "WAIT", "DONE")
    (episode,), _ = imported(folder, tmp_path / "out")
    assert [[each.action for each in step.actions] for step in episode.steps] == [
        [Click(RelativePoint(0.5, 0.5))],
        [Wait(5.0)],
        [Terminate("success")],
    ]
    colors = [episode.frame(s.frame_before.sha1).getpixel((0, 0))[0] for s in episode.steps]
    assert colors == [0, 1, 2]
    assert episode.frame(episode.steps[-1].frame_after.sha1).getpixel((0, 0))[0] == 3
    assert episode.steps[0].actions[0].intent == "Go"
    assert episode.steps[2].at - episode.steps[0].at == pytest.approx(2.0)
    assert (episode.run.task, episode.end.outcome) == ("Do it", "success")


def test_an_osworld_screenshot_that_is_a_jpeg_in_truth_is_found(tmp_path: Path):
    folder = osworld(tmp_path / "task", "pyautogui.click(50, 25)", "DONE")
    png = next(folder.glob("step_1_*.png"))
    with Image.open(png) as image:
        image.save(png.with_suffix(".jpg"))
    png.unlink()
    (episode,), lost = imported(folder, tmp_path / "out")
    assert episode.steps[1].frame_before is not None
    assert not any("picture" in each for each in lost)


def test_a_result_says_how_the_run_ended_whatever_it_said_itself(tmp_path: Path):
    folder = osworld(tmp_path / "task", "DONE")
    (folder / "result.txt").write_text("0.0")
    (episode,), _ = imported(folder, tmp_path / "out")
    assert (episode.end.outcome, episode.end.reason) == (
        "failure",
        "OSWorld's evaluator gave 0",
    )


def test_agentnetbench_becomes_an_episode(tmp_path: Path):
    picture(tmp_path / "in" / "images", "s_1_0.png")
    step = {
        "step_num": 0,
        "image": "s_1_0.png",
        "action": "pyautogui.write(message='a')\npyautogui.press(keys=['enter'])",
        "milestone": False,
        "inner_monologue": {
            "observation": "A field.",
            "thought": "Type.",
            "low_level_instruction": "Type a",
        },
        "ground_truth_actions": [],
    }
    task = {"task_id": "s_1", "high_level_task_description": "Do it", "steps": [step]}
    (tmp_path / "in" / "s_1.json").write_text(json.dumps(task))
    (episode,), _ = imported(tmp_path / "in", tmp_path / "out")
    assert [each.intent for each in episode.steps[0].actions] == ["Type a", "Type a"]
    assert episode.steps[0].thought == "A field.\n\nType."


@pytest.mark.parametrize("name", ["agentnet", "osworld"])
def test_what_was_exported_comes_back_with_the_same_actions_and_screens(tmp_path: Path, name: str):
    # what the formats do not have, or tell by where the pointer is, is left out
    rows = tuple(row for row in ACTIONS if not isinstance(row[0], AskHuman) and len(row) != 3)
    original = ExampleRun(actions=rows).episode(tmp_path / "episode")
    export_episode(original, name, tmp_path / "out", progress=no_progress)
    (episode,), _ = imported(tmp_path / "out", tmp_path / "library")

    def places(opened: Episode, index: int) -> list[list[tuple[int, int]]]:
        origin = opened.steps[index].frame_before.transform.origin
        return [
            [(point.x - origin.x, point.y - origin.y) for point in each.points]
            for each in opened.steps[index].actions
        ]

    if name == "agentnet":
        assert len(episode.steps) == len(original.steps)
        for index in range(len(rows)):
            assert places(episode, index) == places(original, index)
            before = original.frame(original.steps[index].frame_before.sha1)
            after = episode.frame(episode.steps[index].frame_before.sha1)
            assert np.array_equal(np.asarray(before), np.asarray(after))
    first = [step for step in episode.steps if step.actions][1]
    assert first.actions[1].action == ACTIONS[1][1]
    assert target_points(ACTIONS[1][0], TRANSFORM)[0].x + 320 == first.actions[0].points[0].x


@pytest.mark.parametrize(
    "name", ["../secret.png", "/etc/hostname", "images/../../secret.png", "a\0b.png", "link.png"]
)
def test_a_picture_outside_the_folder_is_refused_and_nothing_is_written(tmp_path: Path, name: str):
    picture(tmp_path, "secret.png")
    path = agentnet(tmp_path / "in", "pyautogui.click(x=0.5, y=0.5)", image=name)
    os.symlink(tmp_path / "secret.png", tmp_path / "in" / "images" / "link.png")
    with pytest.raises(KnownError, match="outside its own folder"):
        imported(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_osworld_screenshot_outside_the_folder_is_refused(tmp_path: Path):
    picture(tmp_path, "secret.png")
    folder = osworld(tmp_path / "task", "pyautogui.click(50, 25)")
    log = folder / "traj.jsonl"
    log.write_text(log.read_text().replace("step_1_20250101@100001.png", "../secret.png"))
    with pytest.raises(KnownError, match="outside its own folder"):
        imported(folder, tmp_path / "out")


@pytest.mark.parametrize("code", ["pyautogui.click(x=NaN, y=0.5)", "pyautogui.click(x=5e300, y=1)"])
def test_a_place_that_is_none_is_said_and_not_acted_on(tmp_path: Path, code: str):
    path = agentnet(tmp_path / "in", code, "computer.terminate(status='success')")
    (episode,), lost = imported(path, tmp_path / "out")
    assert episode.steps[0].actions == ()
    assert episode.steps[0].mistakes
    assert any(each.startswith("step 1: its action could not be read") for each in lost)


@pytest.mark.parametrize(
    "code", ["__import__('os').system('touch pwned')", "open('x', 'w')", "while True: pass", "🦊"]
)
def test_code_is_never_run(tmp_path: Path, code: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (episode,), lost = imported(agentnet(tmp_path / "in", code), tmp_path / "out")
    assert episode.steps[0].actions == ()
    assert not (tmp_path / "pwned").exists()
    assert any("could not be read" in each for each in lost)


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b'{"task_id": 1}',
        b'{"task_id": "t", "instruction": "x", "traj": [{"image": "0.png", "value": NaN}]}',
        b"[" * 100_000,
        b'{"task_id": "\xff"}',
    ],
)
def test_a_damaged_line_is_named_by_its_number(tmp_path: Path, line: bytes):
    path = agentnet(tmp_path / "in", "pyautogui.click(x=0.5, y=0.5)")
    path.write_bytes(b"\n" + line + b"\n")
    with pytest.raises(KnownError, match="line 2"):
        imported(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_million_steps_are_refused(tmp_path: Path):
    path = agentnet(tmp_path / "in", *["WAIT"])
    task = json.loads(path.read_text())
    step = json.dumps(task["traj"][0])
    task["traj"] = []
    path.write_text(json.dumps(task).replace("[]", "[" + ",".join([step] * 1_000_000) + "]"))
    with pytest.raises(KnownError, match="1000000 steps"):
        imported(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_million_lines_are_refused(tmp_path: Path):
    folder = osworld(tmp_path / "task", "WAIT")
    (folder / "traj.jsonl").write_text("{}\n" * 1_000_000)
    with pytest.raises(KnownError, match="1000000 steps"):
        imported(folder, tmp_path / "out")


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = agentnet(tmp_path / "in", "WAIT")
    monkeypatch.setattr(recording, "MAX_FILE", path.stat().st_size - 1)
    with pytest.raises(KnownError, match="more than"):
        imported(path, tmp_path / "out")


def bomb() -> bytes:
    """A small file that claims to be a picture of 100,000 x 100,000 pixels."""
    data = io.BytesIO()
    Image.new("RGB", (1, 1)).save(data, "PNG")
    whole = bytearray(data.getvalue())
    whole[16:24] = (100_000).to_bytes(4, "big") * 2
    whole[29:33] = zlib.crc32(bytes(whole[12:29])).to_bytes(4, "big")
    return bytes(whole)


@pytest.mark.parametrize("data", [b"", b"no picture", bomb(), None])
def test_a_bad_or_missing_picture_is_said_and_the_rest_is_kept(tmp_path: Path, data: bytes | None):
    path = agentnet(tmp_path / "in", "pyautogui.click(x=0.5, y=0.5)", "WAIT")
    bad = tmp_path / "in" / "images" / "0.png"
    bad.unlink()
    if data is not None:
        bad.write_bytes(data)
    (episode,), lost = imported(path, tmp_path / "out")
    assert any("step 1: its picture" in each for each in lost)
    assert episode.steps[1].actions[0].action == Wait(5.0)
    assert episode.frame(episode.steps[1].frame_before.sha1) is not None


def test_a_pipe_in_the_place_of_a_picture_does_not_hold_it_up(tmp_path: Path):
    path = agentnet(tmp_path / "in", "WAIT")
    (tmp_path / "in" / "images" / "0.png").unlink()
    os.mkfifo(tmp_path / "in" / "images" / "0.png")
    _, lost = imported(path, tmp_path / "out")
    assert any("no such file" in each for each in lost)


def test_a_report_of_ui_tars_comes_back_at_the_same_pixels(tmp_path: Path):
    rows = (
        (Click(at(33, 77)),),
        (Drag(at(300, 7), at(1, 2)),),
        (Write("it's <b>"),),
        (AskHuman("Which?"),),
        (Terminate("success", "42"),),
    )
    original = ExampleRun(actions=rows).episode(tmp_path / "episode")
    export_episode(original, "ui-tars", tmp_path / "report.html", progress=no_progress)
    (episode,), lost = imported(tmp_path / "report.html", tmp_path / "library")
    assert not any("could not be read" in each for each in lost)
    for step, before in zip(episode.steps, original.steps, strict=True):
        assert type(step.actions[0].action) is type(before.actions[0].action)
        origin = before.frame_before.transform.origin
        assert [(p.x, p.y) for p in step.actions[0].points] == [
            (p.x - origin.x, p.y - origin.y) for p in before.actions[0].points
        ]
        pictures = (original.frame(before.frame_before.sha1), episode.frame(step.frame_before.sha1))
        assert np.array_equal(*map(np.asarray, pictures))
    assert [step.actions[0].action for step in episode.steps[2:]] == [row[0] for row in rows[2:]]


def test_a_report_of_ui_tars_may_hold_anything(tmp_path: Path):
    message = {
        "from": "gpt",
        "screenshotBase64": "///not a picture",
        "predictionParsed": [
            {"action_type": "click", "action_inputs": {"start_box": "[9e99, 1, 2, 3]"}},
            {"action_type": "x(); import os", "action_inputs": {"content": ["deep"]}},
        ],
    }
    data = json.dumps({"instruction": "Do it", "conversations": [message]})
    page = tmp_path / "report.html"
    page.write_text(f'<script type="ui_tars_web_dump" type="application/json">{data}</script>')
    (episode,), lost = imported(page, tmp_path / "library")
    assert episode.steps[0].actions == ()
    assert any("its picture" in each for each in lost)
    assert any("could not be read" in each for each in lost)
    for bad in ("", "<p>none</p>", f'<script type="ui_tars_web_dump">{data[:-5]}</script>'):
        page.write_text(bad)
        with pytest.raises(KnownError, match=r"report\.html"):
            imported(page, tmp_path / "none")


def test_a_path_without_a_recording_says_what_is_known(tmp_path: Path):
    for path in (tmp_path, tmp_path / "missing.jsonl", tmp_path / "missing"):
        with pytest.raises(KnownError) as caught:
            imported(path, tmp_path / "out")
        assert "AgentNet" in caught.value.remedy


def test_episodes_of_ours_are_not_imported_again_but_asked_about(tmp_path: Path):
    library = tmp_path / "library"
    (episode,), _ = imported(agentnet(tmp_path / "in", "WAIT"), library)
    for path in (library, episode.folder):
        with pytest.raises(KnownError, match="need no import") as caught:
            imported(path, tmp_path / "out")
        assert f"agent-app replay {path} --decide" in caught.value.remedy


def test_an_existing_episode_is_left_alone(tmp_path: Path):
    path = agentnet(tmp_path / "in", "WAIT")
    first, _ = imported(path, tmp_path / "out")
    again, _ = imported(path, tmp_path / "out")
    assert first[0].folder != again[0].folder


def test_the_command_prints_where_the_episodes_are_and_what_is_lost(tmp_path: Path):
    path = agentnet(tmp_path / "in", "pyautogui.click(x=0.5, y=0.5)", "fly()")
    command = [sys.executable, "-m", "agent_app", "import", str(path)]
    done = subprocess.run(
        [*command, "--output", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    _reading, folder, *lost = done.stdout.splitlines()
    assert open_episode(Path(folder)).run.task == "Do it"
    assert any("step 2: its action could not be read" in line for line in lost)
