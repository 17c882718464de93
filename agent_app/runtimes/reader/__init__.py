"""The embedded default: reads the screen's text and follows written steps; no GPU, no download.

`seeing` reads, `language` turns the task into steps, `matching` finds what a step names, `runtime`
thinks aloud and answers in the model's own format. No input is sent from here.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent_app.model_runtime import ModelRuntime


def open_reader(
    _name: str, *, environment: Mapping[str, str], **_no_options: object
) -> ModelRuntime:
    """Open the reader for the desktop that `environment` names."""
    # imported here: reading an instruction must not load the OCR engine
    from agent_app.runtimes.reader.runtime import ReaderRuntime
    from agent_app.runtimes.reader.seeing.eyes import Eyes

    return ReaderRuntime(Eyes(environment))
