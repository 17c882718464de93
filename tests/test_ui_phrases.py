"""What the core says, in the window's language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from agent_app.actions import Click, Write
from agent_app.ui.languages import OURS, Translation, read_texts
from agent_app.ui.phrases import CORE, deed_text, spoken

TEXTS = """<?xml version="1.0"?><TS version="2.1" language="eo"><context><name>Core</name>
<message><source>stop</source><translation>haltu</translation></message>
<message><source>disk</source><translation>disko</translation></message>
<message><source>click</source><translation>klaku</translation></message>
<message><source>{a} is full</source><translation>plena: {a}</translation></message>
<message><source>{a} of {b} is full</source><translation>plena: {b}, {a}</translation></message>
</context><context><name>Page</name>
<message><source>Go</source><translation>Iru</translation></message>
</context></TS>"""
ROOT = Path(__file__).parents[1] / "agent_app"


@pytest.fixture
def esperanto(qapp: QApplication, tmp_path: Path) -> Iterator[None]:
    (tmp_path / "eo.ts").write_text(TEXTS)
    translation = Translation(tmp_path / "eo.ts")
    qapp.installTranslator(translation)
    yield
    qapp.removeTranslator(translation)


@pytest.mark.usefixtures("esperanto")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stop", "haltu"),
        ("the disk is full", "plena: the disk"),
        ("disk is full", "plena: disko"),
        ("disk of mine is full", "plena: mine, disko"),  # what says most comes first
        ("stop\nnobody knows this\ndisk is full", "haltu\nnobody knows this\nplena: disko"),
        ("is full", "is full"),
        ("{a} is full", "plena: {a}"),  # what differs is text and no form
        ("Go", "Go"),  # a button's text is none of the core's
        ("stop\0", "stop\0"),
        ("", ""),
    ],
)
def test_a_line_is_known_by_its_form_and_any_other_stays(text: str, said: str) -> None:
    assert spoken(text) == said


@pytest.mark.usefixtures("esperanto")
def test_what_an_action_types_is_never_translated() -> None:
    assert deed_text(Click()) == "klaku"
    assert deed_text(Write("stop")) == "“stop”"


@pytest.mark.usefixtures("qapp")
def test_without_a_translation_it_stays_english() -> None:
    assert spoken("disk is full") == "disk is full"


def test_everything_that_is_translated_is_said_somewhere() -> None:
    """As it stands in a file, or with all its words in one, where it is put together."""
    policy = (ROOT / "policy" / "default.toml").read_text("utf-8").casefold()
    files = [policy, *("\n".join(_texts(path)).casefold() for path in ROOT.rglob("*.py"))]
    words = [_words(text) for text in files]
    for context, source in read_texts(OURS / "zh_CN.ts"):
        if context != CORE:
            continue
        form = re.sub(r"\{\w+\}", "{}", source).casefold().removesuffix(".")
        wanted = _words(form)
        assert any(form in text for text in files) or any(wanted <= each for each in words), source


def _words(text: str) -> set[str]:
    """The words of a text, of one and of several alike."""
    return {word.removesuffix("s") for word in re.findall(r"[a-z]{2,}", text.casefold())}


def _texts(path: Path) -> Iterator[str]:
    """Every text in a file of code, with {} for what is filled in."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (each.value if isinstance(each, ast.Constant) else "{}" for each in node.values)
            yield "".join(map(str, parts))
