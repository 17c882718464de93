"""How well the reader finds what people name: its clicks against where the labels really are.

    python bench/reader.py [--sizes 1280x800,1920x1080] [--apps mousepad,…] [--misses]

Real applications on a private desktop, each as it starts, with a menu open and with a dialog open.
The truth is the accessibility tree as Debian's own client reads it (truth/accessible_names.py),
each box checked against the pixels by drawing its name with the toolkit's text engine and finding
that drawing there: what cannot be found is no label that can be seen, and is left out. A box whose
label is drawn elsewhere is moved there. Each label is asked for as a person would: by its text,
with the kind of thing or the window where the text alone names several.

The reader is asked once with OCR alone and once with all its sources. A hit is a click inside the
true box, wrong is a click elsewhere, and refused is "ambiguous" or "not there". Looks are timed
cold (the first at an application) and warm (after every key on the way through the states); on a
busy machine the processor time of the warm ones tells more than the clock. Prints tables, then one
line of JSON. Needs python3-gi, gir1.2-atspi-2.0 and python3-gi-cairo.
"""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import subprocess
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from agent_app.geometry import FrameBox, Size
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.language.steps import Kind, Target
from agent_app.runtimes.reader.matching.finding import Match, find
from agent_app.runtimes.reader.seeing.eyes import Eyes
from agent_app.runtimes.reader.sight import Sight
from agent_app.screen.capture import open_screen
from agent_app.virtual import VirtualDesktop

TRUTH = Path(__file__).parent / "truth" / "accessible_names.py"
LIKE = ((2, 0.75), (4, 0.62), (1000, 0.5))  # least correlation by length: few marks match by chance
MARGIN = 2  # of background, that must be there too
MOVED_AT_MOST = 64  # pixels that a toolkit's box may be off

# keys that lead from each state to the next
APPS: dict[str, tuple[list[str], list[tuple[str, list[str]]]]] = {
    "mousepad": (
        ["mousepad"],
        [("menu", ["alt+f"]), ("dialog", ["Escape", "Escape", "ctrl+o"])],
    ),
    "galculator": (
        ["galculator"],
        [("menu", ["alt+e"]), ("dialog", ["Escape", "Escape", "ctrl+p"])],
    ),
    "pcmanfm": (
        ["pcmanfm", "/usr/share"],
        [("menu", ["alt+v"]), ("dialog", ["Escape", "Escape", "ctrl+a", "alt+Return"])],
    ),
    "gedit": (
        ["gedit"],
        [("menu", ["F10"]), ("dialog", ["Escape", "ctrl+h"])],
    ),
    "libreoffice-calc": (
        ["libreoffice", "--calc", "--norestore", "--nologo"],
        [("menu", ["alt+f"]), ("dialog", ["Escape", "Escape", "ctrl+1"])],
    ),
}
KINDS: dict[str, Kind] = {
    "push button": "button",
    "toggle button": "button",
    "menu": "menu",
    "menu item": "menu item",
    "check menu item": "menu item",
    "radio menu item": "menu item",
    "page tab": "tab",
    "check box": "checkbox",
    "radio button": "radio button",
    "link": "link",
    "label": "label",
    "list item": "item",
    "tree item": "item",
}


@dataclass(frozen=True)
class Label:
    """One visible label and the box that a click must hit."""

    name: str
    role: str
    window: str
    box: FrameBox


@dataclass
class Score:
    """What became of the labels asked for, and how long the looks took."""

    outcomes: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    warm_cpu: list[float] = field(default_factory=list)
    same: list[float] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return sum(self.outcomes.values())

    def share(self, outcome: str) -> float:
        return self.outcomes[outcome] / self.asked if self.asked else 0.0

    def add(self, other: Score) -> None:
        self.outcomes.update(other.outcomes)
        self.misses += other.misses
        self.cold += other.cold
        self.warm += other.warm
        self.warm_cpu += other.warm_cpu
        self.same += other.same


