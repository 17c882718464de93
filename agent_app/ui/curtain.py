"""Takes the window off the screen while the agent looks and acts, and puts it back.

Hiding is the only thing that keeps a window out of a capture on X11: neither opacity nor lowering
nor moving it away does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import mss
from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from agent_app.control import Touch
from agent_app.errors import KnownError
from agent_app.geometry import Region, ScreenPoint
from agent_app.ui.placement import overlap
from agent_app.ui.xserver import XProbe

_GONE_SECONDS = 5.0
_QUIET_SECONDS = 0.4  # at most; what lay below the window has repainted long before
_BACK_MILLISECONDS = 60  # looking again within this time does not make the window flash up
_FOLLOW_MILLISECONDS = 50  # after it was moved: a drag is many moves
_CHECK_MILLISECONDS = 80  # after it is back: has the window manager put it elsewhere?
_PLACED = (
    QEvent.Type.Move,
    QEvent.Type.Resize,
    QEvent.Type.Show,
    QEvent.Type.Hide,
    QEvent.Type.WindowStateChange,
    QEvent.Type.ActivationChange,
)


class Curtain(QObject):
    """Keeps one window out of the agent's way.

    `unobstructed` is for the run's thread, all else for the window's. `region` is what the agent
    looks at, in input units; None is all of the display. `display` is the X display's name.

    **Signals:**

    - `about_to_hide`: the window goes off the screen as soon as the slots return
    """

    about_to_hide = Signal()
    _draw_requested = Signal()
    _drop_requested = Signal()

    def __init__(
        self, window: QWidget, *, region: Region | None = None, display: str | None = None
    ) -> None:
        super().__init__()
        self._window = window
        self._region = region
        self._display = display
        self._probe = XProbe(display) if QGuiApplication.platformName() == "xcb" else None
        self._depth = 0  # only the run's thread counts
        self._hidden_at: Region | None = None
        self._shown_at: Region | None = None  # read by other threads, as is the next
        self._active = False
        self._outermost = 0
        self._position = QPoint()
        self._drawn = threading.Event()
        self._abandoned = threading.Event()
        self._draw_requested.connect(self._on_draw_requested, Qt.ConnectionType.QueuedConnection)
        self._drop_requested.connect(self._on_drop_requested, Qt.ConnectionType.QueuedConnection)
        self._back = _single_shot(self, _BACK_MILLISECONDS, self._bring_back)
        self._check = _single_shot(self, _CHECK_MILLISECONDS, self._check_position)
        self._follow = _single_shot(self, _FOLLOW_MILLISECONDS, self._follow_window)
        window.installEventFilter(self)
        self._follow.start()

    @contextmanager
    def unobstructed(self) -> Generator[None]:
        """Within, the window is not on what the agent looks at.

        May be nested. Raises KnownError when the window does not go.
        """
        self._depth += 1
        try:
            if self._depth == 1:
                self._draw()
            yield
        finally:
            self._depth -= 1
            if self._depth == 0 and not self._abandoned.is_set():
                self._drop_requested.emit()

    def is_ours(self, touch: Touch, point: ScreenPoint) -> bool:
        """Whether a hand's touch is meant for the window; for any thread."""
        if touch == "key":
            return self._active
        return self._shown_at is not None and self._shown_at.contains(point)

    @property
    def is_drawn(self) -> bool:
        """Whether the window is off the screen for the agent; for the window's thread."""
        return self._hidden_at is not None

    def look_at(self, region: Region) -> None:
        """From now on the agent looks at this."""
        self._region = region

    def abandon(self) -> None:
        """Hold nobody up any more and leave the window alone: it is about to close."""
        self._abandoned.set()
        self._back.stop()
        self._check.stop()
        self._follow.stop()
        if self._probe is not None:
            self._probe.close()
            self._probe = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() in _PLACED:
            self._follow.start()
        return super().eventFilter(watched, event)

    def _follow_window(self) -> None:
        """Remember where the window is, for threads that may not ask it."""
        window = self._window
        shown = window.isVisible() and not window.isMinimized() and not self._abandoned.is_set()
        self._active = shown and window.isActiveWindow()
        self._shown_at = self._place() if shown else None

    def _draw(self) -> None:
        """Ask the window's thread to hide it, then wait until the screen shows it gone."""
        if self._abandoned.is_set():
            return
        deadline = time.monotonic() + _GONE_SECONDS
        self._drawn.clear()
        self._draw_requested.emit()
        while not self._drawn.wait(0.05):
            if self._abandoned.is_set():
                return
            _check_deadline(deadline)
        if self._hidden_at is None:
            return
        if self._outermost:
            probe = XProbe(self._display)
            try:
                while probe.on_screen(self._outermost):
                    _check_deadline(deadline)
                    time.sleep(0.002)
            finally:
                probe.close()
        self._wait_for_quiet(self._hidden_at)

    def _wait_for_quiet(self, place: Region) -> None:
        """Wait until what lay below the window has repainted: two captures in a row are equal."""
        deadline = time.monotonic() + _QUIET_SECONDS
        # mss takes the name of a display on X11 alone
        options: dict[str, Any] = {"display": self._display} if self._outermost else {}
        with closing(mss.MSS(**options)) as capture:
            area = _part_within(place, capture.monitors[0])
            if area is None:
                return
            before = b""
            while time.monotonic() < deadline:
                now = bytes(capture.grab(area).raw)
                if now == before:
                    return
                before = now
                time.sleep(0.016)  # one picture of a 60 Hz animation

    @Slot()
    def _on_draw_requested(self) -> None:
        self._back.stop()
        if self._abandoned.is_set():
            return
        if self._hidden_at is None:
            self._hide()
        self._drawn.set()

    def _hide(self) -> None:
        if not self._window.isVisible() or self._window.isMinimized():
            return
        if popup := QApplication.activePopupWidget():
            popup.close()
        QToolTip.hideText()
        place = self._place()
        if self._region is not None and not overlap(place, self._region):
            return
        self.about_to_hide.emit()
        self._position = self._window.pos()
        self._hidden_at = place
        self._check.stop()
        self._shown_at, self._active = None, False
        self._window.hide()

    def _place(self) -> Region:
        """Where the window lies, with its frame, in pixels of the screen."""
        if self._probe is not None:
            self._outermost = self._probe.outermost(int(self._window.winId()))
            return self._probe.place(self._outermost)
        frame = self._window.frameGeometry()
        return Region(frame.x(), frame.y(), frame.width(), frame.height())

    @Slot()
    def _on_drop_requested(self) -> None:
        if self._hidden_at is not None and not self._abandoned.is_set():
            self._back.start()

    def _bring_back(self) -> None:
        self._hidden_at = None
        # Qt reads WA_ShowWithoutActivating only when it makes the native window
        self._window.windowHandle().setProperty("_q_showWithoutActivating", True)
        self._window.show()
        self._check.start()

    def _check_position(self) -> None:
        ordinary = not (self._window.isMaximized() or self._window.isFullScreen())
        if self._window.isVisible() and ordinary and self._window.pos() != self._position:
            self._window.move(self._position)


def _single_shot(parent: QObject, milliseconds: int, slot: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer


def _part_within(place: Region, screen: Mapping[str, int]) -> dict[str, int] | None:
    """The part of a window that is on the screen, as mss wants it; None without one."""
    left, top = max(place.left, screen["left"]), max(place.top, screen["top"])
    width = min(place.left + place.width, screen["left"] + screen["width"]) - left
    height = min(place.top + place.height, screen["top"] + screen["height"]) - top
    if width <= 0 or height <= 0:
        return None
    return {"left": left, "top": top, "width": width, "height": height}


def _check_deadline(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise KnownError(
            "the window of agent-app did not get out of the agent's way",
            remedy="let the agent work on a desktop of its own: --virtual 1280x800",
        )
