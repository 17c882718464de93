"""A hand that knows where everything is: it works through written steps by the accessibility tree.

`Hand` is a model runtime, so that the real loop carries out what it says and the real recorder
records it; whoever gives it an `on_step` sees each screen before the step, with the truth.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agent_app.geometry import FrameBox, FramePoint
from agent_app.model_runtime import Finish, GenerationRequest, ImagePart, RuntimeInfo, Token
from agent_app.virtual import VirtualDesktop

TRUTH = Path(__file__).parents[1] / "truth" / "element_boxes.py"
PATIENCE = 12.0  # seconds for an element to come

Kind = Literal["click", "double", "right", "drag", "type", "press", "hotkey", "scroll"]


class Lost(Exception):
    """An element that a step needs is not there."""


@dataclass(frozen=True)
class Target:
    """An element by its name and role; `row` is a text at its height, `at` the place in its box.

    `nth` counts elements alike from the top left; `window` is a part of its window's title.
    """

    name: str
    role: str = ""
    row: str = ""
    at: tuple[float, float] = (0.5, 0.5)
    nth: int = 0
    window: str = ""


@dataclass(frozen=True)
class Spot:
    """A place where nothing is told of: pixels from the corner of a window's inside.

    `slack` is how far from it a click still does the same.
    """

    left: float
    top: float
    slack: float = 8.0


@dataclass(frozen=True)
class Do:
    """One step."""

    kind: Kind
    target: Target | Spot | None = None
    text: str = ""
    end: Target | Spot | None = None


@dataclass(frozen=True)
class Truth:
    """Where a target is: the point to act on, and the box in which acting does the same."""

    point: FramePoint
    box: FrameBox


@dataclass
class Hand:
    """A runtime whose replies are the steps, one after the other, and then the end."""

    desktop: VirtualDesktop
    steps: Sequence[Do]
    on_step: Callable[[int, Do, ImagePart, Sequence[Truth]], None] = lambda *_: None
    info: RuntimeInfo = field(
        default_factory=lambda: RuntimeInfo("hand", "steps written down", None)
    )
    _done: int = field(default=0, init=False)
    _tree: subprocess.Popen[str] | None = field(default=None, init=False)

    def start(self) -> None:
        """Connect to the accessibility bus; before the applications, which look for it once."""
        self._tree = subprocess.Popen(
            ["/usr/bin/python3", str(TRUTH)],
            env=self.desktop.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.elements()

    def generate(self, request: GenerationRequest) -> Generator[Token]:
        part = next(p for p in reversed(request.turns[-1].parts) if isinstance(p, ImagePart))
        if self._done == len(self.steps):
            code, words = "computer.terminate(status='success')", "That was all."
        else:
            step = self.steps[self._done]
            places = [self.find(goal) for goal in (step.target, step.end) if goal is not None]
            self.on_step(self._done, step, part, places)
            code, words = _code(step, places, part), _words(step)
            self._done += 1
        reply = f"◁think▷{words}◁/think▷## Action:\n{words}\n## Code:\n```python\n{code}\n```"
        yield Token(reply.encode())
        yield Token(b"", Finish("stop", prompt_tokens=1, completion_tokens=1))

    def await_next(self) -> None:
        """Wait until what the next step acts on is there; raises Lost when it does not come."""
        if self._done < len(self.steps):
            step = self.steps[self._done]
            for goal in (step.target, step.end):
                if isinstance(goal, Target):
                    self.find(goal)

    def foresee(self, show: Callable[[], ImagePart]) -> None:
        """Nothing: the steps are known."""

    def close(self) -> None:
        if self._tree is not None:
            self._tree.communicate()
            self._tree = None

    def elements(self) -> list[dict[str, Any]]:
        assert self._tree is not None
        assert self._tree.stdin is not None
        assert self._tree.stdout is not None
        self._tree.stdin.write("\n")
        self._tree.stdin.flush()
        return json.loads(self._tree.stdout.readline())

    def find(self, goal: Target | Spot) -> Truth:
        """Where a target is now; raises Lost when it does not come."""
        if isinstance(goal, Spot):
            left, top = self._inside()
            x, y, slack = left + goal.left, top + goal.top, goal.slack
            return Truth(FramePoint(x, y), FrameBox(x - slack, y - slack, 2 * slack, 2 * slack))
        deadline = time.monotonic() + PATIENCE
        before: FrameBox | None = None
        while True:
            elements = self.elements()
            box = _box(goal, elements)
            if box is not None and box == before:
                x, y = box.left + goal.at[0] * box.width, box.top + goal.at[1] * box.height
                return Truth(FramePoint(int(x), int(y)), box)
            before = box
            if time.monotonic() > deadline:
                names = sorted({f"{e['role']} {e['name']!r}" for e in elements if e["name"]})
                raise Lost(f"{goal} is not there; there are {', '.join(names)}")
            time.sleep(0.1)

    def _inside(self) -> tuple[int, int]:
        """The corner of the active window's inside."""
        answer = subprocess.run(
            ["xdotool", "getactivewindow", "getwindowgeometry", "--shell"],
            env=self.desktop.environment,
            capture_output=True,
            text=True,
        ).stdout
        values = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
        window = int(values["WINDOW"])
        shown = subprocess.run(
            ["xwininfo", "-id", str(window)],
            env=self.desktop.environment,
            capture_output=True,
            text=True,
        ).stdout
        corner = {
            line.split(":")[0].strip(): int(line.split(":")[1])
            for line in shown.splitlines()
            if "Absolute upper-left" in line
        }
        return corner["Absolute upper-left X"], corner["Absolute upper-left Y"]


def _box(goal: Target, elements: Sequence[dict[str, Any]]) -> FrameBox | None:
    fitting = [
        element
        for element in elements
        if element["name"] == goal.name
        and (not goal.role or element["role"] == goal.role)
        and goal.window in element["window"]["title"]
    ]
    if goal.row:
        rows = [e["box"] for e in elements if e["name"] == goal.row and e["role"] != goal.role]
        fitting = [
            e for e in fitting if any(abs(_middle(e["box"]) - _middle(row)) <= 8 for row in rows)
        ]
    fitting.sort(key=lambda element: (element["box"][1], element["box"][0]))
    if len(fitting) <= goal.nth:
        return None
    left, top, width, height = fitting[goal.nth]["box"]
    return FrameBox(left, top, width, height)


def _middle(box: Sequence[int]) -> float:
    return box[1] + box[3] / 2


def _code(step: Do, places: Sequence[Truth], part: ImagePart) -> str:
    size = part.transform.size
    at = [
        f"x={(place.point.x + 0.5) / size.width:.6f}, y={(place.point.y + 0.5) / size.height:.6f}"
        for place in places
    ]
    match step.kind:
        case "click":
            return f"pyautogui.click({at[0]})"
        case "double":
            return f"pyautogui.doubleClick({at[0]})"
        case "right":
            return f"pyautogui.rightClick({at[0]})"
        case "drag":
            return f"pyautogui.moveTo({at[0]})\npyautogui.dragTo({at[1]}, button='left')"
        case "type":
            return f"pyautogui.write(message={step.text!r})"
        case "press":
            return f"pyautogui.press({step.text!r})"
        case "hotkey":
            return f"pyautogui.hotkey({', '.join(map(repr, step.text.split('+')))})"
        case "scroll":
            return f"pyautogui.scroll({int(step.text)}, {at[0]})"


def _words(step: Do) -> str:
    goal = step.target
    name = goal.name or goal.role if isinstance(goal, Target) else "the place" if goal else ""
    return " ".join(part for part in (step.kind.capitalize(), name, step.text) if part)
