"""The report data of UI-TARS-desktop and Midscene."""

from __future__ import annotations

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from agent_app.actions import Click, Drag, Hotkey, Terminate, Write
from agent_app.dialects.table import read_uitars
from agent_app.episode.reader import Episode
from agent_app.exporting.formats import export_episode
from agent_app.model_runtime import no_progress
from tests.fakes.runs import ACTIONS, SIZE, ExampleRun, at
from tests.test_export_html import HOSTILE


class Scripts(HTMLParser):
    """The script elements of a page: type, attributes and content; and every other element."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.others: list[str] = []
        self.feed(page.read_text())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.found.append((str(attrs[0][1]), dict(attrs), ""))  # of two types the first counts
        else:
            self.others.append(tag)

    def handle_data(self, data: str) -> None:
        if self.found and self.lasttag == "script":
            kind, attributes, text = self.found[-1]
            self.found[-1] = kind, attributes, text + data


def exported(run: ExampleRun, name: str, folder: Path) -> tuple[Episode, Scripts, list[str]]:
    episode = run.episode(folder / "episode")
    lost = export_episode(episode, name, folder / "report.html", progress=no_progress)
    return episode, Scripts(folder / "report.html"), list(lost)


def ui_tars_data(scripts: Scripts) -> dict[str, Any]:
    ((kind, _, text),) = scripts.found
    assert kind == "ui_tars_web_dump"
    return json.loads(text)


def test_ui_tars_alternates_between_screens_and_replies(tmp_path: Path):
    episode, scripts, _ = exported(ExampleRun(), "ui-tars", tmp_path)
    data = ui_tars_data(scripts)
    assert (data["version"], data["instruction"], data["status"]) == ("v1", "Look there.", "end")
    turns = data["conversations"]
    assert [turn["from"] for turn in turns] == ["human", "gpt"] * len(ACTIONS)
    for step, turn in zip(episode.steps, turns[::2], strict=True):
        with Image.open(io.BytesIO(base64.b64decode(turn["screenshotBase64"]))) as image:
            recorded = episode.frame(step.frame_before.sha1)
            assert np.array_equal(np.asarray(image), np.asarray(recorded))
        assert turn["screenshotContext"]["size"] == {"width": 320, "height": 200}
        assert turn["value"] == "<image>"


def test_ui_tars_names_the_pixels_that_were_clicked(tmp_path: Path):
    _, scripts, _ = exported(ExampleRun(), "ui-tars", tmp_path)
    replies = ui_tars_data(scripts)["conversations"][1::2]
    first = replies[1]["predictionParsed"][0]
    assert (first["action_type"], first["action_inputs"]["start_coords"]) == (
        "left_double",
        [100, 50],
    )
    drag = replies[4]["predictionParsed"][1]["action_inputs"]
    assert (drag["start_coords"], drag["end_coords"]) == ([20, 30], [200, 150])


def test_ui_tars_replies_can_be_read_as_its_own(tmp_path: Path):
    actions = (
        (Click(at(160, 100)),),
        (Click(at(32, 20), count=2),),
        (Drag(at(288, 180), at(32, 20)),),
        (Hotkey(("ctrl", "s")),),
        (Write("it's 你好"),),
        (Terminate("success", "42"),),
    )
    _, scripts, lost = exported(ExampleRun(actions=actions), "ui-tars", tmp_path)
    for (action,), turn in zip(actions, ui_tars_data(scripts)["conversations"][1::2], strict=True):
        code = re.split(r"\nAction: ", turn["value"])[1]
        (read,) = read_uitars(code, SIZE) or ()
        assert type(read) is type(action)
        if isinstance(action, Write | Hotkey | Terminate):
            assert read == action
    assert not any(each.startswith("exactly") for each in lost)


def test_ui_tars_says_which_actions_it_holds_only_roughly(tmp_path: Path):
    _, _, lost = exported(ExampleRun(), "ui-tars", tmp_path)
    assert "exactly: ctrl shift click" in lost
    assert "exactly: hold shift+a for 1.5 s" in lost
    assert "exactly: double click" not in lost


def test_midscene_has_an_execution_for_each_step_with_its_pictures(tmp_path: Path):
    episode, scripts, _ = exported(ExampleRun(), "midscene", tmp_path)
    *pictures, (kind, attributes, text) = scripts.found
    assert kind == "midscene_web_dump"
    assert attributes["playwright_test_status"] == "passed"
    assert {kind for kind, _, _ in pictures} == {"midscene-image"}
    by_id = {attributes["data-id"]: json.loads(text) for _, attributes, text in pictures}
    assert set(by_id) == {ref.sha1 for ref in episode.frames}
    data = base64.b64decode(by_id[episode.frames[3].sha1].removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(data)) as image:
        recorded = episode.frame(episode.frames[3].sha1)
        assert np.array_equal(np.asarray(image), np.asarray(recorded))
    executions = json.loads(text)["executions"]
    assert len(executions) == len(ACTIONS)
    for step, execution in zip(episode.steps, executions, strict=True):
        plan, *rest = execution["tasks"]
        assert (plan["type"], plan["thought"]) == ("Planning", "Look there.")
        assert plan["recorder"][0]["screenshot"] == {"$screenshot": step.frame_before.sha1}
        assert len(rest) == len(step.actions)
        assert rest[-1]["recorder"][0]["screenshot"] == {"$screenshot": step.frame_after.sha1}
    tap = executions[1]["tasks"][1]
    assert (tap["subType"], tap["param"]["locate"]["center"]) == ("Tap", [100.5, 50.5])
    assert executions[1]["tasks"][2]["param"]["value"] == ACTIONS[1][1].text


def test_markup_in_recorded_texts_stays_data(tmp_path: Path):
    for name in ("ui-tars", "midscene"):
        folder = tmp_path / name
        folder.mkdir()
        _, scripts, _ = exported(ExampleRun(says=HOSTILE), name, folder)
        assert set(scripts.others) == {"meta", "title"}
        assert {kind for kind, _, _ in scripts.found} <= {
            *("ui_tars_web_dump", "midscene_web_dump", "midscene-image"),
        }
        data = json.loads(scripts.found[-1][2])
        assert HOSTILE in (data.get("instruction"), data.get("groupName"))
