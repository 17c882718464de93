"""What each dialect grounds to, and what is refused with which words."""

from __future__ import annotations

import warnings

import pytest

from agent_app.actions import (
    Action,
    AskHuman,
    Click,
    Drag,
    Hold,
    Hotkey,
    Move,
    Press,
    Scroll,
    Terminate,
    Wait,
    Write,
)
from agent_app.dialects.gestures import MAX_ACTIONS
from agent_app.errors import ModelMistake
from agent_app.geometry import RelativePoint, Size
from agent_app.grounding import MAX_SUMMARY, Decision, ground

SIZE = Size(1280, 800)
HERE = RelativePoint(0.5, 0.25)
THERE = RelativePoint(0.75, 0.5)


def actions_of(reply: str) -> tuple[Action, ...]:
    return ground(reply, image_size=SIZE).actions


def mistake_of(reply: str) -> str:
    with pytest.raises(ModelMistake) as caught:
        ground(reply, image_size=SIZE)
    return str(caught.value)


CODE: list[tuple[str, tuple[Action, ...]]] = [
    ("pyautogui.click(x=0.5, y=0.25)", (Click(HERE),)),
    ("pyautogui.click(0.5, 0.25)", (Click(HERE),)),
    ("pyautogui.click((0.5, 0.25))", (Click(HERE),)),
    ("pyautogui.click([0.5, 0.25], clicks=2)", (Click(HERE, count=2),)),
    ("pyautogui.click(640, 200)", (Click(HERE),)),
    ("pyautogui.click(640.0, y=200)", (Click(HERE),)),
    ("pyautogui.click(0.5, 0.25, 2, 0.1, 'right')", (Click(HERE, "right", 2),)),
    ("pyautogui.click(0.5, 0.25, button='MIDDLE')", (Click(HERE, "middle"),)),
    ("pyautogui.click()", (Click(),)),
    ("pyautogui.click(x=None, y=None)", (Click(),)),
    ("click(0.5, 0.25)", (Click(HERE),)),
    ("computer.click(0.5, 0.25)", (Click(HERE),)),
    ("pyautogui.leftClick(0.5, 0.25)", (Click(HERE),)),
    ("pyautogui.doubleClick(0.5, 0.25)", (Click(HERE, count=2),)),
    ("pyautogui.double_click(0.5, 0.25)", (Click(HERE, count=2),)),
    ("pyautogui.tripleClick(0.5, 0.25)", (Click(HERE, count=3),)),
    ("computer.triple_click(x=0.5, y=0.25)", (Click(HERE, count=3),)),
    ("computer.tripleClick(x=0.5, y=0.25)", (Click(HERE, count=3),)),
    ("pyautogui.rightClick(0.5, 0.25)", (Click(HERE, "right"),)),
    ("pyautogui.middleClick(0.5, 0.25)", (Click(HERE, "middle"),)),
    ("pyautogui.moveTo(0.5, 0.25, duration=0.5)", (Move(HERE),)),
    ("pyautogui.moveTo(0.5, 0.25)\npyautogui.click()", (Click(HERE),)),
    ("pyautogui.moveTo(0.5, 0.25)\npyautogui.click(0.75, 0.5)", (Move(HERE), Click(THERE))),
    ("pyautogui.moveTo(0.5, 0.25)\npyautogui.moveTo(0.75, 0.5)", (Move(HERE), Move(THERE))),
    (
        "pyautogui.moveTo(0.5, 0.25)\npyautogui.press('a')\npyautogui.click()",
        (Move(HERE), Press(("a",)), Click(HERE)),
    ),
    ("pyautogui.moveTo(0.5, 0.25)\npyautogui.scroll(-3)", (Scroll(dy=-3, at=HERE),)),
    ("pyautogui.moveTo(0.5, 0.25); pyautogui.dragTo(0.75, 0.5)", (Drag(THERE, HERE),)),
    ("pyautogui.dragTo(0.75, 0.5, 1, button='right')", (Drag(THERE, button="right"),)),
    (
        "pyautogui.moveTo(0.5, 0.25)\npyautogui.mouseDown()\n"
        "pyautogui.moveTo(0.75, 0.5)\ntime.sleep(0.2)\npyautogui.mouseUp()",
        (Drag(THERE, HERE),),
    ),
    ("pyautogui.mouseDown(0.5, 0.25)\npyautogui.mouseUp(0.75, 0.5)", (Drag(THERE, HERE),)),
    (
        "pyautogui.mouseDown(0.5, 0.25, 'right')\npyautogui.mouseUp(button='right')",
        (Click(HERE, "right"),),
    ),
    ("pyautogui.mouseDown()\npyautogui.mouseUp()", (Click(),)),
    ("pyautogui.scroll(-5)", (Scroll(dy=-5),)),
    ("pyautogui.scroll(5, 0.5, 0.25)", (Scroll(dy=5, at=HERE),)),
    ("pyautogui.vscroll(clicks=5.0, x=0.5, y=0.25)", (Scroll(dy=5, at=HERE),)),
    ("pyautogui.hscroll(2)", (Scroll(dx=2),)),
    ("pyautogui.write('héllo <你好> 😀\\n')", (Write("héllo <你好> 😀\n"),)),
    ("pyautogui.write(message='a', interval=0.05)", (Write("a"),)),
    ("pyautogui.write('a\\r\\nb')", (Write("a\nb"),)),
    ("pyautogui.write('''two\nlines''')", (Write("two\nlines"),)),
    ("pyautogui.write('one ' 'text')", (Write("one text"),)),
    (r"pyautogui.write('C:\dir')", (Write(r"C:\dir"),)),
    (r"pyautogui.write(r'C:\new')", (Write(r"C:\new"),)),
    ("pyautogui.typewrite(['a', 'Return'])", (Press(("a", "enter")),)),
    ("pyautogui.press('Return')", (Press(("enter",)),)),
    ("pyautogui.press(['down', 'enter'], presses=2)", (Press(("down", "enter"), 2),)),
    ("pyautogui.press(5)", (Press(("5",)),)),
    ("pyautogui.hotkey('ctrl', 'shift', 'T')", (Hotkey(("ctrl", "shift", "t")),)),
    ("pyautogui.hotkey(['ctrl', 'c'])", (Hotkey(("ctrl", "c")),)),
    ("pyautogui.hotkey('ctrl+c')", (Hotkey(("ctrl", "c")),)),
    ("pyautogui.hotkey('ctrl', '+')", (Hotkey(("ctrl", "+")),)),
    ("pyautogui.hotkey('ctrl++')", (Hotkey(("ctrl", "+")),)),
    ("pyautogui.hotkey('ctrl + page down')", (Hotkey(("ctrl", "pagedown")),)),
    ("pyautogui.hotkey('page down')", (Press(("pagedown",)),)),
    ("pyautogui.hotkey('f5')", (Press(("f5",)),)),
    ("pyautogui.keyDown('a')\npyautogui.keyUp('a')", (Press(("a",)),)),
    ("pyautogui.keyDown('a')\ntime.sleep(2)\npyautogui.keyUp('a')", (Hold(("a",), 2.0),)),
    (
        "pyautogui.keyDown('ctrl')\npyautogui.keyDown('c')\n"
        "pyautogui.keyUp('c')\npyautogui.keyUp('ctrl')",
        (Hotkey(("ctrl", "c")),),
    ),
    (
        "pyautogui.keyDown('shift')\npyautogui.press('right', presses=2)\npyautogui.keyUp('shift')",
        (Hotkey(("shift", "right")), Hotkey(("shift", "right"))),
    ),
    (
        "pyautogui.keyDown('ctrl')\npyautogui.click(0.5, 0.25)\ntime.sleep(1)\n"
        "pyautogui.click(0.75, 0.5)\npyautogui.keyUp('ctrl')\npyautogui.click(0.5, 0.25)",
        (
            Click(HERE, modifiers=("ctrl",)),
            Wait(1.0),
            Click(THERE, modifiers=("ctrl",)),
            Click(HERE),
        ),
    ),
    (
        "pyautogui.keyDown('alt')\ntime.sleep(1)\npyautogui.moveTo(0.5, 0.25)\n"
        "pyautogui.dragTo(0.75, 0.5)\npyautogui.keyUp('alt')",
        (Wait(1.0), Drag(THERE, HERE, modifiers=("alt",))),
    ),
    (
        "pyautogui.keyDown('ctrl')\npyautogui.scroll(2)\npyautogui.keyUp('ctrl')",
        (Scroll(dy=2, modifiers=("ctrl",)),),
    ),
    ("time.sleep(0.5)", (Wait(0.5),)),
    ("pyautogui.sleep(1)", (Wait(1.0),)),
    ("computer.wait(seconds=3)", (Wait(3.0),)),
    ("computer.wait()", (Wait(5.0),)),
    ("computer.terminate(status='success')", (Terminate("success"),)),
    (
        "computer.terminate('failure', answer='no such file')",
        (Terminate("failure", "no such file"),),
    ),
    ("computer.terminate(status='Success', answer=42)", (Terminate("success", "42"),)),
    (
        "computer.call_user()",
        (AskHuman("I cannot go on by myself. Please take over or tell me what to do."),),
    ),
    ("computer.ask('Which?', choices=['a', 'b'])", (AskHuman("Which?", ("a", "b")),)),
    (
        "import pyautogui, time\nfrom time import sleep\nimport computer\n\n"
        "pyautogui.click(0.5, 0.25)  # the button\nsleep(1)\ncomputer.terminate('success')",
        (Click(HERE), Wait(1.0), Terminate("success")),
    ),
]


