"""Whatever a model writes gives a Decision or a ModelMistake: 10,000 made-up replies."""

from __future__ import annotations

import json
import random

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_app.actions import Action
from agent_app.dialects.gestures import MAX_ACTIONS
from agent_app.dialects.table import CALL_NAMES
from agent_app.errors import ModelMistake
from agent_app.geometry import RelativePoint, Size
from agent_app.grounding import MAX_SUMMARY, Decision, ground

VALID = [
    "## Action:\nClick OK\n\n## Code:\n```python\npyautogui.click(x=0.5, y=0.25)\n```",
    "## Action：\n拖动\n## Code：\nmoveTo(0.1, 0.2)\nmouseDown()\nmoveTo(3, 4)\nmouseUp()",
    "```python\nkeyDown('ctrl')\nsleep(1)\nclick(640, 200, clicks=2)\nkeyUp('ctrl')\n```",
    "## Code:\npyautogui.write('héllo <你好> 😀\\n')\npyautogui.hotkey('ctrl', '+')",
    "## Code:\n```python\ncomputer.terminate(status='success', answer='42')\n```",
    "Thought: hm\nAction: drag(start_box='(1,2)', end_box='<|box_start|>(900,30)<|box_end|>')",
    "Action: type(content='it\\'s\\n')\n\nhotkey(key='ctrl c')",
    '<tool_call>{"name":"computer_use","arguments":{"action":"scroll","pixels":-500}}</tool_call>',
    '{"action":"left_click","coordinate":[640,200],"text":"ctrl+shift"}',
    '[{"point_2d": [0.5, 0.25], "label": "OK"}]',
    "The button is at (0.5, 0.25).",
    "<point>500 250</point>",
    "DONE",
]
FRAGMENTS = [
    *"()[]{}<>'\"`\\,;:=.*#+-_%\0\n\r\t 01x，：（",
    *("```", "```python\n", "## Code:", "## Action:", "'''", "f'{x}'", "\\ud800", "\ud800"),
    *("1e999", "0x" + "f" * 400, "9" * 4400, "NaN", "Infinity", "-1", "lambda: ", "await ", "not "),
    *("pyautogui.", "computer.", "__import__('os')", "x=0.5, y=0.3", "start_box=", "<|box_start|>"),
    *(
        '{"action":',
        '"coordinate":[',
        "<tool_call>",
        "</tool_call>",
        "import os\n",
        "for i in x:\n",
    ),
]

texts = st.text(max_size=60) | st.text(st.characters(exclude_categories=()), max_size=60)
NUMBERS = [0, 1, 0.0, 1.0, 0.5, 640, 1280, 1281, -1, True, 5e-324, 2**53, 10**40, 10**400, 1e308]
NUMBERS += [float("nan"), float("inf"), -float("inf"), 3j]
WORDS = ["a", "ctrl", "enter", "ctrl c", "ctrl++", "left", "success", "down", "(5,5)", "(0.5,1e9)"]
WORDS += ["<point>1 2</point>", "50%", "", "\x1b", "\ud800", "é你😀", "long " * 40, "'\"\\\n"]
NAMES = [*sorted(CALL_NAMES), "doubleClick", "triple_click", "eval", "__import__", "getattr", "x"]
MODULES = ["", "", "", "pyautogui.", "pyautogui.", "computer.", "time.", "os.", "pyautogui.x."]
KEYWORDS = """x y clicks button message keys presses key seconds status answer question choices
duration start_box end_box point content direction tween""".split()
ACTIONS = """left_click key type scroll hold_key wait left_click_drag left_mouse_down left_mouse_up
mouse_move terminate screenshot fly""".split()
FIELDS = """coordinate start_coordinate text keys duration time pixels scroll_direction
scroll_amount status point_2d bbox_2d arguments input""".split()


