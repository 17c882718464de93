"""Opening episodes: whole, cut off, damaged, altered, and from other versions."""

from __future__ import annotations

import builtins
import functools
import math
import os
import shutil
import struct
import types
import typing
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from agent_app.actions import Terminate
from agent_app.episode.format import (
    EVENTS_FILE,
    FORMAT,
    MAX_LINES,
    VERSION,
    Header,
    UnknownEvent,
    decode_header,
    decode_line,
    encode_line,
)
from agent_app.episode.reader import Episode, open_episode
from agent_app.errors import KnownError
from agent_app.events import (
    ActionDecided,
    Budgets,
    Event,
    FrameCaptured,
    ModelErred,
    ModelWarned,
    QuestionAnswered,
    QuestionAsked,
    RunStarted,
    ScreenSettled,
    StepStarted,
    TokenStreamed,
    WindowRef,
    WindowsSeen,
)
from agent_app.geometry import FrameTransform, Region, RelativePoint, ScreenPoint, Size
from tests.fakes.episodes import MadeUpRun

HEADER = Header(app="0.1.0", created=datetime(2025, 3, 1, 9, 30, tzinfo=UTC), at=100.0)


@pytest.fixture
def episode_folder(tmp_path: Path) -> Path:
    return MadeUpRun(3).record(tmp_path / "episode")


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Episode]:
    """The episode that these lines make."""

    def open_lines(*lines: bytes | Event) -> Episode:
        whole = [line if isinstance(line, bytes) else encode_line(line) for line in lines]
        (tmp_path / EVENTS_FILE).write_bytes(encode_line(HEADER) + b"".join(whole))
        return open_episode(tmp_path)

    return open_lines


share = st.floats(0.0, 1.0)
PLAIN: dict[object, st.SearchStrategy[object]] = {
    float: st.floats(allow_nan=False),
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    str: st.text(st.characters(exclude_categories=["Cs"])),
    type(None): st.none(),
    RelativePoint: st.builds(RelativePoint, share, share),
    FrameTransform: st.builds(
        FrameTransform,
        st.builds(ScreenPoint, st.integers(-9999, 9999), st.integers(-9999, 9999)),
        st.floats(0.25, 8.0),
        st.builds(Size, st.integers(1, 10_000), st.integers(1, 10_000)),
    ),
}


