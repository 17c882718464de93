"""The reader before a benchmark: what it is asked, and what its answers mean.

It follows written steps, so an instruction in free words becomes the step that it can follow.
"""

from __future__ import annotations

import re

from agent_app.evaluate.scoring import Prediction
from agent_app.runtimes.reader.language.forms import StepError
from agent_app.runtimes.reader.language.parsing import parse_steps
from agent_app.runtimes.reader.language.steps import Click

_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|「([^」]+)」|(?<!\w)\'([^\']+)\'(?!\w)')


def step_for(instruction: str) -> str:
    """A step that the reader takes as this instruction.

    One that is a click already stays as it is; else what stands in quotes first is the label, or
    else the whole instruction is. This is a reading of ours, so a result of the reader names it.
    """
    try:
        steps = parse_steps(instruction)
    except StepError:
        steps = ()
    if len(steps) == 1 and isinstance(steps[0].deed, Click):
        return instruction
    quoted = _QUOTED.search(instruction)
    label = next(filter(None, quoted.groups())) if quoted else " ".join(instruction.split())
    label = label.rstrip(".")
    escaped = label.replace("\\", "\\\\").replace('"', '\\"')
    return f'click "{escaped}"'


def on_a_picture(prediction: Prediction) -> Prediction:
    """What an answer of the reader means where nothing can change any more.

    It looks again for what it does not find; on a still picture that is its refusal.
    """
    return Prediction("refusal", read_by="dialect") if prediction.waits else prediction
