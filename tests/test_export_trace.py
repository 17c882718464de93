"""The trace for Playwright's viewer: what that viewer relies on when it opens one."""

from __future__ import annotations

import io
import json
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from agent_app.episode.reader import Episode
from agent_app.exporting.formats import export_episode
from agent_app.model_runtime import no_progress
from tests.fakes.runs import ACTIONS, ExampleRun


class Trace:
    """A trace's records by their type, and its files."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.order = [json.loads(line) for line in self.files["trace.trace"].splitlines()]
        self.network = [json.loads(line) for line in self.files["trace.network"].splitlines()]
        self.records: dict[str, list[Any]] = defaultdict(list)
        for record in self.order:
            self.records[record["type"]].append(record)
        self.snapshots = {
            record["snapshot"]["snapshotName"]: record["snapshot"]
            for record in self.records["frame-snapshot"]
        }

    def pixels(self, name: str) -> np.ndarray:
        """The picture that a snapshot's page shows, found as the viewer finds it: by its URL."""
        _, _, _, (_, _, (_, attributes)) = self.snapshots[name]["html"]
        (entry,) = [
            record["snapshot"]
            for record in self.network
            if record["snapshot"]["request"]["url"] == attributes["src"]
        ]
        assert entry["_monotonicTime"] < self.snapshots[name]["timestamp"]
        data = self.files[f"resources/{entry['response']['content']['_sha1']}"]
        assert entry["response"]["content"]["size"] == len(data)
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image)


@pytest.fixture(scope="module")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Episode:
    return ExampleRun().episode(tmp_path_factory.mktemp("example") / "episode")


@pytest.fixture(scope="module")
def trace(episode: Episode, tmp_path_factory: pytest.TempPathFactory) -> Trace:
    output = tmp_path_factory.mktemp("trace") / "trace.zip"
    export_episode(episode, "playwright-trace", output, progress=no_progress)
    return Trace(output)


def test_it_begins_by_saying_its_version(trace: Trace):
    first = trace.order[0]
    assert (first["type"], first["version"], first["origin"]) == ("context-options", 8, "library")
    assert first["title"] == "Look there."
    assert first["options"]["viewport"] == {"width": 320, "height": 200}
    assert first["wallTime"] > 1.6e12  # milliseconds since 1970


def test_every_action_is_a_call_that_begins_and_ends(trace: Trace):
    begun = [record["callId"] for record in trace.records["before"]]
    assert begun == [record["callId"] for record in trace.records["after"]]
    assert len(begun) == sum(len(actions) for actions in ACTIONS)
    assert len(set(begun)) == len(begun)
    ended = {record["callId"]: record["endTime"] for record in trace.records["after"]}
    starts = [record["startTime"] for record in trace.records["before"]]
    assert starts == sorted(starts)
    assert all(ended[r["callId"]] >= r["startTime"] > 0 for r in trace.records["before"])


def test_each_call_shows_the_screens_before_and_after_it(trace: Trace, episode: Episode):
    ends = {record["callId"]: record["afterSnapshot"] for record in trace.records["after"]}
    for step, actions in zip(episode.steps, ACTIONS, strict=True):
        first, last = f"call@{step.number}.0", f"call@{step.number}.{len(actions) - 1}"
        starts = {r["callId"]: r["beforeSnapshot"] for r in trace.records["before"]}
        before, after = (episode.frame(r.sha1) for r in (step.frame_before, step.frame_after))
        assert np.array_equal(trace.pixels(starts[first]), np.asarray(before))
        assert np.array_equal(trace.pixels(ends[last]), np.asarray(after))


def test_the_point_is_the_last_place_of_the_action_in_pixels(trace: Trace):
    points = {record["callId"]: record["point"] for record in trace.records["input"]}
    assert points["call@2.0"] == {"x": 100.5, "y": 50.5}
    assert points["call@5.1"] == {"x": 200.5, "y": 150.5}  # a drag's end
    assert "call@7.0" not in points
    for record in trace.records["input"]:
        assert record["inputSnapshot"] in trace.snapshots


def test_the_film_strip_has_every_screen_in_order(trace: Trace, episode: Episode):
    strip = trace.records["screencast-frame"]
    assert [record["sha1"] for record in strip] == [f"{ref.sha1}.png" for ref in episode.frames]
    assert all(f"resources/{record['sha1']}" in trace.files for record in strip)
    times = [record["timestamp"] for record in strip]
    assert times == sorted(times)


def test_thoughts_are_in_the_log_and_mistakes_are_errors(trace: Trace):
    logged = {record["callId"]: record["message"] for record in trace.records["log"]}
    assert logged["call@1.0"] == "Summary: Look there."
    errors = {r["callId"]: r["error"] for r in trace.records["after"] if "error" in r}
    assert errors == {"call@2.1": {"name": "Mistake", "message": "Look there."}}


def test_a_run_that_failed_says_so(tmp_path: Path):
    episode = ExampleRun(outcome="failure").episode(tmp_path / "episode")
    export_episode(episode, "playwright-trace", tmp_path / "x.zip", progress=no_progress)
    (error,) = Trace(tmp_path / "x.zip").records["error"]
    assert error["message"] == "failure: Look there."
