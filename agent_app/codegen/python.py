"""Steps as a test in Python.

What was recorded is untrusted, and the file is a program: texts stand in it as literals, notes as
comments of one line, and nothing else of the recording does.
"""

from __future__ import annotations

import hashlib
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from agent_app.flows import steps as given_as
from agent_app.flows.steps import Given, Target, Thing
from agent_app.flows.writing import Draft, Line

_COMMENT = 90  # characters
_VALUE = re.compile(r"\$\$|\$\{([^{}]*)\}")
_ENVIRONMENT = "env:"
_TAKEN = frozenset({"desktop", "expect", "pytest", "os"})
_SPACE = re.compile(r"[ _-]+")
_PLAIN = re.compile(r"[a-z][a-z0-9_]*")
_STATES = {
    "visible": "to_be_visible",
    "hidden": "to_be_hidden",
    "enabled": "to_be_enabled",
    "disabled": "to_be_disabled",
    "checked": "to_be_checked",
}


def python_text(draft: Draft, *, file: str) -> str:
    """The source of a test that does a draft's steps, in a file of this name."""
    body = [line for each in _focused([*draft.setup, *draft.steps]) for line in _lines(each)]
    names = [identifier(name) for name in draft.variables]
    head = ['"""A recorded run as a test: python -m pytest ' + file + '"""', ""]
    if any("os.environ" in line for line in body):
        head += ["import os", ""]
    marks = [f"@pytest.mark.agent(size={literal(draft.size)})"] if draft.size else []
    if names:
        marks += ["@pytest.mark.parametrize(", f"    {_tuple(names)},", "    ["]
        marks += ["        (", *(f"            {literal(v)}," for v in draft.variables.values())]
        marks += ["        ),", "    ],", '    ids=["recorded"],', ")"]
    if marks:
        head += ["import pytest", ""]
    if any("expect(" in line for line in body):
        head += ["from agent_app.testing import expect", ""]
    head += ["", *([comment(draft.name)] if draft.name.strip() else [])]
    called = f"def test_recorded({', '.join(['desktop', *names])}):"
    return "\n".join([*head, *marks, called, *(f"    {line}" for line in body or ["pass"])]) + "\n"


def _focused(lines: Sequence[Line]) -> Iterator[Line]:
    """The steps, each waiting for its window only where another one had the keyboard before."""
    window = ""
    for line in lines:
        given = line.given
        if isinstance(given, given_as.Expect) and given.window:
            window = given.window
        elif isinstance(given, given_as.Type | given_as.Press) and given.window:
            is_known, window = given.window == window, given.window
            if is_known:
                line = replace(line, given=msgspec.structs.replace(given, window=""))
        yield line


def _lines(line: Line) -> Iterator[str]:
    if line.note.strip():
        yield comment(line.note)
    yield from _calls(line.given)


def _calls(given: Given) -> Iterator[str]:
    match given:
        case given_as.Launch(command=command):
            yield f"desktop.launch({text_of(command)})"
        case given_as.Drag(thing=thing, to=to):
            yield f"{locator(thing)}.drag_to({locator(to)})"
        case given_as.Fill(field=field, text=text):
            yield f"{locator(field)}.fill({text_of(text)})"
        case given_as.Type(text=text, into=into, window=window):
            yield from _focus(window)
            yield f"{_at(into)}.type({text_of(text)})"
        case given_as.Press(keys=keys, into=into, window=window):
            yield from _focus(window)
            pressed = (keys,) if isinstance(keys, str) else keys
            yield f"{_at(into)}.press({', '.join(map(text_of, pressed))})"
        case given_as.Scroll():
            yield _scroll(given)
        case given_as.Expect():
            yield _expect(given)
        case Target():
            yield _act(given)
        case _:
            raise TypeError(f"{given!r} is never recorded")


