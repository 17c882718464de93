"""Splitting a streamed reply into thought and summary, and the size a model sees."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent_app.geometry import Size
from agent_app.model_runtime import (
    KIMI_VL_LIMITS,
    ImageLimits,
    Piece,
    Reply,
    ReplySplitter,
    model_size,
)

OPEN, CLOSE = "◁think▷", "◁/think▷"


def split(chunks: list[bytes]) -> tuple[list[Piece], Reply]:
    splitter = ReplySplitter()
    pieces = [piece for chunk in chunks for piece in splitter.feed(chunk)]
    rest, reply = splitter.finish("stop")
    return pieces + rest, reply


def replay(pieces: list[Piece]) -> dict[str, str]:
    """What a view shows in the end that appends every piece and starts over at a restart."""
    shown = {"thought": "", "summary": ""}
    for piece in pieces:
        if piece.restart:
            shown = {"thought": "", "summary": ""}
        shown[piece.channel] += piece.text
    return shown


@pytest.mark.parametrize(
    ("text", "thought", "summary"),
    [
        ("", "", ""),
        ("just an answer", "", "just an answer"),
        (f"{OPEN}why{CLOSE}what", "why", "what"),
        (f"{OPEN}\n why \n{CLOSE}\n\nwhat\n", "why", "what"),
        (f"{OPEN}\n\n{CLOSE}what", "", "what"),
        (f"{OPEN}why{CLOSE}", "why", ""),
        (f"why{CLOSE}what", "why", "what"),
        (f"{CLOSE}what", "", "what"),
        (f"{OPEN}never closed", "never closed", None),
        (f"what{OPEN}never closed", "never closed", None),
        (f"{OPEN}cut off in a mark ◁/thi", "cut off in a mark ◁/thi", None),
        (f"{OPEN}one{CLOSE}{OPEN}two{CLOSE}what", "one\n\ntwo", "what"),
        (f"{OPEN}one{CLOSE}first{OPEN}two{CLOSE}second", "one\n\ntwo", "first\n\nsecond"),
        (f"{OPEN}one {OPEN}inside{CLOSE}what", "one inside", "what"),
        (f"{OPEN}one{CLOSE}two{CLOSE}what", "one\n\ntwo", "what"),
        (f"one{CLOSE}two{CLOSE}what", "one\n\ntwo", "what"),
        ("no mark ◁thin▷ ◁", "", "no mark ◁thin▷ ◁"),
        (f"◁{OPEN}why◁{CLOSE}what", "why◁", "◁\n\nwhat"),
        ("a NUL \0 stays", "", "a NUL \0 stays"),
    ],
)
def test_a_reply_is_split_at_its_marks(text: str, thought: str, summary: str | None) -> None:
    _, reply = split([text.encode()])
    assert reply == Reply(thought, summary, "stop")


replies = st.lists(
    st.sampled_from([OPEN, CLOSE, OPEN, CLOSE, "◁", "▷", "◁/", "think", "\n", " ", "\0", "é你😀"])
    | st.text(max_size=5),
    max_size=12,
).map(lambda parts: "".join(parts).encode("utf-8", "replace"))


@settings(max_examples=600, deadline=None)
@given(replies, st.data())
def test_any_cut_into_tokens_gives_the_same_reply(reply: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(reply)), max_size=12)))
    bounds = [0, *cuts, len(reply)]
    chunks = [reply[a:b] for a, b in pairwise(bounds)]
    assert split(chunks)[1] == split([reply])[1]
    assert split([reply[i : i + 1] for i in range(len(reply))])[1] == split([reply])[1]


@settings(max_examples=600, deadline=None)
@given(replies, st.integers(1, 9))
@example(f"one{CLOSE}two{CLOSE}what".encode(), 1)
@example(f"{OPEN}one{CLOSE}first{OPEN}two{CLOSE}second{CLOSE}third".encode(), 4)
def test_the_streamed_pieces_add_up_to_the_reply(reply: bytes, step: int) -> None:
    pieces, whole = split([reply[i : i + step] for i in range(0, len(reply), step)])
    shown = replay(pieces)
    assert shown["thought"].strip() == whole.thought
    assert whole.summary in (shown["summary"].strip(), None)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_broken_bytes_are_replaced_and_never_raise(reply: bytes) -> None:
    by_byte = split([reply[i : i + 1] for i in range(len(reply))])[1]
    assert by_byte == split([reply])[1]


def test_text_streams_at_once_and_a_possible_mark_is_held_back() -> None:
    splitter = ReplySplitter()
    assert splitter.feed(b"so") == [Piece("summary", "so")]
    assert splitter.feed(" ◁th".encode()) == [Piece("summary", " ")]
    assert splitter.feed(b"ose") == [Piece("summary", "◁those")]
    assert splitter.feed("◁think".encode()) == []
    assert splitter.feed("▷why".encode()) == [Piece("thought", "why")]


def test_a_character_cut_in_two_waits_for_its_rest() -> None:
    splitter = ReplySplitter()
    first, second = "你".encode()[:2], "你".encode()[2:]
    assert splitter.feed(first) == []
    assert splitter.feed(second) == [Piece("summary", "你")]


def test_an_end_mark_that_was_never_opened_restarts_the_stream() -> None:
    splitter = ReplySplitter()
    assert splitter.feed(b"why") == [Piece("summary", "why")]
    assert splitter.feed(f"{CLOSE}what".encode()) == [
        Piece("thought", "why", restart=True),
        Piece("summary", "what"),
    ]


def test_a_restart_keeps_what_was_rightly_split_before() -> None:
    pieces, reply = split([f"{OPEN}a{CLOSE}b{OPEN}c{CLOSE}d".encode(), f"{CLOSE}e".encode()])
    assert pieces[-3:] == [
        Piece("thought", "a\n\nc\n\nd", restart=True),
        Piece("summary", "b"),
        Piece("summary", "\n\ne"),
    ]
    assert reply == Reply("a\n\nc\n\nd", "b\n\ne", "stop")


def test_a_reply_says_why_it_ended() -> None:
    splitter = ReplySplitter()
    splitter.feed(OPEN.encode())
    assert splitter.finish("length") == ([], Reply("", None, "length"))


@pytest.mark.parametrize(
    ("capture", "seen"),
    [
        (Size(1280, 720), Size(1288, 728)),
        (Size(1920, 1080), Size(1932, 1092)),
        (Size(2560, 1440), Size(2380, 1344)),
        (Size(7680, 4320), Size(2380, 1344)),
        (Size(28, 28), Size(28, 28)),
        (Size(1, 1), Size(28, 28)),
        (Size(1, 8000), Size(28, 7140)),
        (Size(8000, 1), Size(7140, 28)),
    ],
)
def test_a_capture_is_seen_on_the_grid(capture: Size, seen: Size) -> None:
    assert model_size(capture, KIMI_VL_LIMITS) == seen


sides = st.integers(1, 100_000) | st.integers(1, 60)
limits = st.builds(
    lambda grid, cells, spare, side: ImageLimits(
        grid, grid * grid * cells + spare, None if side is None else side * grid + spare % grid
    ),
    st.integers(1, 64),
    st.integers(1, 20_000),
    st.integers(0, 4000),
    st.none() | st.integers(1, 600),
)


@settings(max_examples=1500, deadline=None)
@given(st.builds(Size, sides, sides), st.just(KIMI_VL_LIMITS) | limits)
def test_the_size_seen_always_keeps_the_limits(capture: Size, within: ImageLimits) -> None:
    seen = model_size(capture, within)
    assert seen.width % within.grid == 0
    assert seen.height % within.grid == 0
    assert min(seen.width, seen.height) >= within.grid
    assert seen.width * seen.height <= within.max_pixels
    assert within.max_side is None or max(seen.width, seen.height) <= within.max_side
    assert seen.width <= max(within.grid, capture.width + within.grid / 2)
    assert seen.height <= max(within.grid, capture.height + within.grid / 2)


@settings(max_examples=500, deadline=None)
@given(st.builds(Size, st.integers(320, 8000), st.integers(240, 8000)))
def test_the_aspect_is_kept_to_a_cell(capture: Size) -> None:
    seen = model_size(capture, KIMI_VL_LIMITS)
    assert model_size(seen, KIMI_VL_LIMITS) == seen
    height = seen.width * capture.height / capture.width
    slack = KIMI_VL_LIMITS.grid * (1 + capture.height / capture.width)
    assert abs(seen.height - height) <= slack


@pytest.mark.parametrize(
    "bad", [(0, 100, None), (28, 783, None), (28, 784, 27)], ids=["grid", "pixels", "side"]
)
def test_limits_that_fit_no_picture_are_refused(bad: tuple[int, int, int | None]) -> None:
    with pytest.raises(ValueError, match="no picture fits"):
        ImageLimits(*bad)
