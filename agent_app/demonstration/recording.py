"""Recording a demonstration: a run whose model is a person.

Each gesture is a step: the frame from just before it, the windows, the action, and how the screen
took it. A step is told, and so written down, as soon as its gesture is over; the person goes on
meanwhile and never waits for anything here.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

from agent_app.actions import Hotkey, Write
from agent_app.demonstration.film import Film
from agent_app.demonstration.gestures import (
    Recognized,
    Recognizer,
    Signalled,
    Unclear,
)
from agent_app.demonstration.hovering import hovers_before
from agent_app.demonstration.listening import Listener
from agent_app.demonstration.naming import Naming
from agent_app.demonstration.options import RecordingOptions
from agent_app.demonstration.pending import Gesture
from agent_app.demonstration.pointer import Pointer
from agent_app.demonstration.secrets import LATE_SECONDS, Secrets, tells_characters
from agent_app.demonstration.typed import inserted
from agent_app.errors import KnownError
from agent_app.events import (
    ActionDecided,
    ActionDone,
    Budgets,
    Event,
    FrameCaptured,
    FrameRef,
    ModelWarned,
    Outcome,
    RunFinished,
    RunStarted,
    ScreenSettled,
    StepFinished,
    StepStarted,
    Timing,
    WindowRef,
    WindowsSeen,
)
from agent_app.hiding.covering import SecretPlace
from agent_app.hiding.fields import Field, Fields
from agent_app.hiding.news import wait_for_news
from agent_app.hiding.shots import Shot
from agent_app.screen.frame import Frame
from agent_app.screen.ring import FrameRing
from agent_app.screen.settle import SettleLimits, moved
from agent_app.workplace import Workplace
from agent_app.xdisplay import x_display

MODEL = "human"

_POLL_SECONDS = 0.05
_SLACK_SECONDS = 0.25  # that events may take to come, on a busy machine
_LOOK_SECONDS = 0.2  # between looks at where secrets show
_SETTLE = SettleLimits()
_CTRL_C_SECONDS = 2.0


class Recording:
    """One recording under way.

    A frame is in `ring` before the event that names it. Setting `stop` ends it, and so does
    `app_ended` when it says that the application that all is about has ended; `on_secret` is told
    whenever secret typing begins or ends by the chord.
    """

    def __init__(
        self,
        task: str,
        *,
        workplace: Workplace,
        options: RecordingOptions,
        ring: FrameRing,
        stop: threading.Event,
        app_ended: Callable[[], bool],
        on_secret: Callable[[bool], None],
        naming: Naming,
    ) -> None:
        self._task = task
        self._workplace = workplace
        self._options = options
        self._ring = ring
        self._stop = stop
        self._app_ended = app_ended
        self._on_secret = on_secret
        self._naming = naming
        self._steps = 0
        self._windows: tuple[WindowRef, ...] = ()
        self._at = self._last_end = self._started = 0.0
        self._look_at = 0.0
        self._heard_until = 0.0  # all input up to then is known
        self._recognized: deque[Recognized] = deque()
        self._shots: dict[float, Shot] = {}  # from before gestures, by when they began
        self._texts: dict[float, tuple[Field, str]] = {}  # what fields held before typing
        self._warnings: list[str] = []
        self._outside = False
        self._secret: tuple[SecretPlace, str] | None = None  # what typing goes on into
        self._over = ""  # why it is over

    def events(self) -> Iterator[Event]:
        """The whole recording, from RunStarted to RunFinished.

        Once the first event is told, nothing that is done is missed.
        """
        with ExitStack() as opened:
            self._workplace.screen.check()
            self._open(opened)
            self._at = self._last_end = self._started = time.monotonic()
            yield RunStarted(
                run=uuid.uuid4().hex,
                task=self._task,
                model=MODEL,
                prompt_sha1="",
                monitors=self._workplace.screen.monitors(),
                budgets=Budgets(),
                at=self._started,
                programs=self._workplace.programs,
            )
            try:
                yield from self._record()
                yield from self._look_last()
            except KnownError as error:
                yield self._finished("error", str(error))
                raise
            except Exception as error:  # a fault of ours: recorded here, told by who catches it
                yield self._finished("error", f"{type(error).__name__}: {error}")
                raise
            else:
                yield self._finished("success", self._over)

    def _open(self, opened: ExitStack) -> None:
        place = self._workplace
        self._listener = Listener(place.environment, injected=self._options.injected)
        opened.callback(self._listener.close)
        self._fields = Fields(place.environment)
        opened.callback(self._fields.close)
        if self._fields.note:
            self._warnings.append(self._fields.note)
        self._secrets = Secrets(self._fields, windows=self._options.secret_windows)
        pointer = Pointer(x_display(place.environment))
        opened.callback(pointer.close)
        self._film = Film(place.screen, pointer.position)
        opened.callback(self._film.close)
        transform = self._film.last().frame.transform
        self._recognizer = Recognizer(transform, chords=self._options.chords())

    def _record(self) -> Iterator[Event]:
        while not self._over:
            self._pump()
            yield from self._tell()
        self._recognized.extend(self._recognizer.finish())
        if self._stop.is_set():
            self._drop_last_ctrl_c()
        yield from self._tell()

    def _pump(self) -> None:
        """Take in what the hand has done, waiting a moment for it."""
        try:
            event = self._listener.events.get(timeout=_POLL_SECONDS)
            while True:
                if event is None:
                    raise KnownError(
                        "the display that was recorded is gone",
                        remedy="the episode up to there is kept",
                    )
                self._film.wake()
                self._recognized.extend(self._recognizer.feed(event))
                self._keep_moment()
                event = self._listener.events.get_nowait()
        except queue.Empty:
            self._recognized.extend(self._recognizer.advance(time.monotonic() - _SLACK_SECONDS))
        now = time.monotonic()
        self._heard_until = now - _SLACK_SECONDS
        if now >= self._look_at:
            self._secrets.look(self._film.last().windows)
            took = time.monotonic() - now  # who answers late is asked less
            self._look_at = now + took + max(_LOOK_SECONDS, took)
        if self._film.fault is not None:
            raise self._film.fault
        if self._stop.is_set():
            self._over = self._over or "the person stopped the recording"
        elif self._app_ended():
            self._over = self._over or "the application ended"

    def _keep_moment(self) -> None:
        """Keep what was there before the gesture that begins now."""
        began = self._recognizer.began
        if began is None or began in self._shots:
            return
        self._shots[began] = self._film.before(began)
        self._fields.look(began)
        fields = self._fields.during(began, began)
        self._secrets.expect(fields)
        for field in fields:
            if not field.password and (text := self._fields.text(field)) is not None:
                self._texts[began] = (field, text)

    def _tell(self) -> Generator[Event]:
        """The steps of what has been recognized."""
        while self._recognized:
            match self._recognized.popleft():
                case Signalled(signal="stop"):
                    self._over = "the person stopped the recording"
                    self._recognized.clear()
                    return
                case Signalled():
                    self._on_secret(self._secrets.toggle())
                    self._secret = None
                case Unclear(what=what):
                    self._warnings.append(f"{what}: no action says that, so it is left out")
                case Gesture() as gesture:
                    yield from self._gesture(gesture)

    def _gesture(self, gesture: Gesture) -> Iterator[Event]:
        shot = self._shots.pop(gesture.began, None) or self._film.before(gesture.began)
        for began in [began for began in self._shots if began < gesture.began]:
            del self._shots[began]
        if gesture.points:
            self._outside = gesture.outside
        if self._outside:
            return
        told = self._without_secrets(gesture)
        if told is not None:
            for rest in hovers_before(told, self._film, since=self._last_end):
                yield from self._step(rest, self._film.before(rest.began))
            yield from self._step(told, shot)
        self._last_end = gesture.ended

    def _without_secrets(self, gesture: Gesture) -> Gesture | None:
        """The gesture as it may be told; None when it only goes on with a secret."""
        if not tells_characters(gesture.action):
            self._secret = None
            return self._as_typed(gesture)
        late = gesture.ended + LATE_SECONDS
        while time.monotonic() < late + _SLACK_SECONDS and not self._over:
            self._pump()
        sure, until = wait_for_news(self._fields, None if self._over else self._pump, gesture.ended)
        if not sure:
            self._warnings.append(
                "an application did not say in time what was typed into, so that is not kept"
            )
        active = self._film.active_windows(gesture.began, max(until, late))
        place = self._secrets.place(gesture.began, until, active, after=self._last_end, sure=sure)
        if place is None:
            self._secret = None
            return self._as_typed(gesture)
        if self._secret is not None and self._secret[0] == place:
            self._secrets.hide_more(place, gesture.began, gesture.action, self._secret[1])
            return None
        name = self._secrets.hide(place, gesture.began, gesture.action)
        self._secret = (place, name)
        # how long it took would tell how long it is
        write = Write(f"{{{{secret:{name}}}}}")
        return Gesture(write, gesture.began, gesture.began)

    def _as_typed(self, gesture: Gesture) -> Gesture:
        """With the text that an input method made of the keys, where the field tells it."""
        before = self._texts.pop(gesture.began, None)
        if not isinstance(gesture.action, Write):
            return gesture
        text = gesture.action.text
        if before is not None and (after := self._fields.text(before[0])) is not None:
            text = inserted(before[1], after, typed=text)
        text = self._secrets.without(text)
        return Gesture(Write(text), gesture.began, gesture.ended)

    def _step(self, gesture: Gesture, shot: Shot) -> Iterator[Event]:
        self._steps += 1
        number = self._steps
        frame = self._secrets.covered(shot)
        self._ring.add(frame)
        began = self._clock(gesture.began)
        yield StepStarted(number, began)
        yield from self._seen(number, frame, shot.windows)
        for message in self._warnings:
            yield ModelWarned(number, message, self._at)
        self._warnings.clear()
        intent = self._secrets.without(
            self._naming.intent(gesture.action, gesture.points, frame, shot.windows)
        )
        for index in range(gesture.times):
            at = self._clock(self._at)
            yield ActionDecided(number, index, gesture.action, intent, gesture.points, at)
            yield ActionDone(number, index, self._clock(gesture.ended))
        yield from self._settle(number, gesture, shot)
        yield StepFinished(number, Timing(act=gesture.ended - gesture.began), self._at)

    def _settle(self, number: int, gesture: Gesture, shot: Shot) -> Iterator[Event]:
        """Wait until the screen is quiet, or the person goes on."""
        settled = False
        while True:
            self._pump()
            end = self._goes_on()
            until = self._film.looked_at() if end is None else end
            last_change = self._film.last_change(until)
            reacted = last_change > gesture.ended
            wanted = _SETTLE.quiet if reacted or end is not None else _SETTLE.reaction
            settled = until - max(last_change, gesture.ended) >= wanted
            if settled or end is not None or self._over:
                break
            if until - gesture.ended >= _SETTLE.maximum:
                break
        after = self._film.before(until).frame
        seconds = max(0.0, until - gesture.ended)
        yield ScreenSettled(
            number, settled, moved(shot.frame, after, ()), seconds, self._clock(until)
        )

    def _goes_on(self) -> float | None:
        """When the next thing was begun."""
        for part in self._recognized:
            if isinstance(part, Gesture):
                return part.began
        return self._recognizer.began

    def _look_last(self) -> Iterator[Event]:
        """The screen that the person leaves."""
        self._secrets.look(self._film.last().windows)
        shot = self._film.before(self._heard_until)
        frame = self._secrets.covered(shot)
        self._ring.add(frame)
        yield from self._seen(self._steps, frame, shot.windows)

    def _seen(self, number: int, frame: Frame, windows: tuple[WindowRef, ...]) -> Iterator[Event]:
        """A frame, and the windows on it when they are others than before."""
        ref = FrameRef(frame.sha1, frame.transform, frame.monitor)
        yield FrameCaptured(number, ref, self._at)
        told = tuple(
            WindowRef(self._secrets.without(w.title), w.application, w.region, w.active, w.popup)
            for w in windows
        )
        if told != self._windows:
            self._windows = told
            yield WindowsSeen(number, told, self._at)

    def _drop_last_ctrl_c(self) -> None:
        """Forget the Ctrl+C that stopped us from a terminal of the recorded desktop."""
        match list(self._recognized)[-1:]:
            case [Gesture(action=Hotkey(keys=("ctrl", "c")), ended=ended)]:
                if time.monotonic() - ended < _CTRL_C_SECONDS:
                    self._recognized.pop()
            case _:
                pass

    def _clock(self, at: float) -> float:
        """A moment, or that of the last event, so that times never go back."""
        self._at = max(self._at, at)
        return self._at

    def _finished(self, outcome: Outcome, reason: str) -> RunFinished:
        now = time.monotonic()
        return RunFinished(outcome, reason, "", self._steps, now - self._started, 0, now)
