"""A file that an export writes piece by piece, and that is whole or not there at all."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from agent_app.episode.files import cannot_write


@contextmanager
def unfinished(output: Path) -> Generator[Path]:
    """A path to write to; at the end it becomes `output`, and when anything fails it goes.

    Raises KnownError in the place of an OSError.
    """
    path = output.with_name(output.name + ".tmp")
    try:
        yield path
        path.replace(output)
    except OSError as error:
        raise cannot_write(error, output) from error
    finally:
        path.unlink(missing_ok=True)
