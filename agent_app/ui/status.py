"""The line at the foot: which model and why, how far, how long, how fast."""

from __future__ import annotations

import math
import time
from collections import deque

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from agent_app.model_runtime import RuntimeInfo
from agent_app.ui.phrases import spoken
from agent_app.ui.story import Story
from agent_app.ui.usage import gpu_bytes, resident_bytes

_RATE_SECONDS = 2.0
_HOST = 40  # characters of a machine's name


class RateMeter:
    """Tokens per second over the last two seconds."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque()

    def count(self, tokens: int, now: float) -> None:
        """Take in tokens that have just come."""
        self._counts.append((now, tokens))

    def rate(self, now: float) -> float | None:
        """The rate, or None when nothing has come lately."""
        while self._counts and self._counts[0][0] < now - _RATE_SECONDS:
            self._counts.popleft()
        if len(self._counts) < 2:
            return None
        span = max(now - self._counts[0][0], 0.1)
        return sum(tokens for _, tokens in self._counts) / span


class StatusLine(QWidget):
    """Six facts about the run, always in the same place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(18)
        self.model = self._fact(row, self.tr("Model"), stretch=1)
        self.model.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.privacy = self._fact(row, self.tr("Privacy"))
        self.privacy.setTextFormat(Qt.TextFormat.PlainText)
        self.step = self._fact(row, self.tr("Step"))
        self.elapsed = self._fact(row, self.tr("Elapsed"))
        self.rate = self._fact(row, self.tr("Speed"))
        self.memory = self._fact(row, self.tr("Memory"))
        self._memory_at = -math.inf
        self.show_model(None)

    def show_model(self, info: RuntimeInfo | None, why: str = "") -> None:
        """Say which model runs, and in the tool tip why it was chosen."""
        if info is None:
            self.model.setText(self.tr("Ready"))
            self.privacy.setText("")
            return
        said = f"{info.name}  ·  {spoken(info.detail)}" if info.detail else info.name
        self.model.setText(said)
        self.model.setToolTip(f"{said}\n{spoken(why)}" if why else said)
        if info.sends_to:
            host = info.sends_to
            short = host if len(host) <= _HOST else f"…{host[1 - _HOST :]}"  # its end tells whose
            self.privacy.setText(self.tr("Screenshots go to {host}").format(host=short))
            self.privacy.setToolTip(host)
        else:
            self.privacy.setText(self.tr("Nothing leaves this computer"))

    def show_progress(self, story: Story, live_rate: float | None, *, opening: bool) -> None:
        """Say how far the run is. `opening` is while its model is still being made ready."""
        if opening:
            self.model.setText(self.tr("Getting the model ready…"))
        step = story.step
        if step is not None and story.run is not None:
            of = self.tr("step {number} of at most {most}")
            self.step.setText(of.format(number=step.number, most=story.run.budgets.steps))
        else:
            self.step.setText("")
        self.elapsed.setText(_clock(self._seconds(story)))
        rate = live_rate
        if rate is None and step is not None:
            rate = step.tokens_per_second
        self.rate.setText("" if rate is None else self.tr("{n} tokens/s").format(n=round(rate)))

    def show_memory(self) -> None:
        """Say how much memory is taken; at most once a second."""
        now = time.monotonic()
        if now < self._memory_at + 1:
            return
        self._memory_at = now
        parts: list[str] = []
        if (taken := resident_bytes()) is not None:
            parts.append(self.tr("{n} GB").format(n=f"{taken / 1e9:.1f}"))
        if (gpu := gpu_bytes()) is not None:
            of = self.tr("GPU {n} of {all} GB")
            parts.append(of.format(n=f"{gpu[0] / 1e9:.1f}", all=f"{gpu[1] / 1e9:.0f}"))
        self.memory.setText(" · ".join(parts))
        self.memory.setToolTip(self.tr("Memory of this program, and of the GPU it uses"))

    def _seconds(self, story: Story) -> float | None:
        if story.finished is not None:
            return story.finished.seconds
        if story.run is None:
            return None
        return (story.ended_at or time.monotonic()) - story.run.at

    def _fact(self, row: QHBoxLayout, name: str, *, stretch: int = 0) -> QLabel:
        label = QLabel(self)
        label.setProperty("role", "muted")
        label.setAccessibleName(name)
        row.addWidget(label, stretch)
        return label


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
