"""From where a run stands and what is seen to the next reply, thought through aloud."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from agent_app.geometry import Size
from agent_app.runtimes.reader import code
from agent_app.runtimes.reader.answers import choices_for, narrowed, pick
from agent_app.runtimes.reader.history import ASK, FINISH, GIVE_UP, LOOK, WAIT, Progress, mark
from agent_app.runtimes.reader.language.parsing import parse_qualifiers
from agent_app.runtimes.reader.language.steps import (
    Check,
    Click,
    Deed,
    Drag,
    Hover,
    OpenMenu,
    Press,
    Scroll,
    Step,
    Target,
    Type,
    Wait,
    WaitFor,
)
from agent_app.runtimes.reader.matching.candidates import Candidate
from agent_app.runtimes.reader.matching.finding import (
    Ambiguous,
    Found,
    Match,
    Missing,
    Purpose,
    find,
)
from agent_app.runtimes.reader.matching.relations import quiet_spot
from agent_app.runtimes.reader.narration import account, describe, not_found, wanted
from agent_app.runtimes.reader.quoting import quote
from agent_app.runtimes.reader.sight import Sight

_LOOK_AGAIN_SECONDS = (0.5, 1.0, 2.0, 3.0)  # between looks for what is not there yet
_MOVING_LOOK = 1  # the second
_WAIT_SECONDS = (0.5, 1.0, 1.0, 2.0, 2.0, 3.0)  # between looks for what may take long, then 5
_LONGEST_WAIT_SECONDS = 5.0
_MOST_ATTEMPTS = 2
_MOST_QUESTIONS = 2
_CLICKS = {
    ("left", 1): ("Click", "click"),
    ("left", 2): ("Double-click", "doubleClick"),
    ("left", 3): ("Triple-click", "tripleClick"),
    ("right", 1): ("Right-click", "rightClick"),
    ("middle", 1): ("Middle-click", "middleClick"),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """A reply: the line of its action section, and its code."""

    action: str
    code: str


Thinking = Generator[str, None, Decision]
Locating = Generator[str, None, Candidate | Decision]


class Decider:
    """Thinks one reply through; every method yields what it considers and returns what to do.

    `size` is the frame in pixels, the space of the sight's boxes; `hint` is what a person said into
    the thought before.
    """

    def __init__(
        self, steps: Sequence[Step], stand: Progress, sight: Sight, size: Size, *, hint: str = ""
    ) -> None:
        self._hint = hint
        self._steps = steps
        self._stand = stand
        self._sight = sight
        self._size = size
        self._seen = ""  # what the last check saw, for the answer

    def decide(self) -> Thinking:
        """The next reply: what holds already is passed over, the first step that needs a hand
        or a wait is what the reply is about."""
        while self._stand.step <= len(self._steps):
            if self._stand.attempts >= _MOST_ATTEMPTS:
                yield "It was tried twice, and that is enough.\n"
                return self._give_up(
                    f"it was tried {self._stand.attempts} times, the last time with this result: "
                    f"{quote(self._stand.trouble)}"
                )
            deed = self._step.deed
            if not isinstance(deed, Check | WaitFor):
                return (yield from self._act(deed))
            holds = yield from self._holds(deed.target, visible=deed.visible)
            if not holds:
                if isinstance(deed, WaitFor):
                    return (yield from self._keep_waiting(deed))
                return (yield from self._look_again(self._unmet(deed)))
            self._stand = replace(Progress(), step=self._stand.step + 1, part=self._next_part())
            if self._stand.step <= len(self._steps):
                yield f"Step {self._stand.step}: {quote(self._step.said)[1:-1]}.\n"
        yield "Nothing is left to do.\n"
        count = len(self._steps)
        done = "The one step is done" if count == 1 else f"All {count} steps are done"
        answer = f"{done}{self._seen}."
        return Decision(
            f"{mark(count, 0, count)} {FINISH}: {answer}",
            code.terminate("success", answer),
        )

    @property
    def _step(self) -> Step:
        return self._steps[self._stand.step - 1]

    def _next_part(self) -> int:
        following = self._steps[self._stand.step : self._stand.step + 1]
        return 1 if following and isinstance(following[0].deed, OpenMenu) else 0

    # what needs a hand

    def _act(self, deed: Deed) -> Thinking:
        match deed:
            case Click(target=target, button=button, count=count):
                return (yield from self._point(target, *_CLICKS[(button, count)]))
            case Hover(target=target):
                return (yield from self._point(target, "Rest the pointer on", "moveTo"))
            case Type():
                return (yield from self._type(deed))
            case Press(keys=keys, count=count):
                times = "" if count == 1 else f" {count} times"
                return self._reply(f"Press {'+'.join(keys)}{times}", code.press(keys, count))
            case OpenMenu():
                return (yield from self._open(deed))
            case Scroll():
                return (yield from self._scroll(deed))
            case Drag():
                return (yield from self._drag(deed))
            case Wait(seconds=seconds):
                return self._reply(f"Wait {seconds:g} seconds", code.wait(seconds))
            case Check() | WaitFor():
                raise AssertionError("conditions are no deeds")

    def _type(self, deed: Type) -> Thinking:
        line = f"Type {quote(deed.text)}"
        if deed.into is None:
            yield "The text goes where the focus is.\n"
            return self._reply(line, code.write(deed.text))
        field = yield from self._locate(deed.into, purpose="field")
        if isinstance(field, Decision):
            return field
        return self._reply(
            f"{line} into {self._name(field)}",
            f"{self._at('click', field)}\n{code.write(deed.text)}",
        )

    def _drag(self, deed: Drag) -> Thinking:
        grip = yield from self._locate(deed.start, part=1)
        if isinstance(grip, Decision):
            return grip
        drop = yield from self._locate(deed.end, part=2)
        if isinstance(drop, Decision):
            return drop
        return self._reply(
            f"Drag {self._name(grip)} to {self._name(drop)}",
            f"{self._at('moveTo', grip)}\n{self._at('dragTo', drop)}",
        )

    def _point(self, target: Target, verb: str, call: str) -> Thinking:
        found = yield from self._locate(target)
        if isinstance(found, Decision):
            return found
        return self._reply(f"{verb} {self._name(found)}", self._at(call, found))

    def _open(self, menu: OpenMenu) -> Thinking:
        level = self._stand.part
        target = Target(menu.path[level - 1], window=menu.window if level == 1 else None)
        of = f"({level} of {len(menu.path)})"
        if level == 1:
            found = yield from self._locate(target, purpose="menu", part=level)
        else:
            parent = menu.path[level - 2]
            yield f"The menu of {quote(parent)} should be open.\n"
            purpose: Purpose = "item" if level == 2 else "subitem"
            found = yield from self._locate(target, purpose=purpose, part=level, parent=parent)
        if isinstance(found, Decision):
            return found
        verb = "Open menu" if level < len(menu.path) or level == 1 else "Choose"
        return self._reply(f"{verb} {self._name(found)} {of}", self._at("click", found), part=level)

    def _scroll(self, deed: Scroll) -> Thinking:
        line = f"Scroll {deed.direction} by {deed.notches}"
        if deed.at is None:
            yield "The wheel turns where the pointer is.\n"
            return self._reply(line, code.scroll(deed.direction, deed.notches))
        found = yield from self._locate(deed.at)
        if isinstance(found, Decision):
            return found
        at = code.place_of(found.box, self._size)
        return self._reply(
            f"{line} over {self._name(found)}", code.scroll(deed.direction, deed.notches, at)
        )

    # where things are

    def _locate(
        self,
        target: Target,
        *,
        purpose: Purpose = "point",
        part: int = 0,
        parent: str | None = None,
    ) -> Locating:
        """The one thing meant; or a reply that looks again, asks, or gives up."""
        yield f"Looking for {wanted(target)}.\n"
        found = self._find(target, purpose, parent)
        yield account(found, self._size)
        if self._hint:
            found = yield from self._heed(found, target, purpose, parent)
        if isinstance(found, Ambiguous):
            chosen = yield from self._settle(found, target, purpose, part, parent)
            if isinstance(chosen, Decision):
                return chosen
            found = Match(chosen, "the person said so")
            yield account(found, self._size)
        if isinstance(found, Missing):
            fault = not_found(target, found, self._size)
            return (yield from self._look_again(fault, may_move=purpose not in ("item", "subitem")))
        if not found.candidate.enabled:
            return (
                yield from self._look_again(
                    f"{quote(found.candidate.text)} is there, but greyed out"
                )
            )
        return found.candidate

    def _heed(
        self, found: Found, target: Target, purpose: Purpose, parent: str | None
    ) -> Generator[str, None, Found]:
        """What is meant after a person's hint; what was found where it does not tell."""
        yield f"A person said {quote(self._hint)}.\n"
        meant = narrowed(self._hint, target)
        again = None if meant is None else self._find(meant, purpose, parent)
        if isinstance(again, Match):
            yield account(again, self._size)
            return again
        yield "That does not tell which one.\n"
        return found

    def _find(self, target: Target, purpose: Purpose, parent: str | None = None) -> Found:
        return find(self._sight, target, purpose=purpose, size=self._size, parent=parent)

    def _settle(
        self,
        found: Ambiguous,
        target: Target,
        purpose: Purpose,
        part: int,
        parent: str | None,
    ) -> Locating:
        """Which of several: by the person's answer, or a question."""
        choices = choices_for(found.candidates, self._size)
        listed = "; ".join(choices)
        several = f"{wanted(target)} is there {len(found.candidates)} times"
        answers = self._stand.answers.get(part, ())
        if answers:
            if (answer := answers[-1]) is None:
                yield "The question was asked, and nobody answered.\n"
                return self._give_up(f"{several}, and nobody said which is meant: {listed}")
            yield f"The person answered {quote(answer)}.\n"
            picked = pick(answer, found.candidates, choices)
            if picked is None and (meant := parse_qualifiers(answer, target)) is not None:
                again = self._find(meant, purpose, parent)
                picked = again.candidate if isinstance(again, Match) else None
            if picked is not None:
                return picked
            yield "That does not tell which one.\n"
        if len(answers) >= _MOST_QUESTIONS:
            return self._give_up(f"{several}, and no answer told which is meant: {listed}")
        yield "Nothing tells them apart, and guessing is no way: the person has to say.\n"
        question = f"{several}. Which one is meant in step {self._stand.step}?"
        return self._reply(
            f"{ASK} which {quote(target.text)} is meant",
            code.ask(question, choices),
            part=part,
        )

    def _holds(self, target: Target, *, visible: bool) -> Generator[str, None, bool]:
        yield f"Looking whether {wanted(target)} is visible.\n"
        found = self._find(target, "read")
        yield account(found, self._size)
        seen = isinstance(found, Match)
        if seen == visible:
            there = "is visible" if visible else "is not visible"
            where = (
                f" in {quote(found.candidate.window)}" if seen and found.candidate.window else ""
            )
            self._seen = f"; the last look found that {wanted(target)} {there}{where}"
            yield "So it is as it should be.\n"
        return seen == visible

    # what it comes to

    def _reply(self, line: str, code: str, *, part: int | None = None) -> Decision:
        number = self._stand.part if part is None else part
        return Decision(f"{mark(self._stand.step, number, len(self._steps))} {line}", code)

    def _look_again(self, fault: str, *, may_move: bool = False) -> Thinking:
        """Another look a little later; after a few of them, the end.

        A tooltip under the resting pointer stays as long as the pointer does, so that one of the
        looks moves it away, but not while a menu is open.
        """
        looks = self._stand.looks
        if looks >= len(_LOOK_AGAIN_SECONDS):
            yield f"That was the last of {looks + 1} looks.\n"
            return self._give_up(fault)
        seconds = _LOOK_AGAIN_SECONDS[looks]
        wait = code.wait(seconds)
        if may_move and looks == _MOVING_LOOK:
            yield "The pointer may hold up a tooltip that covers it: out of the way with it.\n"
            spot = quiet_spot([element.box for element in self._sight.elements], self._size)
            wait = f"{code.point('moveTo', spot, self._size)}\n{wait}"
        else:
            yield "It may need a moment.\n"
        return self._reply(
            f"{LOOK} in {seconds:g} s ({looks + 1} of {len(_LOOK_AGAIN_SECONDS)}): {fault}", wait
        )

    def _keep_waiting(self, deed: WaitFor) -> Thinking:
        """A longer wait each time, within the limit; only the waits are counted."""
        waited = sum(_wait_seconds(number) for number in range(self._stand.waits))
        until = f"{wanted(deed.target)} {'is' if deed.visible else 'is not'} visible"
        if waited >= deed.limit:
            yield f"The limit of {deed.limit:g} seconds is reached.\n"
            return self._give_up(f"after {deed.limit:g} seconds, {self._unmet(deed)}")
        seconds = min(_wait_seconds(self._stand.waits), deed.limit - waited)
        return self._reply(
            f"{WAIT} until {until} ({waited:g} of {deed.limit:g} s so far)",
            code.wait(seconds),
        )

    def _give_up(self, fault: str) -> Decision:
        said = quote(self._step.said)
        answer = f"Step {self._stand.step} of {len(self._steps)}, {said}, failed: {fault}."
        return self._reply(
            f"{GIVE_UP}: {fault}",
            code.terminate("failure", answer),
        )

    def _unmet(self, deed: Check | WaitFor) -> str:
        found = self._find(deed.target, "read")
        match found:
            case Match(candidate=candidate):
                return f"{wanted(deed.target)} is still visible: {describe(candidate, self._size)}"
            case Missing():
                return not_found(deed.target, found, self._size)
            case Ambiguous():
                raise AssertionError("a text that is read is never ambiguous")

    # words and code for it

    def _name(self, candidate: Candidate) -> str:
        window = f" in {quote(candidate.window)}" if candidate.window else ""
        return f"{quote(candidate.text)}{window}"

    def _at(self, call: str, candidate: Candidate) -> str:
        return code.point(call, candidate.box, self._size)


def needs_sight(deed: Deed) -> bool:
    """Whether something on the screen has to be found for it."""
    match deed:
        case Press() | Wait() | Type(into=None) | Scroll(at=None):
            return False
        case _:
            return True


def _wait_seconds(number: int) -> float:
    return _WAIT_SECONDS[number] if number < len(_WAIT_SECONDS) else _LONGEST_WAIT_SECONDS
