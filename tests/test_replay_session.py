"""A re-execution as a session: what becomes of its heals when the run passes, and when it fails."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from agent_app.actions import Click, Write
from agent_app.events import QuestionAsked, RunFinished
from agent_app.geometry import FramePoint, RelativePoint
from agent_app.hiding.secrecy import Secrecy
from agent_app.replaying.anchor import AnchorMaker
from agent_app.replaying.effects import Effect, Written
from agent_app.replaying.execution_steps import ReplaySettings
from agent_app.replaying.reading_screens import Readers
from agent_app.replaying.recording import Recording
from agent_app.replaying.script import Deed, Part, Script
from agent_app.replaying.session import ReplayOptions, ReplaySession
from agent_app.runtimes.reader.sight import Sight
from agent_app.screen.settle import SettleLimits
from tests.fakes.input import RecordingInput
from tests.fakes.screen import FakeScreen, frame_of, picture

QUICK = SettleLimits(minimum=0.0, reaction=0.03, quiet=0.02, maximum=0.3)


LOST, FOUND = picture((20, 20, 30, 30)), picture((120, 80, 24, 24), (200, 30, 60, 40))


@pytest.mark.parametrize(("second", "state"), [("fine", "accepted"), ("{{secret:x}}", "proposed")])
def test_a_heal_is_accepted_only_when_the_whole_run_passed(
    second: str, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Readers, "look", lambda _self, _part: Sight(()))
    recorded = frame_of(LOST)
    lost = AnchorMaker(lambda _part: Sight(())).make(
        Image.fromarray(recorded.pixels), recorded.transform, FramePoint(35, 35)
    )
    place: Any = SimpleNamespace(
        surroundings=None,
        fields=None,
        screen=FakeScreen([FOUND]),
        input=RecordingInput(),
        environment={},
        programs=("editor",),
        why="",
        secrecy=Secrecy({}),
    )
    parts = tuple(
        Part(number, (Deed(f"{number}.0", action, "Do it", f"text_{number}"),), Written(Effect()))
        for number, action in enumerate((Click(RelativePoint(0.1, 0.1)), Write(second)), 1)
    )
    script = Script("Do", parts, {"1.0.0": lost}.get)
    recording = Recording(tmp_path, "Do", script.texts, script)
    settings = ReplaySettings(
        on_miss="ask", settle=QUICK, last_settle=QUICK, patience=0.1, short_patience=0.1
    )
    session = ReplaySession(
        place, recording, ReplayOptions(settings=settings), folder=tmp_path / "new"
    )
    session.watching_hands = nullcontext  # there is no display
    answers = iter(["132, 92", None])
    for event in session.events():
        if isinstance(event, QuestionAsked):
            session.answer(next(answers))
        if isinstance(event, RunFinished):
            assert event.outcome == ("success" if state == "accepted" else "failure")
    (heal,) = recording.heals.list()
    assert (heal.key, heal.how, heal.state, heal.run) == ("1.0.0", "ask", state, "new")
    assert ("move", 132, 92) in place.input.events
    assert bool(recording.heals.anchors()) is (state == "accepted")