@pytest.mark.parametrize(("code", "expected"), CODE)
def test_code_gives_its_actions_in_a_block_and_bare(
    code: str, expected: tuple[Action, ...]
) -> None:
    reply = f"## Action:\nDo it.\n\n## Code:\n```python\n{code}\n```"
    assert ground(reply, image_size=SIZE) == Decision("Do it.", expected)
    assert actions_of(code) == expected


REPLIES: list[tuple[str, str, tuple[Action, ...]]] = [
    (
        "## Action：\nPress OK\n## Code：\n```python\nclick(0.5, 0.25)\n```",
        "Press OK",
        (Click(HERE),),
    ),
    ("## action: Press OK\n## CODE\n```\nclick(0.5, 0.25)\n```", "Press OK", (Click(HERE),)),
    ("**Action:** Press OK\n**Code:** pyautogui.click(0.5, 0.25)", "Press OK", (Click(HERE),)),
    ("Action: Press OK\nCode: pyautogui.click(0.5, 0.25)", "Press OK", (Click(HERE),)),
    ("## Action:\nPress OK\n## Code:\npyautogui.click(0.5, 0.25)", "Press OK", (Click(HERE),)),
    (
        "## Action:\r\nPress OK\r\n## Code:\r\n```\r\nclick(0.5, 0.25)\r\n```\r\n",
        "Press OK",
        (Click(HERE),),
    ),
    ("## Code:```python\nclick(0.5, 0.25)```", "", (Click(HERE),)),
    ("## Code:\n```python\nclick(0.5, 0.25)", "", (Click(HERE),)),
    (
        "Here you are:\n\n```py\nclick(0.5, 0.25)\n```\nThat presses OK.",
        "Here you are:",
        (Click(HERE),),
    ),
    (
        "## Action:\nFirst\n```python\nclick(0.1, 0.1)\n```\n## Action:\nBetter\n"
        "```python\nclick(0.5, 0.25)\n```",
        "Better",
        (Click(HERE),),
    ),
    (
        "## Action:\nSee `a`\n```text\nnot this\n```\n## Code:\npyautogui.click(0.5, 0.25)",
        "See `a`\n```text\nnot this",
        (Click(HERE),),
    ),
    (
        "I press OK now.\npyautogui.click(0.5, 0.25)\nThen it is done.",
        "I press OK now.",
        (Click(HERE),),
    ),
    ("I press OK.\n- `pyautogui.click(0.5, 0.25)`", "I press OK.\n-", (Click(HERE),)),
    (
        "Steps:\n1. pyautogui.click(0.5, 0.25)\n2. pyautogui.press('a')",
        "Steps:\n1.",
        (Click(HERE), Press(("a",))),
    ),
    ("I write it:\npyautogui.write(\n    'a) b'\n)", "I write it:", (Write("a) b"),)),
    ("## Code:\n```python\n# Code: press it\nclick(0.5, 0.25)\n```", "", (Click(HERE),)),
    ('## Code:\n```python\nwrite("```python")\n```', "", (Write("```python"),)),
    ("## Action:\nA\n## Code:\n```python\nwrite('## Code: x')\n```", "A", (Write("## Code: x"),)),
]


