"""The texts of a recording are named after the fields that they are typed into."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import pytest
from PIL import Image

from agent_app.actions import Action, Click, Hotkey, Press, Write
from agent_app.geometry import (
    FrameBox,
    FramePoint,
    FrameTransform,
    RelativePoint,
    ScreenPoint,
    Size,
)
from agent_app.replaying.anchor import Anchor, AnchorMaker
from agent_app.replaying.effects import Effect, Written
from agent_app.replaying.labels import label_of, renamed, text_names
from agent_app.replaying.script import Deed, Part, Script
from agent_app.runtimes.reader.sight import Element, Sight

WHOLE = FrameTransform(ScreenPoint(0, 0), 1.0, Size(640, 400))
LABELS = {"File": (10, 20), "Name:": (30, 100), "Town *": (30, 150), "Message": (30, 195)}
FIELDS = {"name": (120, 84), "town": (120, 134), "message": (30, 205), "other": (30, 280)}


@pytest.fixture(scope="module")
def anchors() -> Mapping[str, Anchor]:
    """What was clicked in a form: two fields behind their labels, one below its own, one bare."""
    pixels = np.full((400, 640, 3), 240, np.uint8)
    for text, place in LABELS.items():
        cv2.putText(pixels, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1)
    for left, top in FIELDS.values():
        cv2.rectangle(pixels, (left, top), (left + 300, top + 24), (255, 255, 255), -1)
        cv2.rectangle(pixels, (left, top), (left + 300, top + 24), (90, 90, 90), 1)
    cv2.putText(pixels, "Paris", (125, 151), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1)
    elements = tuple(
        Element(text=text, box=FrameBox(x, y - 12, 9.5 * len(text), 14), source="ocr")
        for text, (x, y) in [*LABELS.items(), ("Paris", (125, 151))]
    )
    maker = AnchorMaker(lambda _part: Sight(elements))
    return {
        name: maker.make(Image.fromarray(pixels), WHOLE, FramePoint(left + 40, top + 12))
        for name, (left, top) in FIELDS.items()
    }


@pytest.mark.parametrize(
    ("field", "label"),
    [("name", "Name"), ("town", "Town"), ("message", "Message"), ("other", "")],
)
def test_a_label_stands_left_of_its_field_or_above_it(
    field: str, label: str, anchors: Mapping[str, Anchor]
) -> None:
    assert label_of(anchors[field]) == label


def script(anchors: Mapping[str, Anchor], *done: Action | str) -> Script:
    """Clicks into fields by their names, and what was done besides."""
    deeds: list[Deed] = []
    clicked: dict[str, str] = {}
    texts = 0
    for number, action in enumerate(done, 1):
        name = ""
        if isinstance(action, str):
            clicked[f"{number}.0.0"] = action
            action = Click(RelativePoint(0.5, 0.5))
        elif isinstance(action, Write):
            texts += 1
            name = f"text_{texts}"
        deeds.append(Deed(f"{number}.0", action, "", name))
    part = Part(1, tuple(deeds), Written(Effect()))
    return Script("", (part,), lambda key: anchors.get(clicked[key]))


def test_texts_have_the_names_of_what_was_clicked_before(anchors: Mapping[str, Anchor]) -> None:
    made = script(
        anchors,
        *(Write("first"), "name", Press(("end",)), Write("Ada"), "town", Write("Rome"), "name"),
        *(Write("Eve"), Press(("tab",)), Write("nobody knows"), "other", Write("bare")),
        *("gone", Write("lost"), "town", Hotkey(("ctrl", "a")), Write("Oslo")),
    )
    names = text_names(made)
    wanted = ["text_1", "Name", "Town", "Name 2", "text_5", "text_6", "text_7", "Town 2"]
    assert list(names.values()) == wanted
    assert list(renamed(made, names).texts) == wanted


def test_an_intent_says_where_a_text_goes(anchors: Mapping[str, Anchor]) -> None:
    deeds = (
        Deed("1.0", Write("Ada"), "Type “Ada” into “First name:”", "text_1"),
        Deed("2.0", Write("Eve"), "Type it into the field “a=b”", "text_2"),
        Deed("3.0", Write("Bob"), "Type it into “text_9”", "text_3"),
    )
    made = Script("", (Part(1, deeds, Written(Effect())),), anchors.get)
    assert list(text_names(made).values()) == ["First name", "a b", "text_3"]
