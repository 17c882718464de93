"""Calibration: where clicks arrive on every monitor, what is stored of it, what it puts right."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from Xlib.display import Display
from Xlib.ext import randr, record
from Xlib.protocol import rq

from agent_app.actions import Button
from agent_app.calibration import (
    CorrectedInput,
    Correction,
    Measuring,
    MonitorResult,
    Stretch,
    corrected,
    keep,
    kept_at,
)
from agent_app.calibration.measuring import COLOURS, Offset, middle_of_spot
from agent_app.errors import KnownError, RunEnded
from agent_app.events import WindowRef
from agent_app.geometry import FrameTransform, Monitor, Region, ScreenPoint, Size
from agent_app.screen.frame import Frame, Pixels
from agent_app.virtual import VirtualDesktop
from agent_app.workplace import Workplace, WorkplaceOptions
from tests.fakes.input import RecordingInput

Bend = Callable[[ScreenPoint], tuple[float, float]]
_MARGIN, _RADIUS = 24, 12  # captured pixels


def straight(point: ScreenPoint) -> tuple[float, float]:
    return point.x, point.y


class BentInput(RecordingInput):
    """What is sent to a place arrives where `bend` says."""

    def __init__(self, bend: Bend) -> None:
        super().__init__()
        self.bend = bend
        self.on_press: Callable[[float, float], None] = lambda _x, _y: None

    def button_down(self, button: Button) -> None:
        super().button_down(button)
        self.on_press(*self.bend(self.position()))


class Wall:
    """A `Board` and the `Screen` that captures it: one monitor, at any place and scale."""

    def __init__(self, region: Region, scale: float, input: BentInput) -> None:
        self.region = region
        self.scale = scale
        self.size = Size(round(region.width * scale), round(region.height * scale))
        self.pixels = self._drawn(None, 0)
        self.middle = (0, 0)
        self.hidden = self.deaf = False
        self._arrived: Offset | None = None
        self._screen = -1
        input.on_press = self._feel
        self.screens = 3  # the monitor is the second one of them

    def show(self, screen: int, target: int, colour: int) -> None:
        self._screen = screen
        self.pixels = self._drawn(None if self.hidden or screen != 1 else target, colour)

    def arrival(self, seconds: float) -> Offset | None:
        assert seconds > 0
        return None if self.deaf else self._arrived

    def monitors(self) -> tuple[Monitor, ...]:
        return (Monitor(2, self.region, self.scale),)

    def grab(self) -> Frame:
        origin = ScreenPoint(self.region.left, self.region.top)
        return Frame(self.pixels, FrameTransform(origin, self.scale, self.size), 2, 0.0)

    def windows(self) -> tuple[WindowRef, ...]:
        return ()

    def check(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _drawn(self, target: int | None, colour: int) -> Pixels:
        width, height = self.size.width, self.size.height
        pixels = np.full((height, width, 3), 40, np.uint8)
        if target is not None:
            x = (_MARGIN, width // 2, width - 1 - _MARGIN)[target % 3]
            y = (_MARGIN, height // 2, height - 1 - _MARGIN)[target // 3]
            self.middle = (x, y)
            rows, columns = np.ogrid[:height, :width]
            pixels[(columns - x) ** 2 + (rows - y) ** 2 <= _RADIUS**2] = COLOURS[colour]
        return pixels

    def _feel(self, x: float, y: float) -> None:
        """Where it arrived, in input units from the one that holds the target's middle."""
        unit_x = self.middle[0] // self.scale
        unit_y = self.middle[1] // self.scale
        self._arrived = Offset(
            round(x) - self.region.left - unit_x, round(y) - self.region.top - unit_y
        )


def measured(region: Region, scale: float, bend: Bend) -> MonitorResult:
    hand = BentInput(bend)
    wall = Wall(region, scale, hand)
    return Measuring(wall, wall, hand, wall.monitors()[0], threading.Event()).run()


PLACES = {
    "the first": Region(0, 0, 320, 200),
    "left of it and above": Region(-256, -300, 256, 160),
    "rotated": Region(-160, 100, 160, 256),
    "far to the right": Region(3840, 0, 320, 240),
}


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("place", PLACES)
def test_on_every_monitor_clicks_arrive_on_the_unit(place: str, scale: float) -> None:
    result = measured(PLACES[place], scale, straight)
    assert result.correction is None
    assert result.exact
    assert result.before == 0.0


