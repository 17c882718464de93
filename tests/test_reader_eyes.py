"""The reader's eyes on real applications: what they read, where, and what they must not report."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz import fuzz
from Xlib import X, Xatom
from Xlib.display import Display

from agent_app.geometry import FrameTransform, Region, ScreenPoint, Size
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.seeing.accessibility import AccessibilityTree, AccessibleNode
from agent_app.runtimes.reader.seeing.eyes import Eyes
from agent_app.runtimes.reader.seeing.ink import Box, labels, merged
from agent_app.runtimes.reader.seeing.merging import covered, layers
from agent_app.runtimes.reader.seeing.ocr import Ocr
from agent_app.runtimes.reader.sight import Element, Sight
from agent_app.screen.capture import open_screen
from agent_app.screen.windows import TopLevel
from agent_app.virtual import VirtualDesktop

WaitUntil = Callable[..., None]

pytestmark = pytest.mark.desktop


class Scene:
    """Applications on the desktop, looked at with one pair of eyes."""

    def __init__(self, desktop: VirtualDesktop, eyes: Eyes, wait_until: WaitUntil) -> None:
        self.desktop = desktop
        self.eyes = eyes
        self._wait_until = wait_until
        self._screen = open_screen(desktop.environment)
        self._started: list[subprocess.Popen[bytes]] = []
        self.key_off_the_screen()

    def key_off_the_screen(self) -> None:
        self.run("xdotool", "mousemove", "1279", "799")

    def launch(self, *command: str) -> subprocess.Popen[bytes]:
        process = self.desktop.launch(command)
        self._started.append(process)
        return process

    def run(self, *command: str) -> None:
        subprocess.run(command, env=self.desktop.environment, check=True, capture_output=True)

    def part(self) -> ImagePart:
        return self._screen.grab().for_model(None)

    def look(self) -> Sight:
        return self.eyes.look(self.part())

    def look_until(self, seen: Callable[[Sight], object]) -> Sight:
        """Look until the sight is as wanted; the sight that was."""
        last: list[Sight] = []

        def looked() -> object:
            last[:] = [self.look()]
            return seen(last[0])

        self._wait_until(looked, seconds=40.0)
        return last[0]

    def still(self) -> ImagePart:
        """The screen once two captures in a row are the same."""
        last: list[ImagePart] = [self.part()]

        def quiet() -> bool:
            last.append(self.part())
            return last[-1].sha1 == last[-2].sha1

        self._wait_until(quiet)
        return last[-1]

    def close(self) -> None:
        self._screen.close()
        for process in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGCONT)
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._wait_until(lambda: not self._windows())

    def _windows(self) -> bytes:
        answer = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--class", "."],
            env=self.desktop.environment,
            capture_output=True,
            check=False,
        )
        names = [
            subprocess.run(
                ["xprop", "-id", window, "WM_STATE"],
                env=self.desktop.environment,
                capture_output=True,
                check=False,
            ).stdout
            for window in answer.stdout.decode().split()
        ]
        return b"".join(name for name in names if b"Normal" in name)


@pytest.fixture
def scene(desktop: VirtualDesktop, wait_until: WaitUntil) -> Iterator[Scene]:
    with Eyes(desktop.environment) as eyes:
        made = Scene(desktop, eyes, wait_until)
        yield made
        made.close()


def named(sight: Sight, text: str) -> list[Element]:
    return [element for element in sight.elements if element.text == text]


def texts(sight: Sight) -> set[str]:
    return {element.text for element in sight.elements}


def test_an_editor_is_read_with_its_menus_apart_and_in_place(scene: Scene) -> None:
    scene.launch("mousepad")
    sight = scene.look_until(lambda s: {"File", "Edit", "Search", "View", "Help"} <= texts(s))
    menus = [named(sight, text)[0] for text in ("File", "Edit", "Search", "View", "Help")]
    assert all(menu.role == "menu" and menu.window == sight.windows[0].title for menu in menus)
    assert [menu.box.left for menu in menus] == sorted(menu.box.left for menu in menus)
    assert max(m.box.center.y for m in menus) - min(m.box.center.y for m in menus) < 4
    (page,) = [e for e in sight.elements if e.role == "text"]
    assert page.focused
    assert page.text == ""
    assert page.box.top > menus[0].box.bottom
    (window,) = sight.windows
    assert "Mousepad" in window.title
    assert window.application == "Mousepad"
    assert window.active
    assert all(window.box.contains(menu.box.center) for menu in menus)
    title = [e for e in sight.elements if "Mousepad" in e.text and e.source == "ocr"]
    assert title
    assert title[0].window == window.title


def test_clicking_a_calculators_keys_where_they_are_seen_shows_the_result(scene: Scene) -> None:
    scene.launch("galculator")
    sight = scene.look_until(lambda s: {"6", "7", "*", "="} <= texts(s))
    for key in ("6", "*", "7", "="):
        (found,) = [e for e in named(sight, key) if e.role == "toggle button"]
        center = found.box.center
        scene.run("xdotool", "mousemove", str(int(center.x)), str(int(center.y)), "click", "1")
    scene.key_off_the_screen()
    scene.look_until(lambda s: named(s, "42"))


def test_lone_digits_and_signs_are_read_without_the_accessibility_tree(scene: Scene) -> None:
    scene.launch("galculator")
    scene.look_until(lambda s: {"7", "="} <= texts(s))
    with Eyes({}) as eyes:
        sight = eyes.look(scene.part())
    assert {*"123456789", "(", ")", "/", "-", "+", "=", "%", "sqrt"} <= texts(sight)
    assert {"accessibility: no session bus", "windows: no X display"} == set(sight.notes)
    assert sight.windows == ()


def test_an_open_menu_is_read_and_hides_what_it_covers(scene: Scene) -> None:
    scene.launch("galculator")
    before = scene.look_until(lambda s: {"AC", "File", "="} <= texts(s))
    assert named(before, "AC")
    scene.run("xdotool", "key", "alt+e")
    # the tree lists the menu a moment before it is drawn over the key below it
    sight = scene.look_until(lambda s: "Preferences..." in texts(s) and not named(s, "AC"))
    (item,) = named(sight, "Cut Display Value")
    assert item.role == "menu item"
    assert item.window == "galculator"
    menu, calculator = sight.windows
    assert menu.title == ""
    assert menu.box.contains(item.box.center)
    assert calculator.title == "galculator"
    scene.run("xdotool", "key", "Escape", "Escape")
    assert named(scene.look_until(lambda s: "Preferences..." not in texts(s)), "AC")


def test_what_another_window_covers_is_not_reported(scene: Scene) -> None:
    scene.launch("galculator")
    scene.look_until(lambda s: {"sqrt", "="} <= texts(s))
    scene.launch("xterm", "-geometry", "150x60+0+0", "-title", "on top")
    sight = scene.look_until(lambda s: s.windows[0].title == "on top" and not named(s, "sqrt"))
    assert {window.title for window in sight.windows} == {"on top", "galculator"}
    assert not any(e.window == "galculator" for e in sight.elements if e.role)


def test_reading_the_changes_finds_what_reading_everything_finds(
    scene: Scene, tmp_path: Path
) -> None:
    for name in ("budget.ods", "letter to Ada.txt", "photo 12.png", "notes", "invoice-7.pdf"):
        (tmp_path / name).touch()
    scene.launch("pcmanfm", str(tmp_path))
    scene.look_until(lambda s: {"File", "Bookmarks"} <= texts(s))
    ocr, forgetful = Ocr(), Ocr()
    ocr.read(scene.still())
    read, missed = 0, list[Element]()
    for keys in (["alt+v"], ["Escape"], ["alt+e"], ["Escape"], ["ctrl+a"]):
        scene.run("xdotool", "key", *keys)
        part = scene.still()
        forgetful.forget()
        again, afresh = ocr.read(part), forgetful.read(part)
        read += len(again) + len(afresh)
        missed += unmatched(again, afresh) + unmatched(afresh, again)
    assert len(missed) <= 0.02 * read, missed  # a label that an icon touches may be read otherwise


def test_a_closed_menu_needs_no_reading_again(scene: Scene) -> None:
    scene.launch("mousepad")
    scene.look_until(lambda s: {"File", "Help"} <= texts(s))
    ocr = Ocr()
    without = scene.still()
    first = ocr.read(without)
    scene.run("xdotool", "key", "alt+f")
    scene.look_until(lambda s: "Save As..." in texts(s))
    ocr.read(scene.still())
    again = ocr.read(without)
    assert all(before is after for before, after in zip(first, again, strict=True))


def test_reading_speaks_to_local_sockets_alone(scene: Scene, tmp_path: Path) -> None:
    scene.launch("mousepad")
    scene.look_until(lambda s: {"File", "Help"} <= texts(s))
    picture = tmp_path / "screen.png"
    scene.part().image.save(picture)
    script = """
