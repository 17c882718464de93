"""The small checkpoint works: screens, clicks and typing in a real window."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agent_app.events import Budgets, RunFinished
from agent_app.geometry import Region
from agent_app.loop import LoopSettings
from agent_app.model_runtime import ModelOptions, Sampling
from agent_app.session import LiveSession
from agent_app.workplace import Workplace, WorkplaceOptions

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
window.setGeometry(120, 100, 380, 270)
window.show()
app.exec()
"""


@pytest.mark.desktop
def test_the_loop_with_it_types_and_clicks_in_a_real_window(desktop, tmp_path: Path):
    script, told = tmp_path / "window.py", tmp_path / "told.txt"
    script.write_text(WINDOW)
    told.touch()
    options = WorkplaceOptions(
        model="small",
        loading=ModelOptions(device="cpu", precision="fp32"),
        settings=LoopSettings(
            budgets=Budgets(steps=5), sampling=Sampling(temperature=0, max_tokens=160), images=2
        ),
        region=Region(100, 80, 420, 308),
    )
    task = 'Type "Anna" into the field Name, then click Remember, then click Preview'
    with Workplace(options, environment=desktop.environment) as place:
        window = place.launch(f"{sys.executable} {script} {told}")
        try:
            events = list(LiveSession(place, task, episode=tmp_path / "episode").events())
        finally:
            window.terminate()
            window.wait()
    assert isinstance(events[-1], RunFinished)
    assert events[-1].outcome == "success"
    assert told.read_text().split()[-3:] == ["Name=Anna", "Remember=True", "Preview"]
