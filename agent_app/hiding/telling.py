"""Whether the screen itself asks for a secret: what a page says must not make the agent type one.

A marker belongs into a person's own words. One that stands on the screen may be there to have it
typed by whoever takes it for an instruction, so nothing is typed while it shows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from agent_app.errors import ModelMistake
from agent_app.markers import marker, read_alike
from agent_app.runtimes.reader.seeing.ocr import Ocr
from agent_app.screen.frame import Frame
from agent_app.screen.windows import WindowList, WindowsUnknown


class Telling:
    """Reads the screen of one desktop for markers, when one is about to be typed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._display = environment.get("DISPLAY", "")
        self._ocr: Ocr | None = None

    def refuse(self, name: str, frame: Frame) -> None:
        """Raises ModelMistake when the screen shows the marker of this secret.

        The terminal that we were started in is left out: the person's own command stands there.
        """
        self._ocr = self._ocr or Ocr()
        texts = self._ocr.read(self._without_own_terminal(frame).for_model(None))
        wanted = read_alike(f"secret:{name}")
        if wanted in read_alike("".join(text.text for text in texts)) or any(
            wanted in read_alike(text.text) for text in texts
        ):
            raise ModelMistake(
                f"the screen itself shows {marker(name)}. A secret is typed on the person's own "
                "words alone, so nothing is typed while that is to be seen."
            )

    def _without_own_terminal(self, frame: Frame) -> Frame:
        try:
            windows = WindowList(self._display)
        except WindowsUnknown:
            return frame
        try:
            own = [w for w in windows.read() if w.process in _ancestors()]
        except WindowsUnknown:
            return frame
        finally:
            windows.close()
        if not own:
            return frame
        pixels = frame.pixels.copy()
        for window in own:
            box = frame.transform.region_to_box(window.region)
            top, left = max(0, int(box.top)), max(0, int(box.left))
            pixels[top : max(0, round(box.bottom)), left : max(0, round(box.right))] = 0
        return Frame(np.asarray(pixels), frame.transform, frame.monitor, frame.time)


def _ancestors() -> frozenset[int]:
    """This process and all that it descends from, but for the system's first."""
    found: set[int] = set()
    process = os.getpid()
    while process > 1 and process not in found:
        found.add(process)
        try:  # proc(5): after the name in brackets the state, then the parent
            stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            break
        process = int(stat.rpartition(")")[2].split()[1])
    return frozenset(found)