import socket, sys
spoken_to = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        spoken_to.append((event, arguments[-1]))
sys.addaudithook(watch)
import os
from PIL import Image
from agent_app.geometry import FrameTransform, ScreenPoint, Size
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.seeing.eyes import Eyes
image = Image.open(sys.argv[1]).convert("RGB")
with Eyes(os.environ) as eyes:
    sight = eyes.look(ImagePart(image, "", FrameTransform(ScreenPoint(0, 0), 1.0, Size(1280, 800))))
assert any(element.role for element in sight.elements)
strange = [entry for entry in spoken_to
           if entry[0] != "socket.connect" or not isinstance(entry[1], (str, bytes))]
assert spoken_to and not strange, strange
"""
    subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(picture)],
        env=scene.desktop.environment,
        check=True,
    )


def test_an_application_that_hangs_is_noted_and_still_read(scene: Scene) -> None:
    hung = scene.launch("galculator")
    scene.look_until(lambda s: any(e.role == "toggle button" for e in s.elements))
    scene.launch("mousepad")
    scene.look_until(lambda s: any(e.role == "menu" and "Mousepad" in e.window for e in s.elements))
    os.killpg(hung.pid, signal.SIGSTOP)
    sight = scene.look()
    assert f"accessibility: process {hung.pid} does not answer" in sight.notes
    assert any(e.role == "menu" and "Mousepad" in e.window for e in sight.elements)
    os.killpg(hung.pid, signal.SIGCONT)
    scene.look_until(lambda s: s.notes == ())


def test_no_bus_and_no_display_are_noted_and_not_raised(scene: Scene) -> None:
    scene.launch("mousepad")
    scene.look_until(lambda s: {"File", "Help"} <= texts(s))
    nowhere = {"DISPLAY": ":4711", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    with Eyes(nowhere) as eyes:
        sight = eyes.look(scene.part())
    assert {"File", "Help"} <= texts(sight)
    assert [note.split(":")[0] for note in sight.notes] == ["windows", "accessibility"]


def test_a_region_of_the_screen_is_read_in_its_own_pixels(scene: Scene) -> None:
    scene.launch("mousepad")
    whole = scene.look_until(lambda s: {"File", "Help"} <= texts(s))
    (file,) = named(whole, "File")
    left, top = int(file.box.left) - 37, int(file.box.top) - 29
    part = scene.part()
    cut = ImagePart(
        part.image.crop((left, top, left + 480, top + 200)),
        "",
        FrameTransform(ScreenPoint(left, top), 1.0, Size(480, 200)),
    )
    sight = scene.eyes.look(cut)
    (found,) = named(sight, "File")
    assert found.role == "menu"
    assert abs(found.box.left - 37) <= 2
    assert abs(found.box.top - 29) <= 2
    assert all(0 <= e.box.center.x <= 480 and 0 <= e.box.center.y <= 200 for e in sight.elements)


def test_a_field_without_a_name_has_that_of_its_label(scene: Scene) -> None:
    scene.launch("mousepad")
    scene.look_until(lambda s: {"File", "Edit"} <= texts(s))
    scene.run("xdotool", "key", "ctrl+r")
    sight = scene.look_until(lambda s: any("Replace with" in e.text for e in s.elements))
    fields = [e for e in sight.elements if e.role in ("text", "entry", "combo box")]
    assert {"Search for", "Replace with"} <= {e.text.rstrip(": ") for e in fields}, fields


def test_a_tree_without_a_bus_says_so() -> None:
    tree = AccessibilityTree("unix:path=/nowhere")
    nodes, notes = tree.read()
    tree.close()
    assert nodes == ()
    assert notes[0].startswith("accessibility: no bus")


@pytest.mark.parametrize(
    ("ground", "color"),
    [
        ((255, 255, 255), (20, 20, 20)),
        ((36, 36, 40), (230, 230, 230)),
        ((53, 132, 228), (255,) * 3),
    ],
    ids=["light", "dark", "selected"],
)
def test_text_is_read_on_any_ground(
    ground: tuple[int, int, int], color: tuple[int, int, int]
) -> None:
    part = picture(
        {"Save As": (20, 20), "Preferences": (20, 60), "Disabled": (20, 100)}, ground, color
    )
    assert {"Save As", "Preferences", "Disabled"} <= {e.text for e in Ocr().read(part)}


def test_greyed_out_text_is_read() -> None:
    part = picture({"Paste": (20, 20), "Move to Trash": (20, 60)}, (246, 245, 244), (150, 150, 150))
    assert {"Paste", "Move to Trash"} <= {element.text for element in Ocr().read(part)}


def test_wide_gaps_part_labels_and_spaces_do_not() -> None:
    part = picture(
        {"File": (10, 10), "Open File": (50, 10), "Save As": (130, 10)}, (250,) * 3, (20,) * 3
    )
    found = labels(np.asarray(part.image)[4:34])
    assert len(found) == 3
    assert found[0].left < 14
    assert 45 <= found[1].left <= 55


def test_a_resized_picture_gives_boxes_of_the_frame() -> None:
    part = picture({"Preferences": (200, 100)}, (255,) * 3, (0,) * 3)
    small = replace(part, image=part.image.resize((300, 150)))
    (element,) = Ocr().read(replace(part, image=part.image))
    near = [e for e in Ocr().read(small) if e.box.contains(element.box.center)]
    assert near


def test_boxes_that_meet_are_merged_until_none_do() -> None:
    boxes = [Box(0, 0, 10, 10), Box(5, 5, 20, 8), Box(19, 0, 30, 30), Box(50, 50, 60, 60)]
    assert merged(boxes) == [Box(0, 0, 30, 30), Box(50, 50, 60, 60)]


def picture(
    lines: Mapping[str, tuple[int, int]],
    ground: tuple[int, ...],
    color: tuple[int, ...],
) -> ImagePart:
    """Texts at places on a plain ground, drawn as a toolkit would."""
    image = Image.new("RGB", (400, 200), ground)
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 13)
    for text, place in lines.items():
        pen.text(place, text, fill=color, font=font)
    return ImagePart(image, "", FrameTransform(ScreenPoint(0, 0), 1.0, Size(400, 200)))


def unmatched(some: tuple[Element, ...], others: tuple[Element, ...]) -> list[Element]:
    """The words among some that do not stand at the same place among the others."""
    return [
        element
        for element in some
        if sum(character.isalpha() for character in element.text) >= 3
        and not any(
            fuzz.ratio(other.text, element.text) >= 70
            and other.box.overlap(element.box) > 0
            and abs(other.box.center.y - element.box.center.y) <= 6
            for other in others
        )
    ]


def test_a_window_of_ones_own_hides_nothing_and_is_not_seen(
    scene: Scene, wait_until: WaitUntil
) -> None:
    scene.launch("mousepad")
    without = scene.look_until(lambda sight: named(sight, "File"))
    frame = scene.still()
    connection = Display(scene.desktop.display)
    mine = connection.screen().root.create_window(
        0, 0, 1280, 800, 0, X.CopyFromParent, background_pixel=0xFFFFFF
    )
    mine.set_wm_name("agent-app")
    mine.change_property(connection.intern_atom("_NET_WM_PID"), Xatom.CARDINAL, 32, [os.getpid()])
    mine.map()
    connection.sync()
    wait_until(lambda: scene.still().sha1 != frame.sha1)
    seen = scene.eyes.look(frame)
    mine.destroy()
    connection.sync()
    connection.close()
    assert [(w.title, w.active) for w in seen.windows] == [
        (w.title, w.active) for w in without.windows
    ]
    assert texts(seen) == texts(without)


def test_what_another_window_covers_is_named_as_hidden():
    def node(name: str, left: int) -> AccessibleNode:
        region = Region(left, 10, 60, 20)
        return AccessibleNode(name, "push button", region, "Editor", 7, False, 1, False, True)

    stack = layers(
        [
            TopLevel("Warning", "W", Region(0, 0, 80, 40), Region(0, 0, 80, 40), 9, True, False),
            TopLevel(
                "Editor", "E", Region(0, 0, 400, 300), Region(0, 0, 400, 300), 7, False, False
            ),
        ],
        whole := FrameTransform(ScreenPoint(0, 0), 1.0, Size(400, 300)),
    )
    (hidden,) = covered([node("Save", 10), node("Open", 200)], whole, stack)
    assert (hidden.text, hidden.role, hidden.window) == ("Save", "push button", "Editor")
    assert covered([node("Save", 10)], whole, None) == ()
