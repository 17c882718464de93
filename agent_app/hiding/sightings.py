"""Where a field was at the moment of a capture, as far as it has said so itself.

A field says where it lies only when it is asked, and a picture is taken at another moment. A place
counts for a picture when the field named it both before and after that was taken.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from agent_app.geometry import Region
from agent_app.hiding.fields import Content, Field, Fields
from agent_app.hiding.shots import Shot


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a field said of itself, and when that was asked and answered; None: it is no more."""

    asked: float
    answered: float
    content: Content | None

    @property
    def region(self) -> Region | None:
        return None if self.content is None else self.content.region

    @property
    def length(self) -> int | None:
        return None if self.content is None else self.content.length


class Sightings:
    """All that was seen of fields; what an application leaves unanswered is not in it."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._seen: dict[Field, list[Sighting]] = {}

    def look(self, field: Field) -> None:
        """Ask a field where it is now, and how much stands in it."""
        asked = time.monotonic()
        content = self._fields.content(field)
        if content is not None and not content.told:
            return
        seen = self._seen.setdefault(field, [])
        sighting = Sighting(asked, time.monotonic(), content)
        # of what stays the same the first two and the last tell all
        if len(seen) >= 3 and all(other.content == content for other in seen[-3:]):
            seen[-1] = sighting
        else:
            seen.append(sighting)

    def where(self, field: Field, shot: Shot) -> Region | None:
        """Where a field was when a picture was taken; None when nobody can say.

        Two looks before the picture have to agree with the one after it: what has just moved may
        be painted at its old place for a moment. Once it is gone, its last place counts.
        """
        seen = self._seen.get(field, [])
        before = [sighting for sighting in seen if sighting.answered <= shot.frame.time]
        after = next((sighting for sighting in seen if sighting.asked >= shot.taken), None)
        if not before or after is None:
            return None
        places = {s.region for s in (*before[-2:], after) if s.region is not None}
        if len(places) > 1:
            return None
        return next(iter(places), None) or next(
            (s.region for s in reversed(before) if s.region is not None), None
        )

    def places(self, field: Field) -> set[Region]:
        """Everywhere that a field has been."""
        return {s.region for s in self._seen.get(field, ()) if s.region is not None}

    def lengths(self, field: Field, since: float) -> list[int]:
        """How many characters it had from a moment on, and just before that."""
        seen = self._seen.get(field, [])
        start = max(0, sum(sighting.answered <= since for sighting in seen) - 1)
        return [s.length for s in seen[start:] if s.length is not None]

    def length(self, field: Field) -> int:
        """How many characters it said last that it has; 0 when it has none, or is no more."""
        return next((s.length or 0 for s in self._seen.get(field, [])[-1:]), 0)

    def is_empty(self, field: Field) -> bool:
        """Whether it said so twice: what it held is off the screen then, too."""
        last = self._seen.get(field, [])[-2:]
        return len(last) == 2 and all(sighting.length == 0 for sighting in last)

    def is_gone(self, field: Field) -> bool:
        """Whether there was no such field twice."""
        last = self._seen.get(field, [])[-2:]
        return len(last) == 2 and all(sighting.content is None for sighting in last)