class Stage:
    """An application on a private desktop, whose states are gone through one by one."""

    def __init__(self, size: Size, app: str, home: Path) -> None:
        self.desktop = VirtualDesktop(size, home=home)
        command, self._states = APPS[app]
        self._screen = open_screen(self.desktop.environment)
        self._empty = self._screen.grab().pixels
        self.desktop.launch(command)
        self._run("xdotool", "mousemove", str(size.width - 1), str(size.height - 1))

    def states(self) -> Iterator[str]:
        """Go through the states; an empty name for what is passed on the way, key by key."""
        self._settle(least=2.0, quiet=3.0)
        yield "normal"
        for name, keys in self._states:
            for number, key in enumerate(keys, start=1):
                self._run("xdotool", "key", key)
                last = number == len(keys)
                self._settle(least=1.0 if last else 0.3, quiet=1.0 if last else 0.5)
                yield name if last else ""

    def part(self) -> ImagePart:
        return self._screen.grab().for_model(None)

    def pictured(self) -> tuple[dict[str, Any], ImagePart]:
        """What applications say, and a picture that did not change meanwhile."""
        while True:
            before = self._screen.grab()
            truth = self._truth()
            if not _moved(before.pixels, self._screen.grab().pixels):
                return truth, before.for_model(None)

    def _truth(self) -> dict[str, Any]:
        answer = subprocess.run(
            ["/usr/bin/python3", str(TRUTH)],
            env=self.desktop.environment,
            capture_output=True,
            check=True,
        )
        return json.loads(answer.stdout)

    def close(self) -> None:
        self._screen.close()
        self.desktop.close()

    def _run(self, *command: str) -> None:
        subprocess.run(command, env=self.desktop.environment, check=True)

    def _settle(self, *, least: float, quiet: float) -> None:
        """Wait until nothing but a caret has changed for `quiet` seconds, a window being there."""
        start = last = time.monotonic()
        before = self._screen.grab().pixels
        while time.monotonic() - last < quiet or time.monotonic() - start < least:
            time.sleep(0.1)
            now = self._screen.grab().pixels
            if _moved(before, now) or np.array_equal(now, self._empty):
                last = time.monotonic()
            before = now
            if time.monotonic() - start > 60:
                break


