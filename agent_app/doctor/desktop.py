"""What works: display, capture, pointer and text, accessibility, reading."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from agent_app.doctor.result import CheckResult
from agent_app.doctor.text_field import TextField
from agent_app.errors import RunEnded
from agent_app.geometry import FrameTransform, ScreenPoint, Size

SAMPLE = "héllo <b> 你好 € 😀 Привет"
_LABEL = "Save As 42"
_TREE_SECONDS = 5.0  # a toolkit tells the accessibility bus some time after it shows a window


def check_display(environment: Mapping[str, str]) -> CheckResult:
    """Whether the display answers, and its monitors."""
    from agent_app.screen.capture import open_screen

    screen = open_screen(environment)
    try:
        monitors = ", ".join(
            f"{m.region.width}x{m.region.height}{f' at scale {m.scale:g}' if m.scale != 1 else ''}"
            for m in screen.monitors()
        )
    finally:
        screen.close()
    name = environment.get("DISPLAY")  # there is none on Windows and macOS
    return CheckResult("Display", True, f"{name}: {monitors}" if name else monitors)


def check_capture(environment: Mapping[str, str]) -> CheckResult:
    """Whether a capture shows what is on the screen, and how long it takes."""
    from agent_app.screen.capture import open_screen

    screen = open_screen(environment)
    try:
        screen.check()
        began = time.perf_counter()
        frame = screen.grab()
        spent = time.perf_counter() - began
    finally:
        screen.close()
    size = f"{frame.size.width}x{frame.size.height}"
    return CheckResult("Capture", True, f"{size} in {spent * 1000:.0f} ms, shows what is drawn")


def check_typing(environment: Mapping[str, str], field: TextField) -> CheckResult:
    """Click into a text field, type several scripts, and read them back."""
    from agent_app.input import open_input

    name = "Pointer and text"
    state = field.wait_for(lambda now: bool(now["shown"]))
    hands = open_input(environment)
    try:
        before = hands.position()
        hands.move(ScreenPoint(state["x"], state["y"]))
        hands.button_down("left")
        hands.button_up("left")
        state = field.wait_for(lambda now: bool(now["clicked"]))
        if not state["clicked"]:
            return CheckResult(
                name,
                False,
                "a click on a window of our own did not reach it",
                "close what covers it or holds the pointer (an open menu, a locked screen)",
            )
        hands.write(SAMPLE, threading.Event())
        state = field.wait_for(lambda now: now["text"] == SAMPLE)
        hands.move(before)
    except RunEnded as ended:
        return CheckResult(name, None, f"not checked: {ended.detail}", "leave the pointer alone")
    finally:
        hands.release_all()
        hands.close()
    if state["text"] != SAMPLE:
        return CheckResult(
            name,
            False,
            f"typed {SAMPLE!r}, read back {state['text']!r}",
            "leave the keyboard alone meanwhile; switch input methods (ibus, fcitx) off; or use "
            "--virtual 1280x800",
        )
    return CheckResult(name, True, f"typed and read back: {SAMPLE}")


def check_input_method(environment: Mapping[str, str]) -> CheckResult:
    """Whether an input method may change what is typed."""
    from agent_app.input.input_method import active_input_method

    name = active_input_method(environment)
    if not name:
        return CheckResult("Input method", True, "none is active: keys arrive as they are")
    return CheckResult(
        "Input method",
        None,
        f"{name} is active: it may change what is typed",
        "switch it to plain keys while the agent works, or use --virtual 1280x800",
    )


def check_accessibility(environment: Mapping[str, str]) -> CheckResult:
    """Whether applications tell what they show; the reader's second source."""
    from agent_app.runtimes.reader.seeing.accessibility import AccessibilityTree

    name = "Accessibility"
    remedy = (
        "the reader works without it, from pixels alone; to have it: apt-get install at-spi2-core "
        "libatk-adaptor, in a session with D-Bus"
    )
    address = environment.get("DBUS_SESSION_BUS_ADDRESS")
    if not address:
        return CheckResult(
            name, None, "no session bus: DBUS_SESSION_BUS_ADDRESS is not set", remedy
        )
    tree = AccessibilityTree(address)
    try:
        deadline = time.monotonic() + _TREE_SECONDS
        nodes, notes = tree.read()
        while not nodes and time.monotonic() < deadline:
            time.sleep(0.1)
            nodes, notes = tree.read()
    finally:
        tree.close()
    if not nodes:
        return CheckResult(name, None, "; ".join(notes), remedy)
    applications = len({node.process for node in nodes})
    return CheckResult(name, True, f"{len(nodes)} names from {applications} programs")


def check_ocr() -> CheckResult:
    """Read a picture with words in it."""
    from PIL import Image, ImageDraw, ImageFont

    from agent_app.model_runtime import ImagePart
    from agent_app.runtimes.reader.seeing.ocr import Ocr

    picture = Image.new("RGB", (320, 80), "white")
    ImageDraw.Draw(picture).text((24, 24), _LABEL, "black", ImageFont.load_default(24))
    transform = FrameTransform(ScreenPoint(0, 0), 1.0, Size(*picture.size))
    began = time.perf_counter()
    reader = Ocr()
    opened = time.perf_counter()
    found = reader.read(ImagePart(picture, "", transform))
    spent = time.perf_counter() - opened
    text = " ".join(element.text for element in sorted(found, key=lambda e: e.box.left))
    if text.replace(" ", "") != _LABEL.replace(" ", ""):
        return CheckResult(
            "OCR",
            False,
            f"read {text!r} where {_LABEL!r} is written",
            "pip install --force-reinstall rapidocr onnxruntime",
        )
    return CheckResult(
        "OCR",
        True,
        f"{reader.engine}: opened in {opened - began:.1f} s, read a label in {spent * 1000:.0f} ms",
    )
