"""What is asked of a screen and what the right reply is, in the application's own prompts.

A task is one or two orders. The model is to do the first one that the history does not tell of,
and to say that all is done when none is left.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent_app.model_runtime import THINK_CLOSE, THINK_OPEN
from train.orders import REFUSED, Asker, Order

_IS_DONE = "That is done."
NO_THOUGHT = f"{THINK_OPEN}\n\n{THINK_CLOSE}"
DESCRIBE = (
    "What does this picture show? Name its colours, and write down any text in it.",
    "What does this picture show?",
    "Describe the picture.",
    "Which colour is it, and what does it say?",
)
PLACE = re.compile(rb"x=0\.(\d)(\d)(\d), y=0\.(\d)(\d)(\d)")


@dataclass(frozen=True, slots=True)
class Question:
    """A task on a screen with its reply; `target` is the element acted on, -1 for none.

    `opening` is what the reply says already when the model begins.
    """

    instruction: str
    reply: str
    kind: str
    aims: tuple[int, ...] = ()
    opening: str = ""

    @property
    def target(self) -> int:
        return self.aims[-1] if self.aims else -1


_KINDS = {
    "shape": 0.08,
    "word": 0.34,
    "field": 0.05,
    "typing": 0.1,
    "relation": 0.18,
    "missing": 0.22,
    "key": 0.03,
}
_REFUSED_AFTER_STEPS = 0.2  # of the orders, besides those of the mixture


def ask(asker: Asker, kinds: Sequence[str] = ()) -> Order:
    """An order of one of the kinds, or of any in the trained shares."""
    rng = asker.rng
    for _ in range(12):
        kind = rng.choice(kinds) if kinds else rng.choices(tuple(_KINDS), tuple(_KINDS.values()))[0]
        made = asker.order(kind)
        if made:
            return made
    return asker.order("missing") or asker.key()


def past(asker: Asker, count: int) -> list[Order]:
    """Orders that were carried out before."""
    found: list[Order] = []
    while len(found) < count:
        order = ask(asker)
        if order.kind not in REFUSED:
            found.append(order)
    return found


def question(asker: Asker, done: Sequence[Order], kinds: Sequence[str] = ()) -> Question:
    """A task on the screen as it is now, after `done`."""
    rng = asker.rng
    often = done and not kinds and rng.random() < _REFUSED_AFTER_STEPS
    now = ask(asker, ("missing",) if often else kinds)
    then = [ask(asker).asked for _ in range(rng.choice((1, 1, 2)))]
    left = [now.asked, *(then if rng.random() < (0.3 if done else 0.15) and not kinds else ())]
    if not done:
        return _replied(_task(rng, left), now)
    draw = rng.random()
    told = [order.asked for order in done]
    if draw < 0.4:
        return Question(_task(rng, told), _done(), "done")
    if draw < 0.94:
        return _replied(_task(rng, [*told, *left]), now)
    return _replied(_task(rng, [now.asked]), now)


def _replied(instruction: str, order: Order) -> Question:
    return Question(
        instruction, reply(order.thought, order.sentence, order.code), order.kind, order.aims
    )


def without_thought(one: Question) -> Question:
    """The same question to a model whose thought is closed before it began."""
    said = one.reply.partition(THINK_CLOSE)[2]  # its thought told the first of two places
    return replace(one, reply=said, aims=one.aims[-1:], opening=NO_THOUGHT)


def described(label: str, colour: str, rng: random.Random) -> Question:
    """What a plain picture shows: words, or nothing but a colour."""
    asked = rng.choice(DESCRIBE)
    said = f'It says "{label}".' if label else f"The picture is plain {colour}."
    return Question(asked, said, "key", opening=NO_THOUGHT)


def _done() -> str:
    return reply(_IS_DONE, "The task is done.", 'computer.terminate(status="success")')


def reply(thought: str, sentence: str, code: str) -> str:
    """A whole reply in the form that the application reads."""
    return (
        f"{THINK_OPEN}{thought}{THINK_CLOSE}## Action:\n{sentence}\n"
        f"## Code:\n```python\n{code}\n```"
    )


def step_told(number: int, order: Order, *, thought: bool) -> str:
    """A past step as the history tells it; without its thought when its screen is gone."""
    said = f"{THINK_OPEN}{order.thought}{THINK_CLOSE}" if thought else ""
    return f"# Step {number}:\n{said}## Action:\n{order.sentence}"


def _task(rng: random.Random, asked: Sequence[str]) -> str:
    first, *rest = asked
    joint = rng.choice((", then ", " and then ", ". Then "))
    task = joint.join([first, *(one[0].lower() + one[1:] for one in rest)])
    return task + "." * (rng.random() < 0.6)