@pytest.mark.parametrize(("reply", "intent", "expected"), REPLIES)
def test_sections_are_found_however_they_are_written(
    reply: str, intent: str, expected: tuple[Action, ...]
) -> None:
    assert ground(reply, image_size=SIZE) == Decision(intent, expected)


OTHERS: list[tuple[str, tuple[Action, ...]]] = [
    # UI-TARS, Doubao
    ("Thought: I see it.\nAction: click(start_box='(500,250)')", (Click(HERE),)),
    ("Thought：看到了\nAction：click(start_box='(500,250)')", (Click(HERE),)),
    ("Action: click(start_box='<|box_start|>(500,250)<|box_end|>')", (Click(HERE),)),
    ("Action: click(point='<point>500 250</point>')", (Click(HERE),)),
    ("Action: click(start_box='[500, 250, 500, 250]')", (Click(HERE),)),
    ("Action: click(start_box='[0.4, 0.2, 0.6, 0.3]')", (Click(HERE),)),
    ("Action: click(start_box='(0,0)')", (Click(RelativePoint(0, 0)),)),
    ("Action: click(start_box='(1,1)')", (Click(RelativePoint(0.001, 0.001)),)),
    ("Action: click(start_box='(1.0,1.0)')", (Click(RelativePoint(1, 1)),)),
    ("Action: left_double(start_box='(500,250)')", (Click(HERE, count=2),)),
    ("Action: right_single(start_box='(500,250)')", (Click(HERE, "right"),)),
    ("Action: drag(start_box='(500,250)', end_box='(750,500)')", (Drag(THERE, HERE),)),
    (
        "Action: drag(start_point='<point>500 250</point>', end_point='<point>750 500</point>')",
        (Drag(THERE, HERE),),
    ),
    ("Action: hotkey(key='ctrl c')", (Hotkey(("ctrl", "c")),)),
    ("Action: type(content='hello\\n')", (Write("hello\n"),)),
    ("Action: scroll(start_box='(500,250)', direction='down')", (Scroll(dy=-5, at=HERE),)),
    ("Action: scroll(direction='left')", (Scroll(dx=-5),)),
    ("Action: wait()", (Wait(5.0),)),
    ("Action: finished()", (Terminate("success"),)),
    ("Action: finished(content='42')", (Terminate("success", "42"),)),
    (
        "Action: click(start_box='(500,250)')\n\ntype(content='a')",
        (Click(HERE), Write("a")),
    ),
    # Qwen
    (
        '<tool_call>\n{"name": "computer_use", "arguments": {"action": "left_click", '
        '"coordinate": [640, 200]}}\n</tool_call>',
        (Click(HERE),),
    ),
    (
        '<tool_call>{"name":"computer_use","arguments":"{\\"action\\":\\"key\\",'
        '\\"keys\\":[\\"ctrl\\",\\"c\\"]}"}</tool_call>',
        (Hotkey(("ctrl", "c")),),
    ),
    (
        '<tool_call>{"arguments":{"action":"mouse_move","coordinate":[0.5,0.25]}}</tool_call>'
        '<tool_call>{"arguments":{"action":"scroll","pixels":-300}}</tool_call>',
        (Scroll(dy=-3, at=HERE),),
    ),
    ('{"action":"hscroll","pixels":-30}', (Scroll(dx=-1),)),
    ('{"action":"terminate","status":"failure"}', (Terminate("failure"),)),
    ('{"action":"wait","time":2}', (Wait(2.0),)),
    ('```json\n[{"point_2d": [640, 200], "label": "OK"}]\n```', (Click(HERE),)),
    ('The button: {"bbox_2d": [600, 190, 680, 210]}', (Click(HERE),)),
    # Claude
    ('{"name":"computer","input":{"action":"left_click","coordinate":[640,200]}}', (Click(HERE),)),
    (
        '{"action":"left_click","coordinate":[640,200],"text":"ctrl+shift"}',
        (Click(HERE, modifiers=("ctrl", "shift")),),
    ),
    ('{"action":"right_click","coordinate":[640,200]}', (Click(HERE, "right"),)),
    ('{"action":"middle_click","coordinate":[640,200]}', (Click(HERE, "middle"),)),
    ('{"action":"double_click","coordinate":[640,200]}', (Click(HERE, count=2),)),
    ('{"action":"triple_click","coordinate":[640,200]}', (Click(HERE, count=3),)),
    ('{"action":"left_click"}', (Click(),)),
    ('{"action":"mouse_move","coordinate":[640,200]}', (Move(HERE),)),
    (
        '{"action":"left_click_drag","start_coordinate":[640,200],"coordinate":[960,400]}',
        (Drag(THERE, HERE),),
    ),
    (
        '{"action":"left_mouse_down","coordinate":[640,200]}'
        '{"action":"left_mouse_up","coordinate":[960,400]}',
        (Drag(THERE, HERE),),
    ),
    ('{"action":"key","text":"Return"}', (Press(("enter",)),)),
    ('{"action":"key","text":"ctrl+Page_Down"}', (Hotkey(("ctrl", "pagedown")),)),
    ('{"action":"type","text":"click(x) null\\n"}', (Write("click(x) null\n"),)),
    ('<tool_call>{"action":"type","text":"click(x"}</tool_call>', (Write("click(x"),)),
    (
        '{"action":"scroll","coordinate":[640,200],"scroll_direction":"up","scroll_amount":3}',
        (Scroll(dy=3, at=HERE),),
    ),
    ('{"action":"hold_key","text":"shift","duration":1.5}', (Hold(("shift",), 1.5),)),
    ('{"action":"wait","duration":1}', (Wait(1.0),)),
    ('{"action":"screenshot"}', (Wait(0.0),)),
    # OSWorld
    ("WAIT", (Wait(5.0),)),
    ("```\nDONE\n```", (Terminate("success"),)),
    ("FAIL", (Terminate("failure"),)),
    # bare places
    ("(0.5, 0.25)", (Click(HERE),)),
    ("[0.5, 0.25]", (Click(HERE),)),
    ("(640, 200)", (Click(HERE),)),
    ("(0, 0)", (Click(RelativePoint(0, 0)),)),
    ("x=0.5, y=0.25", (Click(HERE),)),
    ("X: 0.5 Y: .25", (Click(HERE),)),
    ("The button is at (0.5, 0.25), below (2, 3) others.", (Click(HERE),)),
    ("It is at x=0.5, y=0.25.", (Click(HERE),)),
    ("<point>500 250</point>", (Click(HERE),)),
    ("<box>400 200 600 300</box>", (Click(HERE),)),
    ("<|box_start|>(500,250)<|box_end|>", (Click(HERE),)),
]