@pytest.mark.parametrize(("place", "scale"), list(zip(PLACES, (1.0, 1.25, 2.0, 1.5), strict=True)))
def test_what_arrives_shifted_and_stretched_is_put_right(place: str, scale: float) -> None:
    region = PLACES[place]

    def bend(sent: ScreenPoint) -> tuple[float, float]:
        across, down = sent.x - region.left, sent.y - region.top
        return region.left + across * 1.03 - 9, region.top + down * 0.98 + 4

    result = measured(region, scale, bend)
    assert result.before > 4
    assert result.correction is not None
    assert result.exact, result


def test_what_no_correction_helps_is_said_and_none_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flips = iter(range(1000))

    def jumps(sent: ScreenPoint) -> tuple[float, float]:
        return sent.x + (9 if next(flips) % 2 else -9), sent.y

    result = measured(PLACES["the first"], 1.0, jumps)
    assert not result.exact
    path = tmp_path / "calibration.json"
    keep([MonitorResult(result.monitor, 9.0, 9.0)], path)
    (kept,) = kept_at(path)
    assert (kept.before, kept.after, kept.correction) == (9.0, 9.0, None)
    monkeypatch.setenv("DISPLAY", ":7")
    inner = RecordingInput()
    assert corrected(inner, {"DISPLAY": ":7"}, (result.monitor,), path=path) is inner


def test_a_target_that_does_not_show_and_a_click_that_is_lost_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agent_app.calibration.measuring._SHOWN_SECONDS", 0.1)
    monkeypatch.setattr("agent_app.calibration.measuring._ELSEWHERE_SECONDS", 0.01)
    hand = BentInput(straight)
    wall = Wall(PLACES["the first"], 1.0, hand)
    measuring = Measuring(wall, wall, hand, wall.monitors()[0], threading.Event())
    wall.hidden = True
    with pytest.raises(KnownError, match="the target does not show on monitor 2"):
        measuring.run()
    wall.hidden, wall.deaf = False, True
    with pytest.raises(KnownError, match="did not arrive"):
        measuring.run()
    measuring.stop.set()
    with pytest.raises(RunEnded):
        measuring.run()
    assert hand.held == []


def test_only_a_round_spot_of_its_colour_is_a_target() -> None:
    magenta = COLOURS[0]
    pixels = np.full((200, 300, 3), 90, np.uint8)
    assert middle_of_spot(pixels, magenta) is None
    pixels[50:60, 20:280] = magenta  # a bar of that colour somebody has on the screen
    assert middle_of_spot(pixels, magenta) is None
    pixels[50:60, 20:280] = 90
    pixels[100:121, 40:61] = magenta
    middle = middle_of_spot(pixels, magenta)
    assert middle is not None
    assert (middle.x, middle.y) == (50.5, 110.5)
    assert middle_of_spot(pixels, COLOURS[1]) is None


BENT = Correction(Stretch(1.02, -3.0), Stretch(0.99, 5.0))


def test_a_corrected_pointer_says_where_it_is_wanted_and_is_sent_elsewhere() -> None:
    region = PLACES["left of it and above"]
    inner = RecordingInput()
    hand = CorrectedInput(inner, {region: BENT})
    for point in (ScreenPoint(-256, -300), ScreenPoint(-100, -200), ScreenPoint(-1, -141)):
        hand.move(point)
        sent = inner.position()
        assert BENT.arrives(sent, region) == point
        assert hand.position() == point
    elsewhere = ScreenPoint(700, 700)
    hand.move(elsewhere)
    assert inner.position() == hand.position() == elsewhere


def test_a_correction_is_kept_for_its_monitor_alone_and_goes_when_it_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "agent-app" / "calibration.json"
    one = Monitor(1, Region(0, 0, 640, 400), 1.0, "DP-1")
    other = Monitor(2, Region(-1024, -300, 1024, 600), 2.0, "DP-2")  # left of it
    keep([MonitorResult(one, 9.0, 0.5, BENT), MonitorResult(other, 7.0, 1.0, BENT)], path)
    keep([MonitorResult(one, 0.0, 0.0)], path)
    monkeypatch.setenv("DISPLAY", ":7")
    here = {"DISPLAY": ":7"}
    inner = RecordingInput()
    hand = corrected(inner, here, (one, other), path=path)
    hand.move(ScreenPoint(100, 100))
    assert inner.position() == ScreenPoint(100, 100)
    hand.move(ScreenPoint(-500, 0))
    assert BENT.arrives(inner.position(), other.region) == ScreenPoint(-500, 0)
    assert inner.position() != ScreenPoint(-500, 0)
    moved = Monitor(2, Region(640, 0, 1024, 600), 2.0, "DP-2")
    assert corrected(inner, here, (one, moved), path=path) is inner
    assert corrected(inner, {"DISPLAY": ":8"}, (one, other), path=path) is inner


