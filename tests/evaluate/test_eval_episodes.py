"""Recordings as a benchmark: boxes, distances, kinds and texts, and AgentNetBench's own score."""

from __future__ import annotations

import io
import json
import math
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

from agent_app.actions import Action, Click, Drag, Hotkey, Press, Scroll, Terminate, Wait, Write
from agent_app.errors import KnownError
from agent_app.evaluate.agentnetbench import Deed, Right, step_score, truths_in
from agent_app.evaluate.episode_report import report_episodes
from agent_app.evaluate.episodes import import_all
from agent_app.geometry import RelativePoint
from agent_app.model_runtime import Sampling, no_progress
from agent_app.prompting import load_prompt
from agent_app.replaying.batch import Batch, episodes_in
from agent_app.replaying.deciding import DecideSettings
from agent_app.replaying.elements import PixelReader
from tests.fakes.runtime import ScriptedRuntime, reply

BOX = {"rel_bbox": [0.1, 0.2, 0.3, 0.1]}


def deed(kind: str, at: tuple[float, float] | None = None, boxes: int = 0, **params: Any) -> Any:
    if at is not None:
        params["position"] = {"x": at[0], "y": at[1]}
    return {"type": kind, "params": params, "metadata": {"bboxes": [BOX] * boxes}}


def bench(folder: Path) -> Path:
    """A task of AgentNetBench: a click with a box, one with a point, a text, and the end."""
    steps = [
        ("pyautogui.click(x=0.2, y=0.25)", [deed("click", (0.2, 0.25), 1)]),
        ("pyautogui.click(x=0.7, y=0.8)", [deed("click", (0.7, 0.8))]),
        ("pyautogui.write(message='hello')", [deed("write", text="hello")]),
        ("computer.terminate(status='success')", [deed("terminate", status="success")]),
    ]
    rows = []
    for number, (code, truth) in enumerate(steps):
        (folder / "images").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200, 100), (number, 90, 200)).save(folder / "images" / f"{number}.png")
        others = [[deed("click", (0.9, 0.1))]] if number == 1 else []
        rows.append(
            {
                "step_num": number,
                "image": f"{number}.png",
                "action": code,
                "ground_truth_actions": truth,
                "alternative_options": others,
            }
        )
    task = {"task_id": "s_1", "high_level_task_description": "Do it", "steps": rows}
    (folder / "s_1.json").write_text(json.dumps(task))
    return folder


def report(tmp_path: Path, *codes: str) -> str:
    """What is reported of a model that answers so."""
    data, output = bench(tmp_path / "data"), tmp_path / "out"
    import_all(data, output / "episodes", no_progress)
    batch = Batch(
        episodes_in(output / "episodes"),
        load_prompt(),
        DecideSettings(Sampling(temperature=0.0)),
        PixelReader(),
    )
    decisions = batch.ask(
        ScriptedRuntime([reply(code) for code in codes]),
        source="scripted",
        file=output / "decisions.jsonl",
        stop=threading.Event(),
        progress=no_progress,
        tell=print,
    )
    report_episodes(decisions, data, output, Console(file=io.StringIO()))
    lines = (output / "report.md").read_text("utf-8").splitlines()
    return next(line for line in lines if line.startswith("| agentnetbench |"))


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_a_model_that_does_as_recorded_has_everything_right(tmp_path: Path):
    row = cells(
        report(
            tmp_path,
            "pyautogui.click(x=0.39, y=0.29)",  # in the box, far from the point
            "pyautogui.click(x=0.7, y=0.8)",
            "pyautogui.write(message='Hello')",
            "computer.terminate(status='success')",
        )
    )
    assert row[1] == "4"
    assert row[2].startswith("4/4")
    assert row[3].startswith("1/1")
    assert row[4].startswith("1/1")
    assert row[5] == "0 / 0 px"
    assert row[6].startswith("1/1")
    assert row[9] == "100.0"


def test_boxes_distances_kinds_and_texts_are_told_apart(tmp_path: Path):
    row = cells(
        report(
            tmp_path,
            "pyautogui.click(x=0.41, y=0.25)",  # right of the box
            "pyautogui.click(x=0.9, y=0.1)",  # far from the point, and an alternative
            "pyautogui.press('enter')",
            "nothing that can be done",
        )
    )
    assert row[2].startswith("2/4")
    assert row[3].startswith("0/1")
    assert row[4].startswith("0/1")
    assert row[5] == "81 / 81 px"
    assert row[6] == ""
    assert row[10] == "1"
    worth = math.exp(-120 * (0.21 - 0.01 * math.sqrt(2)))
    assert row[9] == f"{100 * (worth + 1) / 4:.1f}"


