"""What the window says, found in its source: every text that goes through Qt's translation."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from agent_app.codegen.formats import FORMATS
from agent_app.episode.entry import State
from agent_app.policy.file import default_rules
from agent_app.settings import SETTINGS
from agent_app.settings.kinds import Choice

CORE = Path(__file__).parents[1] / "agent_app"
UI = CORE / "ui"
Text = tuple[str, str]  # context, source
_NAMED = {"said": "Settings", "tr": "Viewer"}  # functions of a module that translate, as which
_SAID = ("say", "choice")  # functions of the core that say what a text is made of


def all_texts() -> set[Text]:
    """Every text of the window, with the class that says it."""
    found = {text for path in sorted(UI.rglob("*.py")) for text in texts_in(path)}
    formats = {("Formats", each.about) for each in FORMATS.values()}
    states = {("Entries", state) for state in get_args(State)}
    core = {text for path in sorted(CORE.rglob("*.py")) for text in core_texts_in(path)}
    risks = {("Words", risk.why) for risk in default_rules().risks}
    risks |= {("Words", rule.why) for rule in default_rules().rules if rule.why}
    return found | formats | states | core | risks | set(settings_texts())


def core_texts_in(path: Path) -> Iterator[Text]:
    """The texts of one file that a person reads; raises where one is put together before."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        said = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
        if said and node.func.id in _SAID:
            yield "Words", _literal(node, 0, path)


def texts_in(path: Path) -> Iterator[Text]:
    """The texts of one file; raises where one is put together before it is translated."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for call in ast.walk(node):
                if _is_call(call, "tr"):
                    yield node.name, _literal(call, 0, path)
        if _is_call(node, "translate"):
            given = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            if len(given) == 2 and all(isinstance(each, str) for each in given):
                yield str(given[0]), str(given[1])
        said = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
        if said and node.func.id in _NAMED and isinstance(node.args[0], ast.Constant):
            yield _NAMED[node.func.id], _literal(node, 0, path)


def settings_texts() -> Iterator[Text]:
    """What the page of settings says of each of them."""
    for setting in SETTINGS:
        words = setting.kind.words if isinstance(setting.kind, Choice) else ()
        for text in (
            *(setting.label, setting.about, setting.kind.wanted, setting.section.capitalize()),
            *words,
        ):
            yield "Settings", text


def _is_call(node: ast.AST, name: str) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
        and bool(node.args)
    )


def _literal(call: ast.Call, at: int, path: Path) -> str:
    value = ast.literal_eval(call.args[at])
    assert isinstance(value, str), f"{path}:{call.lineno}"
    return value
