"""Where the window opens, so that it is not on what the agent looks at."""

from __future__ import annotations

from collections.abc import Sequence

from agent_app.geometry import Region, Size


def choose_place(
    screens: Sequence[Region], watched: Region | None, size: Size
) -> tuple[int, int] | None:
    """The top left corner for a window of this size, clear of what is watched.

    `screens` are the usable parts of the monitors, the person's first one first. None when there is
    no such place, or nothing is known to be watched: any place is then as good as another.
    """
    if watched is None:
        return None
    for screen in screens:
        right = screen.left + screen.width - size.width
        bottom = screen.top + screen.height - size.height
        if right < screen.left or bottom < screen.top:
            continue
        middle = ((screen.left + right) // 2, (screen.top + bottom) // 2)
        lefts = (middle[0], right, screen.left)
        tops = (middle[1], bottom, screen.top)
        for left in lefts:
            for top in tops:
                if not overlap(Region(left, top, size.width, size.height), watched):
                    return left, top
    return None


def overlap(one: Region, other: Region) -> bool:
    """Whether two regions share a pixel."""
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )
