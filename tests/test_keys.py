"""Names of keys: spellings that are understood, and those that are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_app.errors import ModelMistake
from agent_app.keys import KEYS, MODIFIERS, canonical_key


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("enter", "enter"),
        ("Return", "enter"),
        ("\n", "enter"),
        ("\t", "tab"),
        (" ", "space"),
        ("SPACE", "space"),
        ("Escape", "esc"),
        ("Page_Down", "pagedown"),
        ("page down", "pagedown"),
        ("page-up", "pageup"),
        ("PgDn", "pagedown"),
        ("BackSpace", "backspace"),
        ("Del", "delete"),
        ("ArrowLeft", "left"),
        ("Control", "ctrl"),
        ("Control_L", "ctrlleft"),
        ("shift_r", "shiftright"),
        ("Super_L", "winleft"),
        ("cmd", "win"),
        ("option", "alt"),
        ("AltGr", "altright"),
        ("F12", "f12"),
        ("KP_Enter", "enter"),
        ("A", "a"),
        ("+", "+"),
        ("-", "-"),
        ("_", "_"),
        ("plus", "+"),
        (" ctrl ", "ctrl"),
    ],
)
def test_usual_spellings_name_the_same_key(written: str, name: str) -> None:
    assert canonical_key(written) == name


@pytest.mark.parametrize(
    "written", ["", "  ", "any", "f25", "ctrl+c", "é", "你", "\x00", "\x7f", "😀", "enter enter"]
)
def test_what_is_no_key_is_refused_with_examples(written: str) -> None:
    with pytest.raises(ModelMistake, match=r"not the name of a key.*enter, tab"):
        canonical_key(written)


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_canonical_name_is_its_own(key: str) -> None:
    assert canonical_key(key) == key
    assert canonical_key(key.upper()) == key


def test_modifiers_are_keys() -> None:
    assert set(MODIFIERS) <= KEYS


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=12))
def test_any_text_is_a_key_or_a_mistake(written: str) -> None:
    try:
        name = canonical_key(written)
    except ModelMistake:
        return
    assert name in KEYS
