"""Acting on the desktop: the pointer, the keyboard and text in any script.

`open_input` chooses what fits the platform. What an action means, and how it becomes single
events, is `agent_app.actions`; nothing here knows a model or a frame.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

from agent_app.actions import Input
from agent_app.control import Touch
from agent_app.geometry import ScreenPoint

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


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


def watch_hands(
    environment: Mapping[str, str],
    *,
    on_hand: Callable[[Touch, ScreenPoint], None],
    on_stop: Callable[[str], None],
) -> AbstractContextManager[object]:
    """Within it, tell of a person's hand on this desktop, and of a stop by it; see `HandWatch`.

    On Windows and macOS hands are not told from programs, and nothing is called. Raises KnownError
    when the desktop cannot be listened to.
    """
    if sys.platform in ("win32", "darwin"):
        return nullcontext()
    from agent_app.input.x11_hands import HandWatch

    return closing(HandWatch(environment, on_hand=on_hand, on_stop=on_stop))