def test_what_was_kept_before_errors_and_times_were_still_counts(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(
        '{"version": 1, "monitors": [{"name": "DP-1", "region": {"left": 0, "top": 0, "width": 640,'
        ' "height": 400}, "scale": 1.0, "correction": {"x": {"factor": 1.02, "shift": -3.0},'
        ' "y": {"factor": 0.99, "shift": 5.0}}}]}'
    )
    before = datetime.now(UTC).replace(microsecond=0)
    keep([MonitorResult(Monitor(2, Region(640, 0, 800, 600), 1.0, "DP-2"), 1.0, 1.0)], path)
    old, new = kept_at(path)
    assert (old.name, old.correction, old.before, old.at) == ("DP-1", BENT, None, None)
    assert new.at is not None
    assert before <= new.at <= datetime.now(UTC)


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        '{"version": 2}',
        '{"version": 1, "monitors": [{"name": "a"}]}',
        '{"version": 1, "monitors": [{"name": "", "region": {"left": 0, "top": 0, "width": 9,'
        ' "height": 9}, "scale": 1.0, "correction": {"x": {"factor": 0.0, "shift": 0.0},'
        ' "y": {"factor": 1.0, "shift": 0.0}}}]}',
    ],
)
def test_a_file_that_is_not_ours_is_named_and_stays(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(content)
    monkeypatch.setenv("DISPLAY", ":7")
    monitor = Monitor(1, Region(0, 0, 640, 400))
    with pytest.raises(KnownError, match="cannot use the calibration"):
        corrected(RecordingInput(), {"DISPLAY": ":7"}, (monitor,), path=path)
    with pytest.raises(KnownError, match="cannot use the calibration"):
        keep([MonitorResult(monitor, 9.0, 0.5, BENT)], path)
    assert path.read_text() == content


class _SetMonitor(rq.Request):  # the library's own does not pack its structure
    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(43),
        rq.RequestLength(),
        rq.Window("window"),
        record.RawField("data"),
    )


def set_monitors(display: str, **places: Region) -> None:
    """Divide an Xvfb screen into monitors; the first one has the screen's output."""
    with closing(Display(display)) as connection:
        root = connection.screen().root
        outputs = list(root.xrandr_get_screen_resources().outputs)
        for name, place in places.items():
            atom = connection.intern_atom(name)
            sides = (place.left, place.top, place.width, place.height, 200, 200)
            data = struct.pack("=IBBHhhHHII", atom, bool(outputs), 0, len(outputs), *sides)
            data += b"".join(struct.pack("=I", output) for output in outputs)
            major = connection.display.get_extension_major(randr.extname)
            _SetMonitor(display=connection.display, opcode=major, window=root, data=data)
            outputs = []
        connection.sync()


@pytest.mark.desktop
def test_a_run_on_the_persons_own_display_clicks_with_what_is_stored(
    desktop: VirtualDesktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with Workplace(WorkplaceOptions(), environment=desktop.environment) as place:
        (monitor,) = place.screen.monitors()
    keep([MonitorResult(monitor, 9.0, 0.5, Correction(Stretch(1.0, -10.0), Stretch(1.0, 4.0)))])
    with Workplace(WorkplaceOptions(), environment=desktop.environment) as place:
        place.input.move(ScreenPoint(500, 300))
        assert place.input.position() == ScreenPoint(500, 300)
        with closing(Display(desktop.display)) as connection:
            pointer = connection.screen().root.query_pointer()
    assert (pointer.root_x, pointer.root_y) == (510, 296)


@pytest.mark.desktop
def test_on_two_real_monitors_clicks_arrive_at_every_scale_of_the_toolkit(tmp_path: Path) -> None:
    with VirtualDesktop(Size(1280, 800)) as own:
        set_monitors(own.display, L=Region(0, 0, 600, 800), R=Region(600, 100, 680, 500))
        for scales in ("L=1;R=1.5", "L=1.25;R=2"):
            done = subprocess.run(
                [sys.executable, "-m", "agent_app", "doctor", "--calibrate"],
                env={
                    **own.environment,
                    "QT_SCREEN_SCALE_FACTORS": scales,
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    "XDG_CONFIG_HOME": str(tmp_path),
                    "COLUMNS": "200",
                },
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            lines = done.stdout.splitlines()
            assert [line.split(":")[0] for line in lines] == [
                "Monitor 1, 600x800",
                "Monitor 2, 680x500",
            ]
            assert all("within 0 px" in line for line in lines), done.stdout
    (path,) = tmp_path.rglob("calibration.json")
    kept = kept_at(path)
    assert [each.region.width for each in kept] == [600, 680]
    assert all(each.correction is None and each.after == 0.0 for each in kept)
