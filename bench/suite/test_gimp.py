"""GIMP, in GTK 2: a large program with many windows, slow to start."""

from __future__ import annotations

import pytest
from PIL import Image

from agent_app.testing import Application, Desktop, expect


@pytest.fixture
def gimp(desktop: Desktop) -> Application:
    return desktop.launch("gimp --no-splash", timeout=90)


def test_makes_a_new_image_of_a_size(desktop: Desktop, gimp: Application) -> None:
    gimp.find("File").click()
    gimp.find("New…").click()
    dialog = desktop.window("Create a New Image")
    dialog.find("Width", role="spin button").fill("320")
    dialog.find("Height", role="spin button").fill("200")
    dialog.find("OK", role="button").click()
    expect(desktop.find("320x200", window="title")).to_be_visible(timeout=15)


def test_exports_what_it_opened(desktop: Desktop) -> None:
    Image.new("RGB", (90, 60), "navy").save(desktop.home / "blue.png")
    gimp = desktop.launch("gimp --no-splash blue.png", timeout=90)
    expect(desktop.find("[blue] (imported)", window="title")).to_be_visible(timeout=15)
    gimp.find("Colors").click()
    gimp.find("Invert", exact=True).click()
    gimp.find("File").click()
    gimp.find("Overwrite blue.png").click()
    expect(desktop.find("[blue] (overwritten)", window="title")).to_be_visible(timeout=15)
    with Image.open(desktop.home / "blue.png") as image:
        assert image.convert("RGB").getpixel((5, 5)) == (255, 255, 127)


def test_about_tells_the_version(desktop: Desktop, gimp: Application) -> None:
    gimp.find("Help").click()
    gimp.find("About", role="menu item").click()
    expect(desktop.find("GIMP 2.10", window="About GIMP")).to_be_visible()
