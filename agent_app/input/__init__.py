"""Acting on the desktop: the pointer, the keyboard and text in any script.

`open_input` chooses what fits the platform. What an action means, and how it becomes single
events, is `agent_app.actions`; nothing here knows a model or a frame.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from agent_app.actions import Input


def open_input(environment: Mapping[str, str]) -> Input:
    """Open the input of the desktop that `environment` describes; the caller closes it.

    On X11 that is the display it names, which need not be this process's own; on Windows and macOS
    there is one desktop and the environment is not read. Raises KnownError when it cannot be
    reached.
    """
    if sys.platform in ("win32", "darwin"):
        from agent_app.input.portable import PortableInput

        return PortableInput()
    from agent_app.input.x11 import X11Input

    return X11Input(environment)
