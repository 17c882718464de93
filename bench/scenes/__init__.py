"""Scenes of real applications on a private desktop, worked in and captured after each step."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from agent_app.geometry import Size
from agent_app.screen.capture import open_screen
from agent_app.screen.frame import Frame
from agent_app.virtual import VirtualDesktop

_OFFICE_SECONDS = 60.0


class Desk:
    """A private desktop, and a hand on it."""

    def __init__(self, desktop: VirtualDesktop, home: Path) -> None:
        self.desktop = desktop
        self.home = home
        self.size = desktop.size
        self.random = random.Random(1)
        self.screen = open_screen(desktop.environment)

    def xdotool(self, *arguments: object) -> str:
        command = ["xdotool", *map(str, arguments)]
        environment = self.desktop.environment
        return subprocess.run(command, env=environment, capture_output=True, text=True).stdout

    def place(self, name: str, left: float, top: float, width: float, height: float) -> None:
        """Wait for a window, and lay it out in shares of the screen."""
        deadline = time.monotonic() + _OFFICE_SECONDS
        while not (found := self.xdotool("search", "--onlyvisible", "--name", name).split()):
            if time.monotonic() > deadline:
                raise SystemExit(f"no window {name!r} came")
            time.sleep(0.2)
        wide, high = self.size.width, self.size.height
        window = found[-1]
        self.xdotool("windowsize", window, round(width * wide), round(height * high))
        self.xdotool("windowmove", window, round(left * wide), round(top * high))
        self.xdotool("windowactivate", "--sync", window)
        time.sleep(1.0)

    def click(self, left: float, top: float, *, button: int = 1, times: int = 1) -> None:
        x, y = round(left * self.size.width), round(top * self.size.height)
        self.xdotool("mousemove", x, y, "click", "--repeat", times, button)

    def anywhere(self, left: float, top: float, width: float, height: float) -> tuple[float, float]:
        return left + width * self.random.random(), top + height * self.random.random()

    def capture(self, steps: int, act: Callable[[int], None]) -> list[Frame]:
        frames: list[Frame] = []
        for step in range(steps):
            frames.append(self.screen.grab())
            act(step)
            time.sleep(0.3)  # the application draws
        return frames


def editor(desk: Desk, steps: int) -> list[Frame]:
    desk.desktop.launch(["mousepad", "--disable-server"])
    desk.desktop.launch(["galculator"])
    desk.place("Mousepad", 0.02, 0.06, 0.5, 0.8)
    desk.place("galculator", 0.75, 0.06, 0.2, 0.4)

    def act(step: int) -> None:
        if step % 2:
            desk.click(0.85, 0.2 + 0.04 * (step % 6))
        else:
            desk.click(0.2, 0.5)
            desk.xdotool("type", f"line {step} of a text, and a few more words")
            desk.xdotool("key", "Return")

    return desk.capture(steps, act)


def files(desk: Desk, steps: int) -> list[Frame]:
    photograph(desk.home / "wallpaper.png", desk.size)
    pictures = desk.home / "Pictures"
    for number in range(60):
        (pictures / f"Folder {number}").mkdir(parents=True, exist_ok=True)
        photograph(pictures / f"image {number:02}.png", Size(160, 120), seed=number)
    desk.desktop.launch(["pcmanfm", "--desktop"])
    time.sleep(2.0)
    wallpaper = f"--set-wallpaper={desk.home / 'wallpaper.png'}"
    desk.desktop.launch(["pcmanfm", wallpaper, "--wallpaper-mode=crop"])
    desk.desktop.launch(["pcmanfm", str(pictures)])
    desk.place("Pictures", 0.25, 0.12, 0.62, 0.75)

    def act(step: int) -> None:
        inside = desk.anywhere(0.4, 0.3, 0.4, 0.45)
        match step % 8:
            case 0 | 1 | 2:
                desk.click(*inside)
            case 3 | 4:
                desk.click(*inside, button=desk.random.choice((4, 5)), times=3)
            case 5:
                desk.click(*inside, button=3)
            case 6:
                desk.xdotool("key", "Escape")
                desk.xdotool("key", f"ctrl+{desk.random.choice('1234')}")
            case _:
                desk.click(*desk.anywhere(0.02, 0.2, 0.2, 0.6))

    return desk.capture(steps, act)


def office(desk: Desk, steps: int) -> list[Frame]:
    desk.desktop.launch(["libreoffice", "--calc", "--norestore", "--nologo"])
    desk.place("LibreOffice Calc", 0.03, 0.04, 0.94, 0.92)

    def act(step: int) -> None:
        match step % 6:
            case 0 | 1 | 2:
                desk.xdotool("type", f"{37 * step} value")
                desk.xdotool("key", "Return")
            case 3:
                desk.click(*desk.anywhere(0.1, 0.3, 0.7, 0.5))
            case 4:
                desk.xdotool("key", f"alt+{desk.random.choice('fevio')}")
            case _:
                desk.xdotool("key", "Escape", "Escape")
                desk.click(0.5, 0.6, button=desk.random.choice((4, 5)), times=2)

    return desk.capture(steps, act)


SCENES: dict[str, Callable[[Desk, int], list[Frame]]] = {
    "editor": editor,
    "files": files,
    "office": office,
}


def photograph(path: Path, size: Size, *, seed: int = 0) -> None:
    """A picture like a photograph: soft shapes of every scale, and the grain of a sensor."""
    generator = np.random.default_rng(seed)
    picture = np.full((size.height, size.width, 3), 128.0)
    for scale in range(1, 9):
        shape = (max(2, size.height >> (9 - scale)), max(2, size.width >> (9 - scale)), 3)
        noise = generator.normal(size=shape) * 60 / 1.6**scale
        picture += cv2.resize(noise, (size.width, size.height), interpolation=cv2.INTER_CUBIC)
    picture += generator.normal(size=picture.shape) * 1.5
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path)
