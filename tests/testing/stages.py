"""A stage for the logic of tests: a screen, an input and eyes that are prepared."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from agent_app.geometry import FrameBox, Region, Size
from agent_app.hiding.secrecy import Secrecy
from agent_app.runtimes.reader.sight import Element, Sight, Window
from agent_app.screen.windows import TopLevel
from agent_app.secret_store import SecretStore
from agent_app.testing.description import Description
from agent_app.testing.locator import Locator, Scope
from agent_app.testing.looking import Looker
from agent_app.testing.stage import Stage
from agent_app.testing.trial import TrialSession
from tests.fakes.input import RecordingInput
from tests.fakes.screen import FakeScreen, picture
from tests.fakes.secret_store import store_of

SIZE = Size(640, 480)
EMPTY = picture(size=SIZE)


def top_level(title: str, region: Region, *, process: int = 7, popup: bool = False) -> TopLevel:
    return TopLevel(title, "App", region, region, process, not popup, popup)


WINDOW = top_level("Editor", Region(0, 0, 640, 480))


@dataclass
class PreparedEyes:
    """Sees what `elements` gives, in the windows it is told of; `contents` are of fields."""

    elements: list[Element] = field(default_factory=list)
    contents: dict[str, str] = field(default_factory=dict)
    hidden: list[Element] = field(default_factory=list)
    windows: object = None
    looks: int = 0

    def look(self, part):
        self.looks += 1
        shown = tuple(
            Window(
                each.title,
                each.application,
                FrameBox(each.region.left, each.region.top, each.region.width, each.region.height),
                each.active,
                each.process,
                each.popup,
            )
            for each in self.windows(part)
        )
        return Sight(tuple(self.elements), shown, (), tuple(self.hidden))

    def told(self, _part):
        return Sight(tuple(each for each in self.elements if each.source == "accessibility"))

    def confirm(self, _part, _wanted, _windows):
        return None

    def texts(self, _part, _within=None):
        return tuple(each for each in self.elements if each.source == "ocr")

    def content(self, element):
        return self.contents.get(element.text)


@dataclass
class Workplace:
    screen: FakeScreen
    input: RecordingInput
    why: str = ""
    secrets: SecretStore = field(default_factory=lambda: store_of({}))
    secrecy: Secrecy = field(default_factory=lambda: Secrecy({}))
    fields: None = None  # nothing tells what stands in one


class PreparedStage:
    """`eyes`, `screen`, `input` and `stack` are what a test prepares; `episode` is recorded."""

    def __init__(self, folder: Path, *, timeout: float = 0.1) -> None:
        self.eyes = PreparedEyes()
        self.screen = FakeScreen([EMPTY])
        self.input = RecordingInput()
        self.stack = [WINDOW]
        self.workplace = Workplace(self.screen, self.input)
        session = TrialSession(self.workplace, "a test", folder / "episode")

        def open_eyes(windows):
            self.eyes.windows = windows
            return self.eyes

        looker = Looker(self.screen, lambda: tuple(self.stack), open_eyes)
        self.stage = Stage(self.screen, looker, session, folder, timeout)
        self.stage.baselines_folder = folder / "screenshots"
        self.scope = Scope(self.stage, Description())
        self.episode = session.episode

    def find(self, *args, **options) -> Locator:
        return self.scope.find(*args, **options)

    def sees(self, *elements: Element) -> None:
        """Something else is there from now on."""
        self.eyes.elements = list(elements)
        self.stage.looker.forget()

    def clicks(self) -> list[tuple[int, int]]:
        """Where the button went down."""
        places, here = [], (0, 0)
        for name, *rest in self.input.events:
            if name == "move":
                here = (rest[0], rest[1])
            elif name == "button_down":
                places.append(here)
        return places