@functools.cache
def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that events are made of."""
    if kind in PLAIN:
        return PLAIN[kind]
    parts = typing.get_args(kind)
    match typing.get_origin(kind):
        case typing.Literal:
            return st.sampled_from(parts)
        case builtins.tuple:
            return st.lists(values(parts[0]), max_size=3).map(tuple)
        case builtins.dict:
            return st.dictionaries(values(parts[0]), values(parts[1]), max_size=2)
        case typing.Union | types.UnionType:
            return st.one_of([values(part) for part in parts])
        case _:
            return st.deferred(lambda: _built(kind))  # a kind may hold values of its own kind


def _built(kind: type) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{name: values(hint) for name, hint in hints.items()})


@pytest.mark.parametrize("kind", typing.get_args(Event))
def test_every_kind_of_event_comes_back_as_it_was(kind: type):
    @given(event=values(kind))
    @settings(max_examples=50, deadline=None)
    def comes_back(event: Event) -> None:
        line = encode_line(event)
        assert line.count(b"\n") == 1
        assert decode_line(line[:-1]) == event

    comes_back()


def test_a_recorded_run_opens_whole(episode_folder: Path):
    run = MadeUpRun(3)
    episode = open_episode(episode_folder)
    assert list(episode.events) == run.recorded_events()
    assert not any(isinstance(event, TokenStreamed) for event in episode.events)
    assert episode.run is not None
    assert episode.run.task == "Make it up"
    assert episode.end is not None
    assert episode.end.outcome == "success"
    assert len(episode.frames) == 4
    for ref in episode.frames:
        image = episode.frame(ref.sha1)
        assert image is not None
    assert episode.problems == ()


def test_frames_are_stored_without_loss(episode_folder: Path):
    run = MadeUpRun(3)
    for step in (1, 2, 3, 4):
        ref = run.frame(step)
        image = open_episode(episode_folder).frame(ref.sha1)
        assert image is not None
        assert np.array_equal(np.asarray(image), run.kept[ref.sha1].pixels)


def test_steps_tell_what_was_seen_thought_done_and_seen_next(episode_folder: Path):
    run = MadeUpRun(3)
    steps = open_episode(episode_folder).steps
    assert [step.number for step in steps] == [1, 2, 3]
    second = steps[1]
    assert second.frame_before == run.frame(2)
    assert second.frame_after == run.frame(3)
    assert steps[2].frame_after == run.frame(4), "the last frame is what the run ended on"
    assert second.thought == "Look. Then act."
    assert second.summary == "Click it."
    assert [action.intent for action in second.actions] == ["Click it", "Greet"]
    assert all(action.done for action in second.actions)
    assert second.settled is not None
    assert second.settled.changed
    assert second.timing is not None
    assert second.timing.decode == 1.0
    assert second.seconds == pytest.approx(8.0)


def test_steps_hold_mistakes_warnings_questions_and_what_was_left_undone(opened):
    episode = opened(
        ModelErred(1, "no action", 1.0),
        ModelWarned(1, "in circles", 2.0),
        QuestionAsked(1, "Which?", ("a", "b"), 3.0),
        QuestionAnswered(1, "b", 4.0),
        QuestionAsked(1, "Sure?", (), 5.0),
        ActionDecided(1, 0, Terminate("failure"), "", (), 6.0),
    )
    (step,) = episode.steps
    assert step.mistakes == ("no action",)
    assert step.warnings == ("in circles",)
    assert step.questions == (("Which?", "b"), ("Sure?", None))
    assert [action.done for action in step.actions] == [False]
    assert (step.frame_before, step.frame_after, step.settled, step.timing) == (None,) * 4


def test_a_step_knows_the_windows_before_and_after_it(opened):
    def captured(step: int) -> FrameCaptured:
        return FrameCaptured(step, MadeUpRun(1).frame(step), 0.0)

    def seen(step: int, *titles: str) -> WindowsSeen:
        place = Region(0, 0, 9, 9)
        stack = tuple(WindowRef(each, "app", place, False, False) for each in titles)
        return WindowsSeen(step, stack, 1.0)

    events = [
        *(StepStarted(1, 0.0), captured(1), seen(1, "a")),
        *(StepStarted(2, 1.0), captured(2)),
        *(StepStarted(3, 2.0), captured(3), seen(3, "b", "a"), captured(3), seen(3)),
    ]
    steps = opened(*events).steps
    titles = [
        tuple([window.title for window in stack] for stack in (s.windows_before, s.windows_after))
        for s in steps
    ]
    assert titles == [(["a"], ["a"]), (["a"], ["b", "a"]), (["b", "a"], [])]


def test_events_have_a_time_of_day(opened):
    episode = opened()
    assert episode.wall_clock(160.0) == HEADER.created + timedelta(minutes=1)


def test_an_unknown_kind_is_kept_and_written_again_as_it_was(opened):
    raw = '{"type":"thought_rated","stars":5,"näme":[1, 2]}'.encode()
    episode = opened(raw + b"\n", ModelErred(1, "x", 1.0))
    assert episode.events == (UnknownEvent(raw, "thought_rated"), ModelErred(1, "x", 1.0))
    assert episode.problems == ()
    assert encode_line(episode.events[0]) == raw + b"\n"


def test_a_known_kind_with_an_unknown_content_is_kept_and_named(opened):
    raw = encode_line(ActionDecided(1, 0, Terminate("success"), "", (), 0.0))
    raw = raw.replace(b'"terminate"', b'"teleport"')
    episode = opened(raw)
    assert episode.events == (UnknownEvent(raw[:-1], "action_decided"),)
    assert episode.problems == ("line 2: this action_decided holds something unknown",)


def test_fields_it_does_not_know_survive_a_round_trip(opened, tmp_path: Path):
    raw = encode_line(ActionDecided(1, 0, Terminate("success"), "", (), 0.0))
    more = raw.replace(b'"status"', b'"pressure":[1.50,null],"status"').replace(
        b'"step":1', b'"step":1, "mood":{"calm":true}'
    )
    missing_newline = raw[:-1]
    episode = opened(raw, more, missing_newline)
    assert [type(event) for event in episode.events] == [ActionDecided] * 3
    assert episode.problems == ()
    assert b"".join(episode.lines()) == encode_line(HEADER) + raw + more + raw
    (tmp_path / EVENTS_FILE).write_bytes(b"".join(episode.lines()))
    assert list(open_episode(tmp_path).lines()) == list(episode.lines())


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_a_number_that_json_does_not_have_is_written_and_read(number: float, opened):
    started = RunStarted("r", '{"float":"inf"}', "m", "", (), Budgets(seconds=number), 0.0)
    episode = opened(started, QuestionAnswered(1, None, number))
    assert b"null" not in encode_line(started)
    assert repr(episode.events) == repr((started, QuestionAnswered(1, None, number)))
    assert episode.problems == ()
    assert episode.wall_clock(number) == HEADER.created


@pytest.mark.parametrize(
    "place",
    [
        b'"x":NaN,"y":0',
        b'"x":1e999,"y":0',
        b'"x":{"float":"nan"},"y":0',
        b'"x":0,"y":{"float":"inf"}',
        b'"x":7,"y":0',
        b'"x":null,"y":0',
    ],
)
def test_a_place_outside_any_frame_is_named_not_raised(place: bytes, opened):
    raw = b'{"type":"action_decided","step":1,"index":0,"action":{"type":"move","at":{' + place
    episode = opened(raw + b'}},"intent":"","points":[],"at":0}\n')
    assert not any(isinstance(event, ActionDecided) for event in episode.events)
    assert len(episode.problems) == 1
    assert episode.steps == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"scale":1.0', b'"scale":0.0'),
        (b'"scale":1.0', b'"scale":-1.0'),
        (b'"scale":1.0', b'"scale":{"float":"nan"}'),
        (b'"width":160', b'"width":0'),
        (b'"width":160', b'"width":-160'),
        (b'"width":160', b'"width":2000000000'),
    ],
)
def test_a_frame_of_no_possible_size_is_named(old: bytes, new: bytes, opened):
    raw = encode_line(FrameCaptured(1, MadeUpRun(1).frame(1), 0.0))
    assert old in raw
    episode = opened(raw.replace(old, new))
    assert episode.frames == ()
    assert episode.problems == ("line 2: this frame_captured holds something unknown",)


def test_a_file_of_a_million_lines_is_read_as_far_as_an_episode_can_go(tmp_path: Path):
    line = encode_line(ModelErred(1, "x", 1.0))
    (tmp_path / EVENTS_FILE).write_bytes(encode_line(HEADER) + line * 1_000_000)
    episode = open_episode(tmp_path)
    assert len(episode.events) == MAX_LINES - 1
    assert episode.problems == (f"the file is too long: after line {MAX_LINES} it was left out",)


def test_an_episode_of_as_many_steps_and_frames_as_there_can_be_opens(tmp_path: Path):
    steps = (MAX_LINES - 1) // 2
    ref = MadeUpRun(1).frame(1)
    lines = (
        encode_line(StepStarted(step, 0.0)) + encode_line(FrameCaptured(step, ref, 0.0))
        for step in range(steps)
    )
    (tmp_path / EVENTS_FILE).write_bytes(encode_line(HEADER) + b"".join(lines))
    episode = open_episode(tmp_path)
    assert len(episode.steps) == steps
    assert all(step.frame_before == ref for step in episode.steps)
    assert episode.problems == (f"frame {ref.sha1[:12]} is missing",)


def test_a_million_bad_lines_make_a_short_list_of_problems(tmp_path: Path):
    (tmp_path / EVENTS_FILE).write_bytes(encode_line(HEADER) + b"x\n" * 1_000_000)
    problems = open_episode(tmp_path).problems
    assert len(problems) < 300
    assert problems[0] == "line 2 is no event and was left out"
    assert "more problems" in problems[-1]


def test_a_line_of_any_length_is_left_out_and_the_next_one_read(
    opened, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("agent_app.episode.reader.MAX_LINE_BYTES", 1000)
    long = encode_line(ModelErred(1, "x" * 5000, 1.0))
    episode = opened(long, ModelErred(2, "b", 2.0), encode_line(ModelErred(3, "y" * 1000, 1.0)))
    assert episode.events == (ModelErred(2, "b", 2.0),)
    assert episode.problems == (
        "line 2 is too long and was left out",
        "line 4 is too long and was left out",
    )


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to(path.with_name("other"))])
def test_a_pipe_or_a_link_in_place_of_the_events_is_refused(
    make: Callable[[Path], object], tmp_path: Path
):
    (tmp_path / "other").write_bytes(encode_line(HEADER))
    make(tmp_path / EVENTS_FILE)
    with pytest.raises(KnownError, match="holds no readable episode"):
        open_episode(tmp_path)


def test_a_moment_that_no_calendar_has_is_that_of_the_header(opened):
    episode = opened()
    for at in (1e300, -1e300, 1e12):
        assert episode.wall_clock(at) == HEADER.created


@pytest.mark.parametrize(
    "garbage",
    [
        b"not json",
        b"[1,2]",
        b'{"step":1}',
        b'{"type":7}',
        b"\xff\xfe",
        b"",
        b"[" * 100_000,
        b'{"type":"x","deep":' + b"[" * 100_000,
        b'{"type":"step_started","step":1,"at":NaN}',
    ],
)
def test_a_garbage_line_is_left_out_and_named_by_its_number(garbage: bytes, opened):
    episode = opened(ModelErred(1, "a", 1.0), garbage + b"\n", ModelErred(2, "b", 2.0))
    assert episode.events == (ModelErred(1, "a", 1.0), ModelErred(2, "b", 2.0))
    assert episode.problems == ("line 3 is no event and was left out",)


def test_an_episode_cut_at_any_byte_opens_with_all_whole_lines_before(episode_folder: Path):
    data = (episode_folder / EVENTS_FILE).read_bytes()
    events = open_episode(episode_folder).events
    ends = [at for at, byte in enumerate(data) if byte == ord("\n")]
    for cut in range(ends[-5] + 1, len(data) + 1):
        (episode_folder / EVENTS_FILE).write_bytes(data[:cut])
        episode = open_episode(episode_folder)
        whole = sum(end <= cut for end in ends) - 1  # less the header; a newline may be missing
        assert episode.events == events[:whole]
        clean = cut in ends or cut - 1 in ends
        expected = () if clean else (f"the last line ({whole + 2}) was cut off",)
        assert tuple(p for p in episode.problems if "frame" not in p) == expected


@given(data=st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_behind_the_header_open(data: bytes, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("any")
    (folder / EVENTS_FILE).write_bytes(encode_line(HEADER) + data)
    episode = open_episode(folder)
    assert len(episode.events) + len(episode.problems) >= (1 if data.strip(b"\n") else 0)
    shutil.rmtree(folder)


def test_a_folder_without_an_episode_is_refused(tmp_path: Path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(KnownError, match=r"holds no readable episode: episode\.jsonl"):
            open_episode(folder)


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"{}",
        b"hello",
        b'{"format":"agent-app episode"}',
        b'{"format":"agent-app episode","version":1}',
        encode_line(HEADER).replace(b'"version":2', b'"version":0'),
        encode_line(HEADER).replace(b"agent-app episode", b"asciicast"),
        encode_line(HEADER).replace(b"2025-03-01", b"yesterday"),
        encode_line(HEADER).replace(b"Z", b""),  # a time without a zone
    ],
)
def test_a_file_that_does_not_begin_like_an_episode_is_refused(first: bytes, tmp_path: Path):
    (tmp_path / EVENTS_FILE).write_bytes(first + b"\n")
    with pytest.raises(KnownError, match="does not begin with the header of an episode"):
        open_episode(tmp_path)


def test_a_newer_format_is_refused_by_name(tmp_path: Path):
    newer = {"format": FORMAT, "version": VERSION + 1, "app": "9.2", "clock": "something else"}
    (tmp_path / EVENTS_FILE).write_bytes(msgspec.json.encode(newer) + b"\n")
    with pytest.raises(KnownError, match=r"format version 3, written by agent-app 9\.2") as refusal:
        open_episode(tmp_path)
    assert refusal.value.remedy == "update agent-app"


def test_a_header_may_have_gained_fields(tmp_path: Path):
    line = encode_line(HEADER)[:-2] + b',"host":"x"}'
    assert decode_header(line, folder=tmp_path) == HEADER


def as_png(folder: Path, sha1: str) -> Path:
    """The file of a frame, made a PNG whatever it was."""
    image = open_episode(folder).frame(sha1)
    assert image is not None
    for path in (folder / "frames").glob(f"{sha1}.*"):
        path.unlink()
    png = folder / "frames" / f"{sha1}.png"
    image.save(png)
    return png


def alter(path: Path) -> None:
    image = Image.open(path)
    image.putpixel((3, 3), (1, 2, 3))
    image.save(path)


def claim_to_be_huge(path: Path) -> None:
    data = path.read_bytes()
    first_chunk = b"IHDR" + struct.pack(">II", 65_000, 65_000) + data[24:29]
    crc = struct.pack(">I", zlib.crc32(first_chunk))
    path.write_bytes(data[:12] + first_chunk + crc + data[33:])


def link_elsewhere(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere.png")
    path.symlink_to(path.parent.parent / "elsewhere.png")


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda path: path.unlink(), "is missing"),
        (alter, "was altered"),
        (claim_to_be_huge, "cannot be read"),
        (lambda path: Image.open(path).convert("L").save(path), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "cannot be read"),
        (lambda path: path.write_bytes(b""), "cannot be read"),
        (lambda path: path.write_bytes(b"GIF89a no picture"), "cannot be read"),
        (link_elsewhere, "cannot be read"),
        (lambda path: path.write_bytes(bytes(2**21)), "cannot be read: it is larger than"),
    ],
)
def test_a_damaged_frame_is_named_and_the_rest_opens(
    damage: Callable[[Path], object], problem: str, episode_folder: Path
):
    first, second = open_episode(episode_folder).frames[:2]
    damage(as_png(episode_folder, second.sha1))
    episode = open_episode(episode_folder)
    assert episode.frame(second.sha1) is None
    assert episode.frame(second.sha1) is None
    (named,) = episode.problems
    assert second.sha1[:12] in named
    assert problem in named
    assert episode.frame(first.sha1) is not None
    assert len(episode.steps) == 3


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 40, "0" * 39, "0" * 40 + "\n"])
def test_a_frame_named_by_anything_but_a_sha1_is_never_looked_for(name: str, opened):
    ref = msgspec.structs.replace(MadeUpRun(1).frame(1), sha1=name)
    episode = opened(FrameCaptured(1, ref, 0.0))
    assert episode.frame(name) is None
    assert len(episode.problems) == 1
    assert "no proper name" in episode.problems[0]


def test_a_frame_of_another_episode_is_none_of_this_one(episode_folder: Path):
    episode = open_episode(episode_folder)
    assert episode.frame("0" * 40) is None
    assert "no frame of this episode" in episode.problems[0]


def test_a_cut_off_run_has_no_end(opened):
    episode = opened(ScreenSettled(1, True, False, 0.1, 0.0))
    assert episode.run is None
    assert episode.end is None
    assert len(episode.steps) == 1
