"""A made-up run that writes a mail, on a drawn desktop: what pictures of the window show.

Task and thoughts are in the window's language, as a person and a model would write them there; the
drawn application is English, as its letters are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from agent_app import wording
from agent_app.actions import Action, Click, Terminate, Write, target_points
from agent_app.episode.recorder import EpisodeRecorder
from agent_app.events import (
    ActionDecided,
    ActionDone,
    ActionJudged,
    Budgets,
    Event,
    FrameCaptured,
    FrameRef,
    Outcome,
    ReplyReceived,
    RunFinished,
    RunStarted,
    ScreenSettled,
    StepFinished,
    StepStarted,
    Timing,
    TokenStreamed,
    VetoOffered,
    WindowRef,
    WindowsSeen,
)
from agent_app.geometry import (
    FrameTransform,
    Monitor,
    Region,
    RelativePoint,
    ScreenPoint,
    Size,
)
from agent_app.policy.judging import Judgement
from agent_app.screen.frame import Frame
from agent_app.wording import say
from tests.fakes.session import ScriptedSession, framed

SIZE = Size(1280, 800)
TRANSFORM = FrameTransform(ScreenPoint(0, 0), 1.0, SIZE)
MONITOR = Monitor(1, Region(0, 0, SIZE.width, SIZE.height))
WINDOW = WindowRef("Write a message", "mail", Region(250, 96, 780, 608), active=True, popup=False)
ADDRESS = "ada@example.org"
VETO_SECONDS = 8.0
ANSWER_SECONDS = 120.0

_INK, _GREY, _RIM, _BLUE = "#20242b", "#6b7280", "#c3c9d2", "#2764c5"
_PLACES = {"to": (640, 210), "subject": (640, 262), "body": (640, 420), "send": (926, 660)}


@dataclass(frozen=True, slots=True)
class Words:
    """What the person and the model write; a step is what it thinks and what it then says."""

    task: str
    subject: str
    steps: tuple[tuple[str, str], ...]
    answer: str
    reason: str


ENGLISH = Words(
    task="Send the quarterly figures to Ada, with a friendly line.",
    subject="Quarterly figures",
    steps=(
        (
            "A new message is open. The field “To” at the top is empty, and it has to hold Ada's "
            "address before anything else. I click into it first, at (640, 210).",
            "Click into the field “To”",
        ),
        (
            "The caret blinks in “To”. The address book in the task names ada@example.org.",
            "Type Ada's address",
        ),
        (
            "Now “Subject” is next. It is below “To”, at (640, 262).",
            "Fill in the subject “Quarterly figures”",
        ),
        (
            "The address and the subject are in, and the figures are attached below the text. "
            "Nothing is missing.\n\n"
            "There are two buttons at the foot: “Save draft” keeps the message, “Send” sends it. "
            "The task says to send it, so it is “Send”, at (926, 660).",
            "Click “Send”",
        ),
        (
            "A note says “Message sent”, so the figures are on their way. The task is done.",
            "The message has been sent",
        ),
    ),
    answer="The figures went to ada@example.org, with a friendly line.",
    reason="the model ended the task",
)
CHINESE = Words(
    task="把季度数据发给 Ada，再加一句友好的话。",
    subject="Quarterly figures",
    steps=(
        (
            "一封新邮件已经打开。最上面的“To”还是空的，要先填 Ada 的地址。"
            "我先点击它，位置在 (640, 210)。",
            "点击“To”输入框",
        ),
        ("光标已经在“To”里。任务里的地址是 ada@example.org。", "输入 Ada 的地址"),
        ("接下来是“Subject”，在“To”下面，位置 (640, 262)。", "填写主题“Quarterly figures”"),
        (
            "地址和主题都填好了，数据也附在正文下面，什么都不缺。\n\n"
            "底部有两个按钮：“Save draft”只保存草稿，“Send”会发送。"
            "任务要求发送，所以点击“Send”，位置在 (926, 660)。",
            "点击“Send”",
        ),
        ("屏幕上显示“Message sent”，邮件已经发出，任务完成。", "邮件已经发出"),
    ),
    answer="季度数据已发给 ada@example.org，并附上了一句问候。",
    reason="the model ended the task",
)


def words_in(language: str) -> Words:
    """What is written in a window of this language."""
    return CHINESE if language.startswith("zh") else ENGLISH


def screen(stage: int) -> Image.Image:
    """The drawn desktop after so many steps."""
    image = Image.new("RGB", (SIZE.width, SIZE.height), "#3d5468")
    draw = ImageDraw.Draw(image)
    small, plain, large = (ImageFont.load_default(size) for size in (15, 18, 20))
    draw.rectangle((0, 768, 1280, 800), fill="#22303c")
    draw.text((20, 774), "Mail     Files     Notes", fill="#d7dee6", font=small)
    draw.rounded_rectangle((250, 96, 1030, 704), 8, fill="#ffffff", outline="#1d2831")
    draw.rounded_rectangle((250, 96, 1030, 136), 8, fill="#e8ebef", outline="#1d2831")
    draw.text((640, 116), "Write a message", fill=_INK, font=plain, anchor="mm")
    draw.line((1004, 110, 1016, 122), fill=_GREY, width=2)
    draw.line((1016, 110, 1004, 122), fill=_GREY, width=2)
    for label, top, text in (
        ("To", 190, ADDRESS if stage > 1 else ""),
        ("Subject", 242, ENGLISH.subject if stage > 2 else ""),
    ):
        draw.text((278, top + 20), label, fill=_GREY, font=plain, anchor="lm")
        rim = _BLUE if label == "To" and stage == 1 else _RIM
        draw.rounded_rectangle((370, top, 1002, top + 40), 5, outline=rim, width=2)
        draw.text((384, top + 20), text, fill=_INK, font=plain, anchor="lm")
    draw.rounded_rectangle((278, 302, 1002, 620), 5, outline=_RIM, width=2)
    lines = ("Dear Ada,", "", "here are the figures of the quarter.", "Have a good week!")
    draw.multiline_text((294, 320), "\n".join(lines), fill=_INK, font=plain, spacing=10)
    draw.rounded_rectangle((294, 560, 520, 604), 5, fill="#eef3fb", outline="#b8cbe8")
    draw.text((310, 582), "figures.ods   48 KB", fill=_BLUE, font=small, anchor="lm")
    draw.rounded_rectangle((720, 640, 840, 680), 5, fill="#eef0f3", outline=_RIM)
    draw.text((780, 660), "Save draft", fill=_INK, font=plain, anchor="mm")
    draw.rounded_rectangle((870, 640, 982, 680), 5, fill=_BLUE)
    draw.text((926, 660), "Send", fill="#ffffff", font=plain, anchor="mm")
    if stage > 3:
        draw.rounded_rectangle((480, 24, 800, 72), 8, fill="#1f7a4d")
        draw.text((640, 48), "Message sent", fill="#ffffff", font=large, anchor="mm")
    return image


@cache
def seen(stage: int) -> Frame:
    """That desktop as a frame."""
    return framed(screen(stage))


class MailRun:
    """The run as events, whose clock may have begun before now; `keep` takes each frame."""

    def __init__(self, words: Words, keep: Callable[[Frame], object], *, began: float) -> None:
        self.words = words
        self.now = began
        self._keep = keep

    def begin(self) -> Iterator[Event]:
        """The start."""
        task, model = self.words.task, "kimi-vl"
        yield RunStarted("r1", task, model, "0" * 40, (MONITOR,), Budgets(), self.now)

    def think(self, number: int) -> Iterator[Event]:
        """A step up to what is about to be done."""
        yield StepStarted(number, self.now)
        yield self._captured(number, number - 1)
        if number == 1:
            yield WindowsSeen(number, (WINDOW,), self.now)
        thought, said = self.words.steps[number - 1]
        yield TokenStreamed(number, "thought", thought)
        yield TokenStreamed(
            number, "summary", f"## Action:\n{said}\n## Code:\n{self._code(number)}"
        )
        self.now += 2.1 + 0.3 * number
        yield ReplyReceived(number, thought, said, "stop", 900, 40 + len(thought) // 3, self.now)
        action = self.action(number)
        points = target_points(action, TRANSFORM)
        yield ActionDecided(number, 0, action, said, points, self.now)

    def act(self, number: int) -> Iterator[Event]:
        """The rest of it."""
        if number < len(self.words.steps):
            yield ActionDone(number, 0, self.now)
            yield ScreenSettled(number, True, True, 0.3, self.now)
        self.now += 0.4
        timing = Timing(0.008, 0.041, 0.36, 1.7 + 0.3 * number, 0.0007, 0.06, 0.34)
        yield StepFinished(number, timing, self.now)

    def offer(self, number: int) -> VetoOffered:
        """A veto, from now on."""
        action = self.action(number)
        points = (target_points(action, TRANSFORM),)
        return VetoOffered(number, (action,), points, VETO_SECONDS, time.monotonic())

    def judge(self, number: int) -> ActionJudged:
        """Policy wants the person asked."""
        frame = seen(number - 1)
        self._keep(frame)
        ref = FrameRef(frame.sha1, TRANSFORM, 1)
        judged = JUDGED
        told = (judged.rule, str(judged.reason), str(judged.window), judged.shown)
        return ActionJudged(number, 0, "ask", *told, ref, self.now)

    def end(self, outcome: Outcome = "success", *, steps: int = 5) -> Iterator[Event]:
        """The last look, and the result."""
        yield self._captured(steps + 1, steps - 1)
        answer = self.words.answer if outcome == "success" else ""
        reason = (
            self.words.reason if outcome == "success" else f"the limit of {steps} steps is reached"
        )
        yield RunFinished(outcome, reason, answer, steps, 4.0 * steps, 120 * steps, self.now)

    def action(self, number: int) -> Action:
        """What a step does."""
        actions: tuple[Action, ...] = (
            Click(_at("to")),
            Write(ADDRESS),
            Click(_at("subject")),
            Click(_at("send")),
            Terminate("success", self.words.answer),
        )
        return actions[number - 1]

    def _captured(self, number: int, stage: int) -> Event:
        frame = seen(stage)
        self._keep(frame)
        return FrameCaptured(number, FrameRef(frame.sha1, TRANSFORM, 1), self.now)

    def _code(self, number: int) -> str:
        match self.action(number):
            case Click(at=RelativePoint(x=x, y=y)):
                return f"pyautogui.click(x={x:.3f}, y={y:.3f})"
            case Write(text=text):
                return f"pyautogui.write({text!r})"
            case _:
                return "computer.terminate(status='success')"


JUDGED = Judgement(
    "ask",
    "words.send",
    say(
        "it says “{word}”, and {why}",
        word="Send",
        why=wording.Words("what is sent cannot be called back"),
    ),
    say("{verb} “{label}”", verb=say("click"), label="Send"),
    "“Write a message” (mail)",
    say(
        "{what} in {window}",
        what=say("{verb} “{label}”", verb=say("clicking"), label="Send"),
        window="mail",
    ),
)


def record(folder: Path, words: Words, *, outcome: Outcome = "success", steps: int = 5) -> Path:
    """The run as an episode."""
    frames: dict[str, Frame] = {}

    def keep(frame: Frame) -> None:
        frames[frame.sha1] = frame

    def events() -> Iterator[Event]:
        run = MailRun(words, keep, began=100.0)
        yield from run.begin()
        for number in range(1, steps + 1):
            yield from run.think(number)
            yield from run.act(number)
        yield from run.end(outcome, steps=steps)

    for _ in EpisodeRecorder(folder, frames.get).tee(events()):
        pass
    return folder


def script(words: Words, go_on: threading.Event) -> Callable[[ScriptedSession], Iterator[Event]]:
    """For a session: it offers a veto, asks once `go_on` is set, and ends after the answer."""

    def play(session: ScriptedSession) -> Iterator[Event]:
        run = MailRun(words, lambda frame: session.captured(0, frame), began=time.monotonic() - 10)
        yield from run.begin()
        for number in (1, 2, 3):
            yield from run.think(number)
            yield from run.act(number)
        yield from run.think(4)
        yield run.offer(4)
        while not go_on.wait(0.02) and not session.stopped.is_set():
            pass
        yield run.judge(4)
        question = JUDGED.question(ANSWER_SECONDS)
        choices = ("allow once", "allow for this run", "refuse", "stop")
        yield from session.ask(4, question, choices, seconds=ANSWER_SECONDS)
        yield from run.act(4)
        yield from run.think(5)
        yield from run.act(5)
        yield from run.end()

    return play


def _at(name: str) -> RelativePoint:
    x, y = _PLACES[name]
    return RelativePoint(x / SIZE.width, y / SIZE.height)