def _act(given: Target) -> str:
    target = locator(given)
    match given:
        case given_as.Click(button=button, count=count, holding=holding):
            more = [f"button={literal(button)}"] if button != "left" else []
            more += [f"count={count}"] if count != 1 else []
            more += [f"modifiers={_tuple(holding)}"] if holding else []
            return f"{target}.click({', '.join(more)})"
        case given_as.DoubleClick():
            return f"{target}.double_click()"
        case given_as.RightClick():
            return f"{target}.right_click()"
        case given_as.Hover():
            return f"{target}.hover()"
        case _:
            raise TypeError(f"{given!r} is never recorded")


def _scroll(given: given_as.Scroll) -> str:
    turns = {way: getattr(given, way) for way in ("up", "down", "left", "right")}
    said = ", ".join(f"{way}={by}" for way, by in turns.items() if by)
    return f"{_at(given.over)}.scroll({said})"


def _expect(given: given_as.Expect) -> str:
    if given.window is not None:
        return f"expect(desktop.window({text_of(given.window)})).to_be_visible()"
    if given.no_window is not None:
        return f"expect(desktop.window({text_of(given.no_window)})).to_be_hidden()"
    for name, method in _STATES.items():
        thing = getattr(given, name)
        if thing is not None:
            return f"expect({locator(thing)}).{method}()"
    if given.of is not None and given.text is not None:
        return f"expect({locator(given.of)}).to_have_text({text_of(given.text)})"
    raise TypeError(f"{given!r} is never recorded")


def locator(thing: Thing) -> str:
    """The expression of a locator."""
    if isinstance(thing, str):
        thing = Target(text=thing)
    if thing.role == "window" and thing.text and thing.nth is None:
        return f"desktop.window({text_of(thing.text)})"
    arguments = [text_of(thing.text)] if thing.text else []
    arguments += [f"role={text_of(thing.role)}"] if thing.role else []
    arguments += [f"picture={text_of(thing.picture)}"] if thing.picture else []
    arguments += [f"window={text_of(thing.window)}"] if thing.window else []
    arguments += ["exact=True"] if thing.exact else []
    found = f"desktop.find({', '.join(arguments)})"
    for relation in ("near", "right_of", "left_of", "above", "below"):
        other = getattr(thing, relation)
        if isinstance(other, str):
            found += f".{relation}({text_of(other)})"
        elif other is not None:
            found += f".{relation}({locator(other)})"
    return found if thing.nth is None else f"{found}.nth({thing.nth})"


def text_of(text: str) -> str:
    """The expression of a flow's text: its literals and variables, joined."""
    pieces: list[str] = []
    plain = ""
    at = 0
    for match in _VALUE.finditer(text):
        plain += text[at : match.start()]
        at = match.end()
        name = match[1]
        if name is None:
            plain += "$"
            continue
        pieces += [literal(plain)] if plain else []
        plain = ""
        if name.startswith(_ENVIRONMENT):
            pieces.append(f"os.environ[{literal(name.removeprefix(_ENVIRONMENT))}]")
        else:
            pieces.append(identifier(name))
    plain += text[at:]
    pieces += [literal(plain)] if plain or not pieces else []
    return " + ".join(pieces)


def identifier(name: str) -> str:
    """A variable's name in Python."""
    plain = _SPACE.sub("_", name.casefold())
    if _PLAIN.fullmatch(plain):
        is_free = not keyword.iskeyword(plain) and plain not in _TAKEN
        return plain if is_free else f"text_{plain}"
    return f"text_{hashlib.sha1(name.encode()).hexdigest()[:8]}"  # in another script, mostly


def literal(text: str) -> str:
    """The literal of a text; nothing in it can end it."""
    shown = repr(text)
    return shown if '"' in shown else f'"{shown[1:-1]}"'  # then there is no other quote in it


def comment(text: str) -> str:
    """One line that cannot end early, whatever the text holds."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return "# " + (plain if len(plain) <= _COMMENT else plain[: _COMMENT - 1] + "…")


def _focus(window: str) -> Iterator[str]:
    if window:
        yield f"expect(desktop.window({text_of(window)})).to_be_visible()"


def _at(thing: Thing | None) -> str:
    return "desktop" if thing is None else locator(thing)


def _tuple(values: Sequence[str]) -> str:
    return f"({', '.join(map(literal, values))}{',' if len(values) == 1 else ''})"