class Writer:
    """Writes replies from a seed; far quicker than a tree of strategies, and as repeatable."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def number(self) -> object:
        pick = self._random
        return pick.choice(
            [pick.choice(NUMBERS), pick.random(), pick.randrange(-10, 1400), pick.uniform(-9, 9)]
        )

    def value(self, depth: int = 0) -> object:
        kind = self._random.randrange(8 if depth < 4 else 6)
        if kind < 3:
            return self.number()
        if kind < 5:
            return self._random.choice(WORDS)
        if kind == 5:
            return None
        items = [self.value(depth + 1) for _ in range(self._random.randrange(4))]
        return items if kind == 6 else tuple(items)

    def call(self, depth: int = 0) -> str:
        pick = self._random
        arguments = [self.argument(depth) for _ in range(pick.randrange(4))]
        names = pick.sample(KEYWORDS, pick.randrange(4)) if pick.random() < 0.3 else []
        arguments += [f"{name}={self.argument(depth)}" for name in names]
        return f"{pick.choice(MODULES)}{pick.choice(NAMES)}({', '.join(arguments)})"

    def argument(self, depth: int) -> str:
        chance = self._random.random()
        if chance < 0.05 and depth < 3:
            return self.call(depth + 1)
        if chance < 0.5:
            return repr(self._random.random())
        return repr(self.number() if chance < 0.6 else self.value())

    def code(self) -> str:
        calls = [self.call() for _ in range(self._random.randrange(1, 6))]
        return self._random.choice(["```python\n", "## Code:\n", "Action: ", ""]) + "\n".join(calls)

    def json(self) -> str:
        return "\n".join(json.dumps(self.item()) for _ in range(self._random.randrange(1, 4)))

    def item(self, depth: int = 0) -> object:
        pick = self._random
        found: dict[str, object] = {}
        if pick.random() < 0.9:
            found["action"] = pick.choice(ACTIONS) if pick.random() < 0.9 else self.plain()
        for name in pick.sample(FIELDS, pick.randrange(6)):
            if depth < 3 and name in ("arguments", "input"):
                found[name] = self.item(depth + 1)
            else:
                found[name] = [self.plain(), self.plain()] if pick.random() < 0.5 else self.plain()
        return [found] if pick.random() < 0.1 else found

    def plain(self) -> object:
        value = self.value()
        return 0.5 if isinstance(value, complex | tuple | list) else value


seeds = st.integers(0, 2**64)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    reply = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(reply)))
        end = draw(st.integers(start, min(len(reply), start + 12)))
        reply = reply[:start] + draw(st.sampled_from(FRAGMENTS) | texts) + reply[end:]
    return reply


@st.composite
def nested(draw: st.DrawFn) -> str:
    opening, middle, closing = draw(
        st.sampled_from(
            [
                ("(", "1", ")"),
                ("[", "", "]"),
                ('{"a":', "1", "}"),
                ('{"arguments":', '{"action":"key"}', "}"),
                ("-", "1", ""),
                ("not ", "1", ""),
                ("lambda: ", "1", ""),
                ("f(", "1", ")"),
                ("a.", "b", ""),
                ("1+", "1", ""),
                ("```python\n", "click()", "\n```"),
                ("click(", "", ")"),
                ("x=", "1", ""),
                (" ", "", "\t"),
                ("click()\n", "", " "),
            ]
        )
    )
    depth = draw(st.sampled_from([1, 5, 90, 150, 250, 999, 1001, 2500]))
    room = MAX_SUMMARY - 100
    depth = min(depth, room // (len(opening) + len(closing)))
    shell = draw(
        st.sampled_from(["%s", "pyautogui.click(%s)", "```python\n%s\n```", "write(%s, 5)"])
    )
    return shell % (opening * depth + middle + closing * depth)


def _points(action: Action) -> list[RelativePoint]:
    values = [getattr(action, name) for name in action.__struct_fields__]
    return [value for value in values if isinstance(value, RelativePoint)]


def _grounded(reply: str) -> Decision | ModelMistake:
    try:
        return ground(reply, image_size=Size(1280, 800))
    except ModelMistake as mistake:
        return mistake


def check(reply: str) -> None:
    """Grounds a reply and looks at whatever comes of it; any other exception fails the test."""
    decision = _grounded(reply)
    if isinstance(decision, ModelMistake):
        assert 0 < len(str(decision).encode()) < 1500
        return
    assert 0 < len(decision.actions) <= MAX_ACTIONS
    decision.intent.encode()
    for action in decision.actions:
        assert msgspec.json.decode(msgspec.json.encode(action), type=Action) == action
        assert all(0 <= p.x <= 1 and 0 <= p.y <= 1 for p in _points(action))


def fuzz(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@fuzz(1000)
@given(texts | st.lists(st.sampled_from(FRAGMENTS) | texts, max_size=8).map("".join))
def test_any_text_is_a_decision_or_a_mistake(reply: str) -> None:
    check(reply)


@fuzz(1000)
@given(mutated())
def test_a_damaged_reply_is_a_decision_or_a_mistake(reply: str) -> None:
    check(reply)


@fuzz(5200)
@given(seeds)
def test_any_calls_are_a_decision_or_a_mistake(seed: int) -> None:
    check(Writer(seed).code())


@fuzz(2600)
@given(seeds)
def test_any_json_is_a_decision_or_a_mistake(seed: int) -> None:
    check(Writer(seed).json())


@fuzz(200)
@given(nested())
def test_any_depth_is_a_decision_or_a_mistake(reply: str) -> None:
    check(reply)
