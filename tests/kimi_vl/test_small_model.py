"""The small checkpoint sees: from pixels to clicks, through all of the application."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from agent_app.actions import Click
from agent_app.events import Budgets, RunFinished
from agent_app.geometry import Region
from agent_app.loop import LoopSettings
from agent_app.model_runtime import ModelOptions, Sampling, no_progress
from agent_app.runtimes.kimi_vl import open_kimi_vl
from agent_app.runtimes.kimi_vl.hub import find
from agent_app.runtimes.kimi_vl.runtime import KimiVLRuntime
from agent_app.session import Workplace, WorkplaceOptions
from tests.kimi_vl.small import FOLDER, asked, marks
from train.draw import RGB, form_mask
from train.screens import COLOURS, SHAPES

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the small checkpoint is not here")

WINDOW = """
import sys
from PySide6.QtWidgets import *
app = QApplication([])
told = open(sys.argv[1], "a", buffering=1)
window = QWidget()
window.setWindowTitle("Order")
grid = QGridLayout(window)
for row, name in enumerate(("Name", "City", "Email")):
    field = QLineEdit()
    field.textChanged.connect(lambda text, name=name: told.write(f"{name}={text}\\n"))
    grid.addWidget(QLabel(name), row, 0)
    grid.addWidget(field, row, 1)
remember = QCheckBox("Remember")
remember.toggled.connect(lambda on: told.write(f"Remember={on}\\n"))
grid.addWidget(remember, 3, 0, 1, 2)
for at, name in enumerate(("Save", "Delete", "Preview")):
    button = QPushButton(name)
    button.clicked.connect(lambda _=False, name=name: told.write(f"{name}\\n"))
    grid.addWidget(button, 4 + at // 2, at % 2)
window.setGeometry(150, 120, 520, 360)
window.show()
app.exec()
"""


@pytest.fixture(scope="module")
def small() -> Iterator[KimiVLRuntime]:
    options = ModelOptions(device="cpu", precision="fp32", engine="reference")
    runtime = open_kimi_vl(str(FOLDER), environment={}, options=options, progress=no_progress)
    yield runtime
    runtime.close()


def test_it_is_found_by_its_name():
    assert find("small") == FOLDER


def test_it_finds_what_is_asked_for_and_refuses_what_is_not_there(small):
    found = marks(small, (336, 308), seed=41, screens=5)
    assert sum(found) >= 18, found  # of 20; it has 19 to 20 right, blind or broken none to 8


@pytest.mark.parametrize("colour", ["red", "blue"])
def test_it_tells_colours_apart(small, colour):
    image = Image.new("RGB", (280, 280), (235, 235, 240))
    places = {"red": (40, 60), "blue": (180, 190)}
    for name, at in places.items():
        square = form_mask(SHAPES.index("square"), 48)
        image.paste(RGB[COLOURS.index(name)], at, square)
    (click,) = asked(small, image, f"Click the {colour} square.")
    x, y = places[colour]
    assert isinstance(click, Click)
    assert x <= click.at.x * 280 <= x + 48
    assert y <= click.at.y * 280 <= y + 48


def test_it_sees_a_screen_whose_size_is_not_on_the_grid(small):
    assert sum(marks(small, (433, 309), seed=43, screens=3)) >= 10  # of 12


@pytest.mark.desktop
def test_the_loop_with_it_types_and_clicks_in_a_real_window(desktop, tmp_path: Path):
    script, told = tmp_path / "window.py", tmp_path / "told.txt"
    script.write_text(WINDOW)
    told.touch()
    options = WorkplaceOptions(
        model=str(FOLDER),
        loading=ModelOptions(device="cpu", precision="fp32"),
        settings=LoopSettings(
            budgets=Budgets(steps=2), sampling=Sampling(temperature=0, max_tokens=160)
        ),
        region=Region(100, 80, 616, 476),
    )
    task = 'Type "Anna" into the field Name, then click Preview'
    with Workplace(options, environment=desktop.environment) as place:
        window = place.launch(f"{sys.executable} {script} {told}")
        try:
            events = list(place.session(task, episode=tmp_path / "episode").events())
        finally:
            window.terminate()
            window.wait()
    assert isinstance(events[-1], RunFinished)
    assert told.read_text().split()[-2:] == ["Name=Anna", "Preview"]