def _moved(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether more than a caret changed."""
    return int(np.count_nonzero((before != after).any(axis=2))) > 40


def checked(truth: dict[str, Any], part: ImagePart) -> tuple[list[Label], int]:
    """The elements whose name can be seen, where it is seen; and how many there were."""
    grey = cv2.cvtColor(np.asarray(part.image), cv2.COLOR_RGB2GRAY)
    labels: list[Label] = []
    for element in truth["elements"]:
        left, top, width, height = element["box"]
        box = FrameBox(left, top, width, height)
        name = element["name"]
        drawings = [_unpacked(picture) for picture in truth["pictures"][name]]
        least = next(like for length, like in LIKE if len(name) <= length)
        down = _place(grey, box, drawings, least=least)
        if down is None:
            continue
        place = replace(box, top=box.top + down)
        label = Label(name, element["role"], element["window"], place)
        twin = next((other for other in labels if _same(other, label)), None)
        if twin is None:
            labels.append(label)
    return labels, len(truth["elements"])


def _same(one: Label, other: Label) -> bool:
    return one.name == other.name and one.box.contains(other.box.center)


def _place(
    grey: np.ndarray, box: FrameBox, drawings: Sequence[np.ndarray], *, least: float
) -> float | None:
    """How far below its box a name is drawn: 0 within it; None when it is not to be seen."""
    score, _ = _best(grey, box, 0, drawings)
    around, middle = _best(grey, box, MOVED_AT_MOST, drawings)
    if score >= max(least, around - 0.15):
        return 0.0
    if around >= 0.65 and least < 0.6:
        return middle - box.center.y
    return None


def _best(
    grey: np.ndarray, box: FrameBox, reach: int, drawings: Sequence[np.ndarray]
) -> tuple[float, float]:
    """The best correlation of a drawing around a box, and the height of its middle."""
    top, bottom = max(0, round(box.top) - reach - MARGIN), round(box.bottom) + reach + MARGIN
    view = grey[top:bottom, max(0, round(box.left) - MARGIN) : round(box.right) + MARGIN]
    best = (0.0, 0.0)
    for drawing in drawings:
        if drawing.shape[0] > view.shape[0] or drawing.shape[1] > view.shape[1]:
            continue
        likeness = np.abs(cv2.matchTemplate(view, drawing, cv2.TM_CCOEFF_NORMED))
        likeness[~np.isfinite(likeness)] = 0.0
        _, score, _, (_, y) = cv2.minMaxLoc(likeness)
        best = max(best, (score, top + y + drawing.shape[0] / 2))
    return best


def _unpacked(picture: dict[str, Any]) -> np.ndarray:
    data = zlib.decompress(base64.b64decode(picture["grey"]))
    grey = np.frombuffer(data, np.uint8).reshape(picture["height"], picture["width"])
    return np.pad(grey, MARGIN)


def question(label: Label, labels: Sequence[Label]) -> Target | None:
    """How a person would name it; None when neither kind nor window tells it from another."""
    plain = label.name.rstrip(".…").casefold()
    twins = [o for o in labels if o is not label and o.name.rstrip(".…").casefold() == plain]
    if not twins:
        return Target(label.name)
    kind = KINDS.get(label.role)
    if kind is not None and all(KINDS.get(twin.role) != kind for twin in twins):
        return Target(label.name, kind=kind)
    if all(twin.window != label.window for twin in twins):
        return Target(label.name, window=label.window)
    return None


def ask(sight: Sight, labels: Sequence[Label], size: Size, scene: str) -> Score:
    score = Score()
    for label in labels:
        target = question(label, labels)
        if target is None:
            continue
        found = find(sight, target, size=size)
        if isinstance(found, Match):
            point = found.candidate.box.center
            outcome = "hit" if label.box.contains(point) else "wrong"
            seen = f"{found.candidate.text!r} at {point.x:.0f},{point.y:.0f}"
        else:
            outcome, seen = "refused", type(found).__name__.lower()
        score.outcomes[outcome] += 1
        if outcome != "hit":
            asked = label.name + (f" ({target.kind})" if target.kind else "")
            score.misses.append(f"{scene}: {label.role} {asked!r} {outcome}: {seen}")
    return score


def timed(eyes: Eyes, part: ImagePart) -> tuple[Sight, float, float]:
    """What was seen, and the seconds it took by the clock and of all processors together."""
    start, start_cpu = time.perf_counter(), time.process_time()
    sight = eyes.look(part)
    return sight, time.perf_counter() - start, time.process_time() - start_cpu


def measure(size: Size, app: str, engine: Any) -> dict[str, dict[str, Score]]:
    """Scores by source and state."""
    scores: dict[str, dict[str, Score]] = {"ocr": {}, "all": {}}
    with tempfile.TemporaryDirectory() as home:
        stage = Stage(size, app, Path(home))
        every = {
            "ocr": Eyes({}, engine=engine),
            "all": Eyes(stage.desktop.environment, engine=engine),
        }
        try:
            for state in stage.states():
                if not state:
                    part = stage.part()
                    for name, eyes in every.items():
                        _, seconds, cpu = timed(eyes, part)
                        passed = scores[name].setdefault("on the way", Score())
                        passed.warm.append(seconds)
                        passed.warm_cpu.append(cpu)
                    continue
                truth, part = stage.pictured()
                labels, listed = checked(truth, part)
                for name, eyes in every.items():
                    sight, seconds, cpu = timed(eyes, part)
                    score = ask(sight, labels, size, f"{app} {size.width} {state}")
                    if state == "normal":
                        score.cold.append(seconds)
                    else:
                        score.warm.append(seconds)
                        score.warm_cpu.append(cpu)
                    score.same.append(timed(eyes, part)[1])
                    scores[name][state] = score
                Console().print(
                    f"{app} {size.width}x{size.height} {state}: {len(labels)} of {listed} elements"
                    " show their name",
                    highlight=False,
                )
        finally:
            for eyes in every.values():
                eyes.close()
            stage.close()
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1280x800,1920x1080")
    parser.add_argument("--apps", default=",".join(APPS))
    parser.add_argument("--engine", choices=("onnxruntime", "openvino"))
    parser.add_argument("--misses", action="store_true", help="list what was not hit")
    options = parser.parse_args()
    rows: list[tuple[str, str, str, str, Score]] = []
    for text in options.sizes.split(","):
        size = Size(*(int(side) for side in text.split("x")))
        for app in options.apps.split(","):
            for source, states in measure(size, app, options.engine).items():
                rows += [(source, text, app, state, score) for state, score in states.items()]
    report(rows, misses=options.misses)


def report(rows: Sequence[tuple[str, str, str, str, Score]], *, misses: bool) -> None:
    result: dict[str, object] = {"bench": "reader"}
    for source, title in (("ocr", "OCR alone"), ("all", "OCR and accessibility tree")):
        table = Table(title=title)
        for heading in ("size", "application", "state", "asked", "hit %", "wrong %", "refused %"):
            table.add_column(heading)
        whole = Score()
        for _, size, app, state, score in (row for row in rows if row[0] == source):
            whole.add(score)
            if score.asked:
                table.add_row(size, app, state, *_figures(score))
        table.add_row("all", "", "", *_figures(whole), end_section=True)
        Console().print(table)
        result[source] = {
            "asked": whole.asked,
            "hit": round(whole.share("hit"), 4),
            "wrong": round(whole.share("wrong"), 4),
            "refused": round(whole.share("refused"), 4),
            "cold_p50_s": _p50(whole.cold),
            "warm_p50_s": _p50(whole.warm),
            "warm_cpu_p50_s": _p50(whole.warm_cpu),
            "warm_max_s": round(max(whole.warm), 3) if whole.warm else None,
            "unchanged_p50_s": _p50(whole.same),
        }
        if misses:
            Console().print("\n".join(whole.misses), markup=False, highlight=False)
    print(json.dumps(result))


def _figures(score: Score) -> list[str]:
    shares = [f"{100 * score.share(kind):.1f}" for kind in ("hit", "wrong", "refused")]
    return [str(score.asked), *shares]


def _p50(seconds: Sequence[float]) -> float | None:
    return round(statistics.median(seconds), 3) if seconds else None


if __name__ == "__main__":
    main()
