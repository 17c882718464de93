"""Takes the pictures that image matching looks for, as a person would: from the plain desktop.

A pytest file that comparison.py runs once for each task: agent-app works through the task, and each
thing's picture is cut from the screen before it is acted on. `PICTURES` is the folder for them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from agent_app.testing import Desktop, Locator, expect

Cut = Callable[..., Locator]


@pytest.fixture
def cut(desktop: Desktop) -> Cut:
    """Cuts a thing's picture out, and gives the thing; `part` is from and to where in its width."""

    def cut_out(name: str, thing: Locator, *, part: tuple[float, float] = (0, 1)) -> Locator:
        box = thing.region()
        left, right = (round(box.left + share * box.width) for share in part)
        picture = desktop.screenshot().crop((left, box.top, right, box.top + box.height))
        picture.save(Path(os.environ["PICTURES"], f"{name}.png"))
        return thing

    return cut_out


def test_editor(desktop: Desktop, cut: Cut) -> None:
    desktop.type("Hello")
    cut("file", desktop.find("File")).click()
    cut("save_as", desktop.find("Save As…")).click()
    cut("name", desktop.find("Name:"))
    desktop.find("Name", role="text").fill("notes.txt")
    cut("save", desktop.find("Save", role="button")).click()
    cut("title", desktop.find("notes.txt", window="title"), part=(0.25, 0.75))


def test_calculator(desktop: Desktop, cut: Cut) -> None:
    keys = {"one": "1", "two": "2", "times": "*", "three": "3", "four": "4", "equals": "="}
    for name, key in keys.items():
        cut(name, desktop.find(key, role="button", exact=True))
    for key in keys.values():
        desktop.find(key, role="button", exact=True).click()
    cut("result", desktop.find("408").first)


def test_folder(desktop: Desktop, cut: Cut) -> None:
    cut("letter", desktop.find("letter.txt")).right_click()
    cut("rename", desktop.find("Rename...")).click()
    expect(desktop.window("Rename File")).to_be_visible()
    cut("ok", desktop.find("OK", role="button"))
    desktop.press("ctrl+a")
    desktop.type("invoice.txt\n")
    cut("invoice", desktop.find("invoice.txt"))


def test_form(desktop: Desktop, cut: Cut) -> None:
    cut("name", desktop.find("Name").first)
    cut("ok", desktop.find("OK", role="button"))


def test_shop(desktop: Desktop, cut: Cut) -> None:
    cut("cookies", desktop.find("Fine by me")).click()
    cut("assam", desktop.find("Add Assam")).click()
    cut("darjeeling", desktop.find("Add Darjeeling")).click()
    cut("voucher", desktop.find("Voucher").first).click()
    desktop.type("LEAF10")
    cut("redeem", desktop.find("Redeem")).click()
    cut("basket", desktop.find("Basket: 2 items, €17.55"))
    cut("terms", desktop.find("I accept the terms").first, part=(0, 10)).click()
    order = cut("order", desktop.find("Place order"))
    box = order.region()
    order.click()
    shown = desktop.screenshot()  # at once: the note below the button goes after 1.2 s
    below = (box.left, box.top + box.height + 8, box.left + 400, box.top + 2 * box.height + 24)
    note = shown.crop(below)
    ink = ImageChops.difference(note, Image.new("RGB", note.size, note.getpixel((399, 0))))
    note.crop(ink.getbbox()).save(Path(os.environ["PICTURES"], "thanks.png"))


def test_sheet(desktop: Desktop, cut: Cut) -> None:
    desktop.press("ctrl+down", "down")
    cut("function", desktop.find("Select Function", role="button")).click()
    cut("sum", desktop.find("Sum", exact=True)).click()
    desktop.press("enter")
    cut("result", desktop.find("1234", exact=True))
    cut("save", desktop.find("Save", role="button", exact=True))