@pytest.mark.parametrize(("reply", "expected"), OTHERS)
def test_replies_of_other_grounders_are_understood(
    reply: str, expected: tuple[Action, ...]
) -> None:
    assert actions_of(reply) == expected


def test_prose_before_a_call_is_the_intent() -> None:
    reply = "Thought: The file must be saved.\nAction: hotkey(key='ctrl s')"
    assert ground(reply, image_size=SIZE).intent == "Thought: The file must be saved."


PLACES: list[tuple[str, RelativePoint]] = [
    ("0, 0", RelativePoint(0, 0)),
    ("0.0, 0.0", RelativePoint(0, 0)),
    ("0, 0.5", RelativePoint(0, 0.5)),
    ("0.5, 0", RelativePoint(0.5, 0)),
    ("1, 1", RelativePoint(1, 1)),
    ("1.0, 0", RelativePoint(1, 0)),
    ("0, 200", RelativePoint(0, 0.25)),
    ("640, 0", RelativePoint(0.5, 0)),
    ("1, 200", RelativePoint(1 / 1280, 0.25)),
    ("1280, 800", RelativePoint(1, 1)),
    ("0.4518, 0.9999", RelativePoint(0.4518, 0.9999)),
    ("-0.0, 0.5", RelativePoint(0, 0.5)),
    ("+0.5, 0.25", HERE),
]


