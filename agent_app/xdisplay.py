"""Which X display an environment names, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping

from agent_app.errors import KnownError

_REMEDY = "or give the agent a private desktop: --virtual 1280x800"


def x_display(environment: Mapping[str, str]) -> str:
    """The name of the X display, such as `:0`.

    Raises KnownError when there is none, or only a Wayland one without an X server.
    """
    if display := environment.get("DISPLAY"):
        return display
    if environment.get("WAYLAND_DISPLAY"):
        raise KnownError(
            "this is a Wayland session without an X server",
            remedy=f"log in to an X11 session, {_REMEDY}",
        )
    raise KnownError(
        "there is no display (DISPLAY is not set)",
        remedy=f"run this in a desktop session, {_REMEDY}",
    )
