"""Where a label stands on a screenshot, read from its pixels when the person asks for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from PIL import Image
from PySide6.QtCore import QObject, Qt, Signal, Slot

from agent_app.geometry import FrameBox, FramePoint, FrameTransform
from agent_app.model_runtime import ImagePart
from agent_app.runtimes.reader.matching.likeness import likeness
from agent_app.runtimes.reader.sight import Element
from agent_app.screen.frame import Pixels

_KEPT = 8  # frames whose texts are remembered

Texts = Sequence[Element]
Read = Callable[[ImagePart], Texts]


def read_pixels() -> Read:
    """The reader's own recognition; made in the thread that reads, for it takes its time."""
    from agent_app.runtimes.reader.seeing.ocr import Ocr

    return Ocr().read


class FrameTexts(QObject):
    """The texts of frames, each read once, in a thread that lives while there is something to read.

    **Signals:**

    - `read` (str): the texts of the frame with this sha1 are there
    """

    read = Signal(str)
    _finished = Signal(str, object)

    def __init__(
        self, parent: QObject | None = None, *, make: Callable[[], Read] = read_pixels
    ) -> None:
        super().__init__(parent)
        self._make = make
        self._reader: Read | None = None
        self._kept: OrderedDict[str, Texts] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._waiting: tuple[str, Pixels, FrameTransform] | None = None
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)

    def get(self, sha1: str) -> Texts | None:
        """The texts of a frame that has been read."""
        return self._kept.get(sha1)

    def ask(self, sha1: str, pixels: Pixels, transform: FrameTransform) -> None:
        """Read a frame and say so with `read`; only the last one asked for is waited for."""
        if sha1 in self._kept:
            self.read.emit(sha1)
            return
        self._waiting = (sha1, pixels, transform)
        if self._thread is None:
            self._start()

    def close(self) -> None:
        """Wait for the thread, and say nothing any more."""
        self._waiting = None
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _start(self) -> None:
        assert self._waiting is not None
        sha1, pixels, transform = self._waiting
        self._waiting = None

        def run() -> None:
            texts: Texts = ()
            try:
                reader = self._reader = self._reader or self._make()
                texts = reader(ImagePart(Image.fromarray(pixels), sha1, transform))
            finally:
                self._finished.emit(sha1, texts)

        self._thread = threading.Thread(target=run, name="agent-app texts", daemon=True)
        self._thread.start()

    @Slot(str, object)
    def _on_finished(self, sha1: str, texts: Texts) -> None:
        if self._thread is None:  # closed meanwhile
            return
        self._thread.join()
        self._thread = None
        self._kept[sha1] = texts
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        self.read.emit(sha1)
        if self._waiting is not None:
            self._start()


def box_of(label: str, texts: Texts) -> FrameBox | None:
    """The box of the text that reads most like a label, or None."""
    best: tuple[float, FrameBox] | None = None
    for element in texts:
        alike = likeness(label, element.text)
        if alike is None:
            continue
        rank = alike.tier * 10 - alike.score
        if best is None or rank < best[0]:
            best = (rank, element.box)
    return None if best is None else best[1]


def text_at(point: FramePoint, texts: Texts) -> str:
    """The text that is read at a place, or nothing."""
    return next((element.text for element in texts if element.box.contains(point)), "")
