"""Waiting for applications to say where typing went."""

from __future__ import annotations

import time
from collections.abc import Callable

from agent_app.hiding.fields import Fields

# From an application that answers that its field has the focus no longer, and from one that does
# not answer.
_NEWS_SECONDS = 0.5
_ANSWER_SECONDS = 4.0
_POLL_SECONDS = 0.05


def wait_for_news(
    fields: Fields, meanwhile: Callable[[], None] | None, ended: float
) -> tuple[bool, float]:
    """Whether it is known where typing went that ended at a moment, and until when news counts.

    False when an application owed an answer for too long. What has to be done while that is
    awaited is done by `meanwhile`, which takes a moment.
    """
    began = time.monotonic()
    was_late = False
    while (current := fields.is_current()) is not True:
        limit = _ANSWER_SECONDS if current is False else _NEWS_SECONDS
        if time.monotonic() - began > limit:
            break
        was_late = True
        if meanwhile is None:
            fields.wait_for_news(_POLL_SECONDS)
        else:
            meanwhile()
    late = was_late and current is not None
    return current is not False, time.monotonic() if late else ended