@pytest.mark.parametrize(("values", "place"), PLACES)
def test_zero_and_one_are_places_like_any_other(values: str, place: RelativePoint) -> None:
    assert actions_of(f"pyautogui.click({values})") == (Click(place),)


@pytest.mark.parametrize(
    "values", ["1281, 400", "640, 801", "-1, 400", "-0.1, 0.5", "0.5, -0.001", "99999999, 5"]
)
def test_a_place_outside_is_refused_with_its_values_and_the_size(values: str) -> None:
    message = mistake_of(f"pyautogui.click({values})")
    assert "1280x800" in message
    assert all(value in message for value in values.split(", "))


REFUSED: list[tuple[str, str]] = [
    ("", "## Action:"),
    ("   \n", "## Code:"),
    ("I am thinking about it.", "## Code:"),
    ("## Action:\nClick OK", "## Code:"),
    ("## Action:\nClick OK\n## Code:\n```python\n```", "no action"),
    ("```python\nimport pyautogui\n```", "no action"),
    ("x" * (MAX_SUMMARY + 1), "characters"),
    # nothing is computed
    ("pyautogui.click(0.5*width, 0.3)", "0.5*width' is an expression"),
    ("pyautogui.click(1/2, 0.3)", "expression"),
    ("pyautogui.click(x, y)", "'x' is a name"),
    ("pyautogui.click(button.x, 0.3)", "attribute"),
    ("pyautogui.click(*[0.5, 0.3])", "unpacked"),
    ("pyautogui.click(**{'x': 0.5})", "**"),
    ("pyautogui.click(int('5'), 0.3)", "a call inside another"),
    ("pyautogui.write(f'{name}')", "f-string"),
    ("pyautogui.write([c for c in 'ab'])", "comprehension"),
    ("pyautogui.write('a' if True else 'b')", "condition"),
    ("pyautogui.write('a' * 99)", "expression"),
    ("pyautogui.write(b'a')", "of no use"),
    ("pyautogui.click(not 1, 0.5)", "expression"),
    ("pyautogui.click(3j, 0.5)", "of no use"),
    ("pyautogui.click([[[[0.5]]]], 0.5)", "write the plain value"),
    ("pyautogui.press([" + "'a'," * 65 + "])", "write the plain value"),
    ("x = 0.5\npyautogui.click(x, 0.3)", "assignment"),
    ("for i in range(3):\n    pyautogui.click(0.5, 0.5)", "loop"),
    ("if True:\n    pyautogui.click(0.5, 0.5)", "condition"),
    ("def f():\n    pyautogui.click(0.5, 0.5)", "function"),
    ("pyautogui.click(0.5, 0.5).again()", "only the functions"),
    ("(lambda: pyautogui.click(0.5, 0.5))()", "lambda"),
    ("pyautogui.click(0.5, 0.5) and 1", "expression"),
    ("import pyautogui as p\npyautogui.click(0.5, 0.5)", "import"),
    # nothing is run
    ("__import__('os').system('rm -rf /')", "attribute"),
    ("```python\nimport os\nos.system('ls')\n```", "import"),
    ("```python\nos.system('ls')\n```", "attribute"),
    ("```python\neval('1')\n```", "no call eval"),
    ("```python\nexec('x')\npyautogui.click(0.5, 0.5)\n```", "no call exec"),
    ("```python\npyautogui.__class__('x')\n```", "no call pyautogui.__class__"),
    ("```python\npyautogui.write(open('/etc/passwd').read())\n```", "a call inside another"),
    ("```python\npyautogui.screenshot.__globals__['os'].system('ls')\n```", "attribute"),
    ("```python\npyautogui.write(__import__('os').environ['HOME'])\n```", "index"),
    ("```python\npyautogui.run('c0.5,0.5')\n```", "no call pyautogui.run"),
    # arguments
    ("pyautogui.click(0.5)", "both x and y"),
    ("pyautogui.click(y=0.5)", "both x and y"),
    ("pyautogui.click('50%', '30%')", "x must be a plain number"),
    ("pyautogui.click('ok.png')", "both x and y"),
    ("pyautogui.click(True, 0.5)", "plain number"),
    ("pyautogui.click((0.5, 0.3, 0.2))", "two numbers"),
    ("pyautogui.click(0.5, 300)", "mixes"),
    ("pyautogui.click(1e999, 0.5)", "inf"),
    ("pyautogui.click(0xffffffffffffffffffff, 1)", "of no use"),
    ("pyautogui.click(-0xffffffffffffffffffff, 1)", "plain value"),
    ("pyautogui.click(0.5, 0.5, clicks=0)", "from 1 up"),
    ("pyautogui.click(0.5, 0.5, clicks=1.5)", "whole number"),
    ("pyautogui.click(0.5, 0.5, button='side')", "button must be"),
    ("pyautogui.click(0.5, 0.5, colour='red')", "no argument 'colour'"),
    ("pyautogui.click(0.5, 0.5, x=0.5)", "x twice"),
    ("pyautogui.click(1, 1, 1, 1, 'left', 1, 1, 1, 1, 1)", "at most"),
    ("pyautogui.moveTo()", "needs a place"),
    ("pyautogui.moveRel(10, 10)", "relative to the pointer"),
    ("pyautogui.move(10, 10)", "relative to the pointer"),
    ("pyautogui.drag(10, 10)", "relative to the pointer"),
    ("pyautogui.scroll()", "clicks must be"),
    ("pyautogui.scroll(0)", "scroll of 0"),
    ("pyautogui.scroll(0.5)", "whole number"),
    ("pyautogui.write('')", "must be a text"),
    ("pyautogui.write(5)", "must be a text"),
    ("pyautogui.write('\\x1b[A')", "control character"),
    ("pyautogui.write('\\ud800')", "half a character"),
    ("pyautogui.press('any')", "not the name of a key"),
    ("pyautogui.press([])", "empty"),
    ("pyautogui.press(None)", "A key is written"),
    ("pyautogui.hotkey()", "empty"),
    ("pyautogui.hotkey('ctrl', 'nokey')", "'nokey'"),
    ("pyautogui.hotkey('a b c d e f g h i')", "pressed together"),
    ("time.sleep(-1)", "negative"),
    ("time.sleep('a while')", "plain number"),
    ("computer.terminate()", "status must be"),
    ("computer.terminate('infeasible')", "status must be"),
    ("computer.terminate('success', answer=['a'])", "answer must be"),
    ("computer.ask('')", "question must be"),
    ("computer.ask('Which?', choices='ab')", "list of texts"),
    ("computer.ask('Which?', choices=['a', 5])", "choices must be"),
    # what has no whole
    ("pyautogui.mouseDown(0.5, 0.5)", "no mouseUp"),
    ("pyautogui.mouseUp(0.5, 0.5)", "no mouseDown"),
    ("pyautogui.mouseDown()\npyautogui.mouseUp(button='right')", "right button"),
    ("pyautogui.mouseDown()\npyautogui.mouseDown()", "another mouseDown"),
    ("pyautogui.mouseDown()\npyautogui.click(0.5, 0.5)", "a click"),
    ("pyautogui.mouseDown()\npyautogui.write('a')\npyautogui.mouseUp()", "writing"),
    ("pyautogui.mouseDown(0.5, 0.5)\ntime.sleep(1)\npyautogui.mouseUp()", "held down for a time"),
    (
        "mouseDown(0.1, 0.1)\nmoveTo(0.2, 0.2)\nmoveTo(0.3, 0.1)\nmouseUp()",
        "one moveTo only",
    ),
    ("pyautogui.keyDown('ctrl')\npyautogui.click(0.5, 0.5)", "no keyUp"),
    ("pyautogui.keyUp('ctrl')", "no keyDown"),
    ("pyautogui.keyDown('ctrl')\npyautogui.keyDown('ctrl')", "down already"),
    ("keyDown('shift')\nwrite('a')\nkeyUp('shift')", "while shift is down"),
    ("keyDown('a')\nclick(0.5, 0.5)\nkeyUp('a')", '"a" cannot be held'),
    ("computer.terminate('success')\npyautogui.click(0.5, 0.5)", "follow computer.terminate"),
    ("computer.terminate('success')\npyautogui.moveTo(0.5, 0.5)", "follow computer.terminate"),
    ("computer.ask('Sure?')\npyautogui.click(0.5, 0.5)", "wait for the answer"),
    ("pyautogui.press('a')\n" * (MAX_ACTIONS + 1), f"more than {MAX_ACTIONS} actions"),
    ("keyDown('alt')\npress('tab', presses=999999999)\nkeyUp('alt')", "more than"),
    # broken
    ("```python\npyautogui.click(0.5, \n```", "cannot be read as Python in line 1"),
    ("```python\npyautogui.write('it's')\n```", "cannot be read as Python"),
    ("```python\nclick(0.5, 0.5\n```", "cannot be read as Python"),
    ("rightClick(x=0.5, y=0.3", "cannot be read as Python"),
    ("```python\npyautogui.click(0.5, 0.5)\nDone.\n```", "cannot be read as Python"),
    ("pyautogui.click(\0)", "cannot be read as Python"),
    ("pyautogui.click(" + "-" * 9000 + "1, 2)", "nested too deeply"),
    ("pyautogui.click(x=50%, y=30%)", "cannot be read as Python"),
    # other dialects
    ("Action: click(start_box='(1001,5)')", "0 to 1000"),
    ("Action: click(start_box='(-5,5)')", "0 to 1000"),
    ("Action: click(start_box='(5)')", "two numbers"),
    ("Action: click(start_box=5)", "two numbers"),
    ("Action: drag(start_box='(5,5)')", "end_box"),
    ("Action: scroll(start_box='(5,5)', direction='in')", "direction must be"),
    ("Action: type(content='it's')", "cannot be read as Python"),
    ("Action: left_double()", "start_box"),
    ('{"action":"left_click","coordinate":[640]}', "two numbers"),
    ('{"action":"left_click","coordinate":[NaN, 5]}', "nan"),
    ('{"action":"left_click","coordinate":[2000, 5]}', "1280x800"),
    ('{"action":"left_click","coordinate":{"x":5}}', "two numbers"),
    ('{"action":"left_click","coordinate":[640,200],"text":"a"}', '"a" cannot be held'),
    ('{"action":"fly"}', "no action 'fly'"),
    ('{"action":["key"]}', "no action"),
    ('{"action":"mouse_move"}', "needs a place"),
    ('{"action":"type","text":"\\ud800"}', "half a character"),
    ('{"action":"left_click","coordinate":[640,', "JSON cannot be read"),
    ('{"action":' * 1900 + "1", "nested too deeply"),
    ('[{"point_2d":[1,2]},{"action":"fly"}]', "no action"),
    ("(0.5, 0.25) or (0.75, 0.5)", "several places"),
    ("x=0.5, y=30%", "no action"),
    ("x=0.5*width, y=0.3", "no action"),
    ("x=0.5, y=0.3*height", "no action"),
    ("(1.5, 900)", "1280x800"),
    ("Choose (2, 3) of them.", "no action"),
    ("<point>5 5 5</point>", "two numbers"),
]


@pytest.mark.parametrize(("reply", "words"), REFUSED)
def test_what_cannot_be_carried_out_is_refused_by_its_fault(reply: str, words: str) -> None:
    assert words in mistake_of(reply)


@pytest.mark.parametrize("reply", [reply for reply, _ in REFUSED])
def test_a_refusal_is_short_and_can_be_sent(reply: str) -> None:
    message = mistake_of(reply)
    assert len(message) < 500
    assert message.encode()


def test_a_strange_escape_warns_no_one() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert actions_of(r"pyautogui.write('\d')") == (Write(r"\d"),)
    assert caught == []


def test_half_characters_outside_the_code_do_no_harm() -> None:
    decision = ground("Press \ud800 it\n```\nclick(0.5, 0.25)\n```", image_size=SIZE)
    assert decision == Decision("Press � it", (Click(HERE),))
