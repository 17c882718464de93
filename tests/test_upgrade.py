"""Episodes of every older format version open as they were recorded."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import numpy as np
import pytest

from agent_app.actions import Click, Drag, Write
from agent_app.episode import format as episode_format
from agent_app.episode.format import (
    EVENTS_FILE,
    VERSION,
    Header,
    UnknownEvent,
    decode_line,
    encode_line,
)
from agent_app.episode.reader import open_episode
from agent_app.episode.upgrade import UPGRADES, Fields, Upgrade
from agent_app.events import ModelErred
from agent_app.geometry import Monitor, Region, RelativePoint, ScreenPoint

GOLDEN = Path(__file__).parent / "golden"
TINY = Monitor(1, Region(-48, 0, 48, 32), 1.0, "tiny")


def test_there_is_a_step_from_each_version_to_the_next():
    assert len(UPGRADES) == VERSION - 1


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_golden_episode_of_each_version_opens_as_it_was_recorded(version: int):
    episode = open_episode(GOLDEN / f"episode-v{version}")
    assert episode.problems == ()
    assert episode.version == version
    assert episode.header.version == VERSION
    assert episode.header.created == datetime(
        2025, 3, 1, 9, 30, 0, 120000, tzinfo=timezone(timedelta(hours=1))
    )
    assert episode.header.at == 99.5
    assert episode.header.model == "reader"
    assert episode.header.prompt_sha1 == "5e" * 20
    assert episode.header.monitors == (TINY,)
    assert episode.run is not None
    assert episode.run.task == "Draw three bars, “quoted” 你好"
    assert episode.run.budgets.seconds == 60.0
    assert episode.end is not None
    assert (episode.end.outcome, episode.end.answer) == ("success", "three bars")
    first, second = episode.steps
    assert first.thought == "I see one bar."
    assert [done.action for done in first.actions] == [
        Click(RelativePoint(0.25, 0.5), "right", 2, ("ctrl",)),
        Write("naïve <b> 你好"),
    ]
    assert first.timing is not None
    assert first.timing.prefill == 0.2
    assert second.mistakes == ("no action was found",)
    assert second.questions == (("Which bar?", None),)
    assert second.actions[0].action == Drag(RelativePoint(0.5, 0.5), RelativePoint(0.1, 0.0))
    assert second.actions[0].points == (ScreenPoint(-44, 0), ScreenPoint(-24, 16))
    (unknown,) = (event for event in episode.events if isinstance(event, UnknownEvent))
    assert unknown.raw == '{"type":"thought_rated","stars":5,"näme":[1, 2]}'.encode()
    for bars, ref in enumerate(episode.frames, start=1):
        image = episode.frame(ref.sha1)
        assert image is not None
        expected = np.full((32, 48, 3), (46, 52, 64), np.uint8)
        expected[4:24, 6:40] = (250, 250, 250)
        expected[8:12, 10 : 10 + 6 * bars] = (200, 40, 50)
        assert np.array_equal(np.asarray(image), expected)
    assert len(episode.frames) == 3


def test_an_older_episode_written_again_is_one_of_this_version(tmp_path: Path):
    older = open_episode(GOLDEN / "episode-v1")
    (tmp_path / EVENTS_FILE).write_bytes(b"".join(older.lines()))
    newer = open_episode(tmp_path)
    assert newer.version == VERSION
    assert newer.header == older.header
    assert newer.events == older.events


def test_an_older_header_without_a_run_is_upgraded_too(tmp_path: Path):
    first = (GOLDEN / "episode-v1" / EVENTS_FILE).read_bytes().split(b"\n")[0]
    for rest in (b"", b"\n", b"\ngarbage\n", b'\n{"type":"run_started"}\n'):
        (tmp_path / EVENTS_FILE).write_bytes(first + rest)
        header = open_episode(tmp_path).header
        assert (header.model, header.monitors, header.version) == ("", (), VERSION)


def test_steps_follow_one_another_and_change_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def rename(event: Fields) -> Fields:
        return {**event, "message": event["message"].upper()} if "message" in event else event

    def raise_version(header: Fields, first: Fields) -> Fields:
        return {**header, "version": header["version"] + 1, "app": first.get("message", "")}

    steps = (*UPGRADES, Upgrade(raise_version, rename), Upgrade(raise_version))
    monkeypatch.setattr(episode_format, "UPGRADES", steps)
    monkeypatch.setattr(episode_format, "VERSION", VERSION + 2)
    header = Header(app="x", created=datetime.now().astimezone(), at=0.0, version=VERSION)
    line = b'{"type":"model_erred","step":1,"message":"old","at":1.0,"more":[]}'
    (tmp_path / EVENTS_FILE).write_bytes(encode_line(header) + line + b"\nbroken\n")
    episode = open_episode(tmp_path)
    assert episode.version == VERSION
    assert episode.header.version == VERSION + 2
    assert episode.header.app == "old"
    assert episode.events == (ModelErred(1, "OLD", 1.0),)
    assert episode.problems == ("line 3 is no event and was left out",)
    _, again = episode.lines()
    assert msgspec.json.decode(again)["more"] == []
    assert decode_line(again[:-1]) == episode.events[0]
