"""A run in the terminal: the same stream of events as the window, printed as it comes."""

from __future__ import annotations

import math
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from agent_app.actions import describe_action
from agent_app.control import Cause
from agent_app.egress import said_of
from agent_app.events import (
    ActionDecided,
    ApprovalGiven,
    EffectCompared,
    Event,
    HintGiven,
    ModelErred,
    ModelWarned,
    Paused,
    QuestionAsked,
    RunFinished,
    RunStarted,
    ScreenSettled,
    StepFinished,
    StepStarted,
    TargetFound,
    TargetMissed,
    TokenStreamed,
    VetoOffered,
)
from agent_app.model_runtime import Progress as ModelProgress
from agent_app.session import Session

_PAUSED: dict[Cause, str] = {
    "hand": "you took over",
    "person": "paused",
    "veto": "stopped before it was done",
    "hint": "waiting for your hint",
}
_POLL = 0.1  # seconds
_OUTCOME_STYLES = {"success": "bold green", "failure": "bold red", "error": "bold red"}


def print_run(session: Session, console: Console) -> RunFinished:
    """Run a session to its end, printing it, and return how it ended.

    The model is made ready first, with a bar. Ctrl+C and SIGTERM stop the run tidily. Questions are
    asked in the terminal when there is one, and stay unanswered otherwise.
    """
    printer = _Printer(console, session)
    finished: RunFinished | None = None
    with stopping_on_signals(session) as printer.stopped:
        with progress_bar(console) as progress:
            session.prepare(progress)
        if session.why:
            console.print(session.why, style="dim")
        if session.runtime is not None:
            console.print(Text(said_of(session.runtime.sends_to)), style="dim")
        for event in session.events():
            printer.show(event)
            if isinstance(event, RunFinished):
                finished = event
    assert finished is not None, "every run ends with RunFinished"
    return finished


@contextmanager
def progress_bar(console: Console, *, in_bytes: bool = True) -> Generator[ModelProgress]:
    """A bar for work that is counted in bytes, or in things; it is gone when the work is done.

    What is worked on is printed once, and stays. The bar shows in a terminal alone: a file has no
    use for it.
    """
    columns = (
        TextColumn(" "),
        BarColumn(),
        *((DownloadColumn(), TransferSpeedColumn()) if in_bytes else (MofNCompleteColumn(),)),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=None, visible=False)
        said = ""

        def tell(what: str, done: int, total: int) -> None:
            nonlocal said
            if what != said:
                said = what
                bar.console.print(Text(what), style="dim", soft_wrap=True)
            bar.update(task, completed=done, total=total, visible=True)

        yield tell


@contextmanager
def stopping_on_signals(session: Session) -> Generator[threading.Event]:
    """Turn the first signal into a stop, which is told; a second Ctrl+C interrupts for good."""
    stopped = threading.Event()
    reading, writing = socket.socketpair()

    def wait() -> None:
        if reading.recv(1):
            stopped.set()
            session.stop()

    # The handler runs in the middle of whatever this thread does, which may hold the very lock that
    # a stop needs: another thread takes it.
    waiting = threading.Thread(target=wait, name="waiting for signals")

    def stop(number: int, _frame: FrameType | None) -> None:
        writing.send(b"!")
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    with reading, writing:
        waiting.start()
        try:
            yield stopped
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            writing.shutdown(socket.SHUT_WR)
            waiting.join()


class _Printer:
    def __init__(self, console: Console, session: Session) -> None:
        self._console = console
        self._session = session
        self._line_open = False
        self.stopped = threading.Event()

    def show(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._line(f"Task: {event.task}", "bold")
            case StepStarted():
                self._line(f"── step {event.step} ", "cyan")
            case TokenStreamed():
                self._stream(event)
            case ActionDecided():
                self._line(f"▶ {describe_action(event.action)}{_places(event)}", "bold")
            case ModelErred():
                self._line(f"✗ {event.message}", "yellow")
            case ModelWarned():
                self._line(f"! {event.message}", "yellow")
            case TargetFound():
                self._line(
                    f"  found by {event.how} ({event.score:.0%}, {event.seconds:.2f} s)", "dim"
                )
            case TargetMissed():
                self._line(f"✗ {event.reason}", "yellow")
            case EffectCompared(alike=False):
                self._line(f"✗ {event.message}", "yellow")
            case ScreenSettled(settled=False):
                self._line(f"! the screen was still moving after {event.seconds:.1f} s", "yellow")
            case StepFinished():
                spent = event.timing
                parts = ((name, getattr(spent, name)) for name in spent.__struct_fields__)
                times = " · ".join(f"{name} {s * 1000:.0f} ms" for name, s in parts if s >= 0.0005)
                self._line(f"  {times}", "dim")
            case Paused():
                self._line(f"‖ {_PAUSED[event.cause]}", "bold magenta")
            case VetoOffered():
                self._line(f"  in {event.seconds:g} s", "dim")
            case HintGiven():
                self._line(f"  hint: {event.hint}", "magenta")
            case ApprovalGiven(answer="run"):
                self._line(f"  allowed for this run: {event.scope}", "dim")
            case QuestionAsked():
                self._session.answer(self._ask(event))
            case RunFinished():
                style = _OUTCOME_STYLES.get(event.outcome, "bold yellow")
                # an error is raised as well, and told by whoever catches it
                told = event.answer or ("" if event.outcome == "error" else event.reason)
                steps = "1 step" if event.steps == 1 else f"{event.steps} steps"
                self._line(f"{event.outcome} ({steps}, {event.seconds:.1f} s)  {told}", style)
            case _:
                pass

    def _stream(self, event: TokenStreamed) -> None:
        if event.restart:
            self._line("(the text so far was a thought)", "dim")
            return
        style = "dim italic" if event.channel == "thought" else ""
        self._console.print(Text(event.text, style), end="")
        self._line_open = not event.text.endswith("\n")

    def _line(self, text: str, style: str) -> None:
        if self._line_open:
            self._console.print()
            self._line_open = False
        self._console.print(Text(text, style))

    def _ask(self, event: QuestionAsked) -> str | None:
        """The person's words, or the choice whose number they typed; None without an answer."""
        self._line(f"? {event.question}", "bold magenta")
        for number, choice in enumerate(event.choices, 1):
            self._line(f"  {number}. {choice}", "magenta")
        if not sys.stdin.isatty():
            self._line("  nobody is here to answer", "dim")
            return None
        try:
            answer = self._read_line(event.seconds)
        except (EOFError, KeyboardInterrupt):
            return None
        if answer is None:
            self._line("no answer in time", "dim")
            return None
        answer = answer.strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(event.choices):
            return event.choices[int(answer) - 1]
        return answer or None

    def _read_line(self, seconds: float | None) -> str | None:
        """What is typed from now on; None when no line comes within these seconds."""
        if sys.platform == "win32":  # where a terminal cannot be waited for
            return self._console.input("> ")
        import termios  # not on Windows

        termios.tcflush(sys.stdin, termios.TCIFLUSH)  # what was typed before is no answer
        self._console.print("> ", end="")
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        while not select.select([sys.stdin], [], [], _POLL)[0]:
            if time.monotonic() >= deadline or self.stopped.is_set():
                self._console.print()
                return None
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line


def _places(event: ActionDecided) -> str:
    return "".join(f" ({point.x}, {point.y})" for point in event.points)