def test_recordings_are_imported_whole_or_not_at_all_and_once(tmp_path: Path):
    data = bench(tmp_path / "data")
    import_all(data, tmp_path / "episodes", no_progress)
    assert [path.name for path in (tmp_path / "episodes").iterdir()] == ["s_1"]
    (data / "s_1.json").unlink()
    import_all(data, tmp_path / "episodes", no_progress)  # nothing is read again
    with pytest.raises(KnownError):
        import_all(data, tmp_path / "other", no_progress)
    assert not (tmp_path / "other").exists()


def click(x: float, y: float, count: int = 1) -> Click:
    return Click(RelativePoint(x, y), "left", count)


def right(*deeds: Any, folder: Path) -> Right:
    """What a file of the benchmark takes as right at its only step."""
    folder.mkdir(exist_ok=True)
    step = {"ground_truth_actions": list(deeds), "alternative_options": []}
    (folder / "t.json").write_text(json.dumps({"task_id": "t", "steps": [step]}))
    (folder / "other.json").write_text("[1, 2]")
    return truths_in(folder)["t"][0]


@pytest.mark.parametrize(
    ("truth", "done", "worth"),
    [
        ([deed("click", (0.5, 0.5))], [click(0.51, 0.51)], 1.0),
        ([deed("click", (0.5, 0.5))], [click(0.5, 0.53)], math.exp(-120 * (0.03 - 0.0141421356))),
        ([deed("click", (0.9, 0.9), 1)], [click(0.4, 0.3)], 1.0),  # the corner of the box
        ([deed("click", (0.5, 0.5))], [click(0.5, 0.5, 2)], 0.0),
        ([deed("doubleClick", (0.5, 0.5))], [click(0.5, 0.5, 2)], 1.0),
        ([deed("click", (0.5, 0.5))], [click(0.5, 0.5), Write("x")], 0.5),  # one too many
        ([deed("click", (0.5, 0.5))], [], 0.0),
        ([deed("click", (0.5, 0.5))], [Wait(1)], 0.0),
        ([deed("write", text="hello\n")], [Write("Hello"), Press(("enter",))], 1.0),
        ([deed("write", text="hello")], [Write("hellx")], 1.0),  # four of five letters
        ([deed("write", text="hello")], [Write("hexxx")], 0.5),
        ([deed("hotkey", keys=["ctrl", "c"])], [Hotkey(("ctrl", "c"))], 1.0),
        ([deed("hotkey", keys=["ctrl", "c"])], [Hotkey(("ctrl", "v"))], 0.0),
        ([deed("press", keys=["enter"])], [Press(("enter",))], 1.0),
        ([deed("terminate", status="success")], [Terminate("success")], 1.0),
        ([deed("terminate", status="success")], [Terminate("failure")], 0.0),
        (
            [deed("moveTo", (0.5, 0.5)), deed("scroll", (0.5, 0.5), amount=-10)],
            [Scroll(dy=-5, at=RelativePoint(0.5, 0.5))],
            0.75,
        ),
        (
            [deed("moveTo", (0.5, 0.5)), deed("scroll", amount=-10)],
            [Scroll(dy=5, at=RelativePoint(0.5, 0.5))],
            0.5,
        ),
        (
            [deed("moveTo", (0.1, 0.1)), deed("dragTo", (0.9, 0.9))],
            [Drag(RelativePoint(0.9, 0.9), RelativePoint(0.1, 0.1))],
            1.0,
        ),
    ],
)
def test_a_step_is_worth_what_the_benchmark_says(
    tmp_path: Path, truth: list[Any], done: list[Action], worth: float
):
    assert step_score(right(*truth, folder=tmp_path), done) == pytest.approx(worth)


def test_the_best_of_the_truth_and_its_alternatives_counts():
    options = [[Deed("click", (0.1, 0.1))], [Deed("click", (0.9, 0.9))]]
    assert step_score(options, [click(0.9, 0.9)]) == 1.0
    assert step_score([], [click(0.9, 0.9)]) == 0.0
