"""Whether the focused application has read what was sent to it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest
from Xlib.display import Display

from agent_app.input.x11_focus import Focus

pytestmark = pytest.mark.desktop
QT = """
from PySide6.QtWidgets import QApplication, QLineEdit
application = QApplication([])
field = QLineEdit()
field.setWindowTitle("a field of Qt")
field.show()
application.exec()
"""


@pytest.mark.parametrize(
    ("command", "title"),
    [
        (["env", "QT_QPA_PLATFORM=xcb", sys.executable, "-c", QT], "a field of Qt"),
        (["mousepad", "--disable-server"], "Untitled"),
    ],
)
def test_toolkits_say_themselves_that_they_have_read(
    command: Sequence[str], title: str, launch, desktop
):
    launch(command, title)
    display = Display(desktop.display)
    assert Focus(display).wait_until_read()
    display.close()


def test_an_application_that_takes_no_part_is_given_time_instead(launch, desktop):
    launch(["xterm", "-T", "takes no part"], "takes no part")
    display = Display(desktop.display)
    assert not Focus(display).wait_until_read()
    display.close()
